"""`aedile replay`: would what was decided be decided so again, and how by another release?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aedile.cli.codes import BAD_TIME
from aedile.cli.options import ConfigOption, FormatOption, HomeOption
from aedile.cli.screen import Format, note, print_json, progress, say
from aedile.errors import ReleaseError, UsageError, define

if TYPE_CHECKING:
    from aedile.engine.release import Release
    from aedile.settings import Settings
    from aedile.store.decision_detail import Detail
    from aedile.store.replay import Replayed, Replayer

DIFFERS = define(
    "AED-REL-008", "A logged decision, made again by its release, has another answer.", "a feature kept elsewhere"
)


def replay(
    release: Annotated[
        str | None,
        typer.Option(
            "--release", metavar="N|FILE", help="Another release, by number or from a file.", show_default=False
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="RFC3339", help="Decisions from then on.", show_default=False)
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="RFC3339", help="Decisions before then.", show_default=False)
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="So many at most, the oldest.", show_default=False)
    ] = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Make decisions again that were logged in full: by their own release, byte for byte, or by another.

    By their own release every answer must be what it was; the exit code is 1 where one is not. By another release the
    slates are compared: which candidates would have been newly excluded, back, or moved, and by which strategies.

    \b
    Examples
      aedile replay --since 2026-11-24T00:00:00Z
      aedile replay --release 8 --limit 1000
    """
    from aedile.settings import load_settings
    from aedile.store.decision_log import DecisionLog
    from aedile.store.home import Home

    settings = load_settings(config, home=str(home) if home is not None else None)
    log = DecisionLog(Home(settings.home).prepare())
    blobs = islice(log.details(_moment(since), _moment(until)), limit)
    if release is None:
        _verify(blobs, settings, format_)
    else:
        _compare(blobs, release, settings, format_)


class _Replayers:
    """A replayer for each release, compiled when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[int, Replayer] = {}

    def of(self, number: int) -> Replayer:
        from aedile.cli.published import release_of
        from aedile.store.replay import Replayer

        if number not in self._made:
            self._made[number] = Replayer(release_of(self._settings, number))
        return self._made[number]


def _details(blobs: Iterator[bytes]) -> Iterator[Detail]:
    from aedile.store.decision_detail import read_detail

    return (read_detail(blob) for blob in blobs)


def _verify(blobs: Iterator[bytes], settings: Settings, format_: Format) -> None:
    replayers, same, different = _Replayers(settings), 0, list[str]()
    first: Replayed | None = None
    with progress("decisions") as step:
        for detail in _details(blobs):
            again = replayers.of(detail.release).replay(detail)
            if again.is_same:
                same += 1
            else:
                different.append(detail.request_id)
                first = first or again
            step()
    if format_ is Format.JSON:
        print_json({"decisions": same + len(different), "same": same, "different": different})
        if different:
            raise typer.Exit(1)
    elif first is not None:
        raise ReleaseError(
            DIFFERS,
            f"{len(different):,} of {same + len(different):,} decisions have another answer, "
            f"first that of {first.detail.request_id}",
            hint=f"logged: {_shown(first.detail.answer)}\nnow: {_shown(first.answer)}",
            fix="this is a defect: report it with the release and the logged decision",
        )
    elif same:
        say(f"{same:,} decisions were made again, every answer the same to the byte.")
    else:
        note("no decision was logged in full in that time; log.full_share says how many are")


def _compare(blobs: Iterator[bytes], release: str, settings: Settings, format_: Format) -> None:
    from aedile.cli.compare import SlateChanges, count_changes
    from aedile.cli.diff import show_slates
    from aedile.store.replay import Replayer

    replayers, other = _Replayers(settings), Replayer(_release(release, settings))
    changes = SlateChanges(not_left_out="a replay compares whole releases")
    not_kept: dict[str, int] = {}
    with progress("decisions") as step:
        for detail in _details(blobs):
            own = replayers.of(detail.release)
            before, after = own.replay(detail), other.replay(detail)
            for name in after.not_kept:
                not_kept[name] = not_kept.get(name, 0) + 1
            request = before.decision.request
            count_changes(changes, request, before.decision, after.decision, own.engine, other.engine)
            step()
    if format_ is Format.JSON:
        print_json({"release": other.release.manifest.number, **changes.to_json(), "not_kept": not_kept})
        return
    show_slates(changes)
    for name, count in not_kept.items():
        note(f"{_literal(name)}: unknown for {count:,} decisions, for shoppers' ids are not kept")


def _literal(name: str) -> str:
    from aedile.engine.blind import KEPT

    return name.removeprefix(KEPT)


def _release(named: str, settings: Settings) -> Release:
    from aedile.cli.published import release_of
    from aedile.engine.release import read_release

    if named.isascii() and named.isdigit() and not Path(named).exists():
        return release_of(settings, int(named))
    return read_release(Path(named))


def _shown(answer: bytes) -> str:
    text: Any = answer.decode()
    return text if len(text) <= 400 else f"{text[:399]}…"


def _moment(text: str | None) -> int | None:
    from aedile.language.values import parse_timestamp

    if text is None:
        return None
    micros = parse_timestamp(text)
    if micros is None:
        raise UsageError(BAD_TIME, f'"{text}" is not a time', fix="write 2026-11-24T08:30:00Z")
    return micros
