"""`aedile backup`, `aedile restore`: all of an installation in one file, and out of it again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aedile.cli.codes import EXISTS, NO_BACKUP
from aedile.cli.options import ConfigOption, FormatOption, HomeOption
from aedile.cli.screen import Format, note, print_json, say
from aedile.errors import Place, UsageError

if TYPE_CHECKING:
    from aedile.store.backup import Manifest

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", show_default=False)]


def backup(
    file: FileArgument, config: ConfigOption = None, home: HomeOption = None, format_: FormatOption = Format.TEXT
) -> None:
    """Save everything into one file: what is published, entities, exposures, logged decisions, keys of pseudonyms.

    The server may run meanwhile. Data that an older PostgreSQL made are saved as well: so they come to the one of
    today. The file holds secrets, and only you may read it. Settings are not in it: keep aedile.toml yourself.

    \b
    Example
      aedile backup aedile-2026-11-24.zip
    """
    import time

    from aedile.cli.writing import written_aside
    from aedile.language.values import format_timestamp
    from aedile.settings import load_settings
    from aedile.store.backup import back_up
    from aedile.store.home import Home

    settings = load_settings(config, home=str(home) if home is not None else None)
    if not settings.home.is_dir() or (settings.database_url is None and not Home(settings.home).postgres.is_dir()):
        raise UsageError(
            NO_BACKUP, f"there is nothing at {settings.home}", fix="name the home: --home FOLDER, or AEDILE_HOME"
        )
    if file.exists():
        raise UsageError(EXISTS, "the file is there already", place=Place(str(file)), fix="choose another name")
    with written_aside(file) as out:
        os.chmod(out.fileno(), 0o600)
        made = back_up(
            Home(settings.home).prepare(), settings.database_url, out, format_timestamp(int(time.time()) * 10**6)
        )
    _tell(file, made, format_, "Saved")


def restore(
    file: FileArgument, config: ConfigOption = None, home: HomeOption = None, format_: FormatOption = Format.TEXT
) -> None:
    """Make an installation of a backup, where there is none yet; then `aedile serve` decides as it did.

    \b
    Example
      aedile restore aedile-2026-11-24.zip --home /var/lib/aedile
    """
    from aedile.settings import load_settings
    from aedile.store.backup import restore as run
    from aedile.store.home import Home

    if not file.is_file():
        raise UsageError(
            NO_BACKUP, "there is no such file", place=Place(str(file)), fix="name a file of `aedile backup`"
        )
    settings = load_settings(config, home=str(home) if home is not None else None)
    made = run(file, Home(settings.home), settings.database_url)
    _tell(file, made, format_, "Restored")
    if format_ is Format.TEXT:
        note(f"It is at {settings.home}; `aedile serve` decides by it.")


def _tell(file: Path, made: Manifest, format_: Format, what: str) -> None:
    number, digest = made.release or (None, None)
    size = sum(kept.bytes for kept in made.files.values())
    if format_ is Format.JSON:
        release = None if number is None else {"number": number, "digest": digest}
        print_json({"file": str(file), "made": made.made, "release": release, "files": len(made.files), "bytes": size})
        return
    of = f"release {number} ({digest[:12]})" if digest else "no release"
    say(f"{what} {of}, {len(made.files)} files, {size / 2**20:,.1f} MiB, as of {made.made}: {file}")
