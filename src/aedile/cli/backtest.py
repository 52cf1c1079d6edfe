"""`aedile backtest`: what would this release, or this draft, have done?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aedile.cli.codes import BAD_TIME, NOT_TOGETHER, TWO_WORLDS
from aedile.cli.options import ConfigOption, EntitiesOption, HomeOption
from aedile.cli.screen import console, print_json
from aedile.errors import UsageError

if TYPE_CHECKING:
    from aedile.backtest import Result, Side
    from aedile.engine.entities import Entities
    from aedile.engine.release import Release
    from aedile.language.schema import Schema
    from aedile.settings import Settings
    from aedile.store.backtest_local import Asked, Step
    from aedile.store.home import Home

LOGGED = "logged"


class Told(StrEnum):
    """How the result is told."""

    TEXT = "text"
    JSON = "json"
    PARQUET = "parquet"


def backtest(
    what: Annotated[
        list[str],
        typer.Argument(metavar="RELEASE|FILES…", help="A release by number or file, or files of strategies."),
    ],
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="RELEASE|logged",
            help="What to compare with; by default what was decided at the time, for files the running release.",
            show_default=False,
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="RFC3339", help="Requests from then on.", show_default=False)
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="RFC3339", help="Requests before then.", show_default=False)
    ] = None,
    market: Annotated[
        list[str] | None, typer.Option("--market", help="Of this market alone; once for each.", show_default=False)
    ] = None,
    channel: Annotated[
        list[str] | None, typer.Option("--channel", help="Of this channel alone; once for each.", show_default=False)
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            metavar="FEATURE",
            help="Tell candidates apart by it; by default seller, creator and category.",
            show_default=False,
        ),
    ] = None,
    sample: Annotated[
        int, typer.Option("--sample", min=0, max=1000, help="Changed candidates to show, of each kind.")
    ] = 5,
    entities: EntitiesOption = None,
    features_of_today: Annotated[
        bool, typer.Option("--features-of-today", help="Take features as they are now, not as they were known then.")
    ] = False,
    on: Annotated[
        str, typer.Option("--on", metavar="local|URL", help="This machine, or a Spark cluster (spark://host:port).")
    ] = "local",
    processes: Annotated[int, typer.Option("--processes", min=1, max=64, help="Processes on this machine.")] = 2,
    seed: Annotated[int, typer.Option("--seed", help="What is drawn is drawn by it.")] = 1,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: Annotated[
        Told, typer.Option("--format", help="A report for people, one JSON document, or all tables as Parquet.")
    ] = Told.TEXT,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE|FOLDER", help="Where JSON goes, or a folder for Parquet.", show_default=False
        ),
    ] = None,
) -> None:
    """Decide logged requests by a release or a draft, and tell what would have been different, and for whom.

    Files of strategies stand in for those of the same ids in what they are compared with, as if they were live. What
    is at stake is told by plain replay, and estimated off-policy by how likely places are looked at; each says so.

    \b
    Examples
      aedile backtest 8 --against 7 --from 2026-11-17T00:00:00Z
      aedile backtest drafts/counterfeit-hold.yaml --market ID --by item.category
      aedile backtest 8 --on spark://127.0.0.1:7077 --format parquet --out result
    """
    from aedile.settings import load_settings
    from aedile.store.backtest_local import Asked
    from aedile.store.home import Home

    if format_ is Told.PARQUET and out is None:
        raise UsageError(NOT_TOGETHER, "--format parquet is given without --out", fix="add --out FOLDER")
    settings = load_settings(config, home=str(home) if home is not None else None)
    there = Home(settings.home).prepare()
    before, after = _sides(what, against, settings)
    asked = Asked(
        before, after, by=_by(by, after.schema), markets=frozenset(market or ()), channels=frozenset(channel or ()),
        since=_moment(since), until=_moment(until), sample=sample, seed=seed, at_the_time=not features_of_today,
    )  # fmt: skip
    with _bar() as step:
        result = _run(there, asked, iter(_entities(entities, there, after.schema)), on, processes, step)
    _tell(result, format_, out)


def _run(home: Home, asked: Asked, known: Iterator[Entities], on: str, processes: int, step: Step) -> Result:
    if on == "local":
        from aedile.store.backtest_local import run_local

        return run_local(home, asked, known, step, processes)
    from aedile.store.backtest_spark import run_on_spark

    return run_on_spark(home, asked, known, on, step)


def _sides(what: list[str], against: str | None, settings: Settings) -> tuple[Side | None, Side]:
    from aedile.backtest import Side

    if len(what) == 1 and _is_release(what[0]):
        after = Side.of(_release(what[0], settings))
        before = Side.of(_release(against, settings)) if against not in (None, LOGGED) else None
        return before, after
    if against == LOGGED:
        raise UsageError(
            NOT_TOGETHER, "files of strategies are compared with what was logged",
            hint="files stand in for strategies of a release", fix="name the release they stand in for",
        )  # fmt: skip
    base = Side.of(_release(against, settings) if against is not None else _running(settings))
    return base, _draft(what, base)


def _draft(files: list[str], base: Side) -> Side:
    """The release with strategies of files in their place, live."""
    from aedile.engine.strategy_read import read_strategies, read_strategy

    found = []
    for name in files:
        if _is_release(name):
            raise UsageError(TWO_WORLDS, f"{name} is a release, and other things are named beside it", fix="name one")
        path = Path(name)
        read = (
            read_strategies(path, base.schema, base.lists)
            if path.is_dir()
            else [read_strategy(path, base.schema, base.lists)]
        )
        found += [replace(strategy, stage="live", canary=None) for strategy in read]
    ids = {strategy.id for strategy in found}
    rest = tuple(strategy for strategy in base.strategies if strategy.id not in ids)
    return replace(base, name=f"{base.name} with {', '.join(sorted(ids))}", strategies=(*rest, *found), release=None)


def _is_release(name: str) -> bool:
    return (name.isascii() and name.isdigit()) or (name.endswith(".zip") and Path(name).is_file())


def _release(name: str | None, settings: Settings) -> Release:
    from aedile.cli.published import release_of
    from aedile.engine.release import read_release

    assert name is not None
    if name.isascii() and name.isdigit() and not Path(name).exists():
        return release_of(settings, int(name))
    return read_release(Path(name))


def _running(settings: Settings) -> Release:
    from aedile.cli.published import database_of_settings, release_of
    from aedile.errors import ReleaseError
    from aedile.store.publish import NO_RELEASE
    from aedile.store.published import Published

    with database_of_settings(settings) as database, database.connect() as connection:
        number, _ = Published(connection).current_numbers().get("release", (0, ""))
    if number == 0:
        raise ReleaseError(
            NO_RELEASE, "no release runs with which files could be compared", fix="name one by --against FILE"
        )
    return release_of(settings, number)


def _by(named: list[str] | None, schema: Schema) -> tuple[str, ...]:
    from aedile.backtest import usual_features

    return tuple(dict.fromkeys(named)) if named is not None else usual_features(schema)


def _entities(options: list[str] | None, home: Home, schema: Schema) -> list[Entities]:
    """Those of the files that are named, else those of the installation."""
    from aedile.cli.world import entity_files, note_ignored, read_all_entities

    if options:
        found = read_all_entities(entity_files(options), schema)
        note_ignored(found)
        return found
    from aedile.server.entities import entities_now
    from aedile.store.entity_log import EntityLog

    log = EntityLog(home.entities_log)
    try:
        return entities_now(log, schema)
    finally:
        log.close()


def _moment(text: str | None) -> int | None:
    from aedile.language.values import parse_timestamp

    if text is None:
        return None
    micros = parse_timestamp(text)
    if micros is None:
        raise UsageError(BAD_TIME, f'"{text}" is not a time', fix="write 2026-11-24T08:30:00Z")
    return micros


@contextmanager
def _bar() -> Iterator[Step]:
    """How far it is, on stderr, where a person is looking."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("candidates"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(error=True), transient=True) as bar:
        task = bar.add_task("candidates", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell(result: Result, format_: Told, out: Path | None) -> None:
    from aedile.cli.backtest_report import show_result
    from aedile.cli.screen import json_line, say
    from aedile.cli.writing import written_aside

    if format_ is Told.PARQUET:
        assert out is not None
        _write_tables(result, out)
        say(f"{len(result.tables):,} tables are in {out}.")
        return
    document: dict[str, Any] = result.to_json()
    if format_ is Told.TEXT:
        show_result(document)
        return
    if out is None:
        print_json(document)
        return
    with written_aside(out) as file:
        file.write(json_line(document, indent=2))
    say(f"The result is in {out}.")


def _write_tables(result: Result, folder: Path) -> None:
    import pyarrow.parquet as pq

    from aedile.cli.codes import CANNOT_WRITE
    from aedile.cli.writing import written_aside

    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(CANNOT_WRITE, f"{folder} cannot be made: {error}", fix="name a folder you may write") from None
    for name, table in result.tables.items():
        with written_aside(folder / f"{name}.parquet") as file:
            pq.write_table(table, file)
