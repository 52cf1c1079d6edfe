"""How does a release become the one that decides? Proven, checked against the one before it, and published."""

from __future__ import annotations

import hashlib
import time as clock
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aedile.engine.evolution import evolution_errors, privacy_errors
from aedile.engine.release import Manifest, Release, build_release, renumbered, without_lists
from aedile.engine.release_reader import ListOf, ReleaseReader
from aedile.errors import AedileError, Errors, ReleaseError, define
from aedile.language.values import format_timestamp
from aedile.store.controls import Controls
from aedile.store.database import Database
from aedile.store.published import Published

FROZEN = define("AED-REL-005", "A release is published while releases are frozen.", "a publish on a campaign day")
SAME = define("AED-REL-006", "A release is published that says what the current one says.", "publishing twice")
NO_RELEASE = define("AED-REL-007", "There is no release of that number.", "aedile release rollback 99")


@dataclass(frozen=True, slots=True)
class Files:
    """Where a release's schema, strategies and lists stand."""

    schema: Path
    strategies: Path
    lists: Path | None


@dataclass(frozen=True, slots=True)
class Built:
    """A release that is proven, and what is kept of it: its bytes without lists, and each list's entries on demand."""

    release: Release
    bare: bytes
    entries: Callable[[str], bytes]


def publish(
    database: Database, files: Files, *, by: str, note: str = "", through_freeze: str | None = None
) -> Manifest:
    """Publish the release of these files. `Errors` with all that speaks against it; then nothing is changed.

    through_freeze: why it is published although releases are frozen; kept with it.
    """

    def build(number: int, parent: int | None) -> Built:
        _, data = build_release(
            files.schema, files.strategies, files.lists, number=number, parent=parent, author=by, time=now_text()
        )
        bare, entries = without_lists(data)
        return Built(reader.read(data, f"release {number}"), bare, entries.__getitem__)

    reader = ReleaseReader()
    with database.connect() as connection:
        return put_release(Published(connection), reader, build, by=by, note=note, through_freeze=through_freeze)


def put_release(
    published: Published,
    reader: ReleaseReader,
    build: Callable[[int, int | None], Built],
    *,
    by: str,
    note: str = "",
    through_freeze: str | None = None,
) -> Manifest:
    """Publish what `build` makes, given its number and its parent's, if nothing speaks against it.

    reader: of the caller's earlier releases, so that what did not change is not read again.
    """
    published.lock()
    current = published.current("release")
    refuse_frozen(published, through_freeze)
    number, parent = (current.number + 1, current.number) if current is not None else (1, None)
    built = build(number, parent)
    manifest = built.release.manifest
    errors: list[AedileError] = list(privacy_errors(built.release))
    if current is not None:
        old = reader.read(current.data, f"release {current.number}", lists_in(published))
        if _says(old.manifest) == _says(manifest):
            raise ReleaseError(
                SAME,
                f"release {current.number} says the same",
                hint="schema, strategies, stages, shares and lists are all as they are in it",
                fix="change something first",
            )
        errors += evolution_errors(old, built.release)
    if errors:
        raise Errors(errors)
    for name, digest in manifest.lists.items():
        if published.by_digest(f"list/{name}", digest) is None:
            published.append(f"list/{name}", digest, built.entries(name), by=by, note=f"release {number}")
    note = f"through the freeze: {through_freeze}; {note}".rstrip("; ") if through_freeze else note
    published.append("release", manifest.digest, built.bare, by=by, note=note, expect_current=number - 1)
    return manifest


def lists_in(published: Published) -> ListOf:
    """Gives the entries of lists that were published."""

    def list_of(name: str, digest: str) -> bytes:
        found = published.by_digest(f"list/{name}", digest)
        if found is None:
            raise KeyError(f"the list {name!r} was not published")
        return found.data

    return list_of


def rollback(database: Database, number: int, *, by: str, note: str = "") -> Manifest:
    """Publish what an earlier release said as a new one; allowed at any time, frozen or not."""
    with database.connect() as connection:
        return put_rollback(Published(connection), number, by=by, note=note)


def put_rollback(published: Published, number: int, *, by: str, note: str = "") -> Manifest:
    """The same within the caller's transaction."""
    published.lock()
    old, current = published.get("release", number), published.current("release")
    if old is None or current is None:
        raise ReleaseError(NO_RELEASE, f"there is no release {number}", fix="see `aedile release history`")
    manifest, data = renumbered(old.data, number=current.number + 1, parent=current.number, author=by, time=now_text())
    said = f"back to release {number}" + (f": {note}" if note else "")
    published.append("release", manifest.digest, data, by=by, note=said, expect_current=current.number)
    return manifest


def current_controls(published: Published) -> tuple[Controls, int]:
    """The controls that hold, and their number; 0 where none were published yet."""
    found = published.current("settings")
    return (Controls.parse(found.data), found.number) if found is not None else (Controls(), 0)


def publish_controls(published: Published, controls: Controls, *, by: str, note: str, expect_current: int) -> int:
    data = controls.to_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return published.append("settings", digest, data, by=by, note=note, expect_current=expect_current)


def refuse_frozen(published: Published, through_freeze: str | None) -> None:
    """A `ReleaseError` while releases are frozen, unless there is a reason to go through."""
    freeze = current_controls(published)[0].frozen_at(clock.time_ns() // 1000)
    if freeze is not None and not through_freeze:
        raise ReleaseError(
            FROZEN,
            f"releases are frozen until {format_timestamp(freeze.end)}: {freeze.why}",
            hint="a rollback and the kill switch work all the same",
            fix="wait, or say why it cannot: --through-freeze WHY",
        )


def _says(manifest: Manifest) -> dict[str, object]:
    return {k: v for k, v in manifest.to_dict().items() if k not in ("number", "parent", "author", "time")}


def now_text() -> str:
    """This moment, as a release says it."""
    return format_timestamp(int(clock.time()) * 1_000_000)
