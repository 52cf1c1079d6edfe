"""How do verbs reach what is published?"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aedile.engine.release import Release
    from aedile.settings import Settings
    from aedile.store.database import Database
    from aedile.store.published import Published


@contextmanager
def database_of(config: Path | None, home: Path | None) -> Iterator[tuple[Database, Settings]]:
    """The database of an installation."""
    from aedile.settings import load_settings

    settings = load_settings(config, home=str(home) if home is not None else None)
    with database_of_settings(settings) as database:
        yield database, settings


@contextmanager
def database_of_settings(settings: Settings) -> Iterator[Database]:
    """The same, for settings that were read already."""
    from aedile.store.database import open_database
    from aedile.store.home import Home

    with open_database(Home(settings.home).prepare(), settings.database_url) as database:
        yield database


@contextmanager
def opened(config: Path | None, home: Path | None) -> Iterator[Published]:
    """What is published, in one transaction."""
    from aedile.store.published import Published

    with database_of(config, home) as (database, _), database.connect() as connection:
        yield Published(connection)


def release_of(settings: Settings, number: int) -> Release:
    """A published release: from the shelf, or, where it is gone from there, from PostgreSQL."""
    from aedile.engine.release_reader import ReleaseReader
    from aedile.errors import ReleaseError
    from aedile.store.home import Home
    from aedile.store.publish import NO_RELEASE, lists_in
    from aedile.store.published import Published
    from aedile.store.shelf import Shelf

    shelf, reader, place = Shelf(Home(settings.home).shelf), ReleaseReader(), f"release {number}"
    data = shelf.release_bytes(number)
    if data is not None:
        return reader.read(data, place, shelf.list_of)
    with database_of_settings(settings) as database, database.connect() as connection:
        published = Published(connection)
        found = published.get("release", number)
        if found is None:
            raise ReleaseError(NO_RELEASE, f"there is no release {number}", fix="see `aedile release history`")
        return reader.read(found.data, place, lists_in(published))


def user(by: str | None) -> str:
    """Who did it: as told, or who runs the command."""
    if by:
        return by
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        return f"uid {os.getuid()}"
