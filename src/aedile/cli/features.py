"""`aedile features`: which features are made of facts, and what are their values?"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aedile.cli.codes import BAD_ENTITIES, BAD_TIME
from aedile.cli.options import ConfigOption, EntitiesOption, FormatOption, HomeOption, StrictOption
from aedile.cli.query import SnapshotOption, WarehouseOption
from aedile.cli.report import FINDINGS
from aedile.cli.screen import Format, note, print_json, say, table
from aedile.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from aedile.facts.definitions import Definition
    from aedile.settings import Settings
    from aedile.store.warehouse import Warehouse

features = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Make features of facts.")
DefinitionsOption = Annotated[
    Path, typer.Option("--definitions", metavar="PATH", help="A file of definitions, or a folder.", show_default=False)
]
AtOption = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="As of this time; by default now.", show_default=False),
]


@features.command("materialise")
def materialise(
    definitions: DefinitionsOption,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where KIND.parquet goes.", show_default=False)],
    at: AtOption = None,
    entities: EntitiesOption = None,
    warehouse: WarehouseOption = None,
    snapshot: SnapshotOption = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Compute the features of every entity as of a time, and write them as entities that `aedile` reads.

    A value is made of what happened and had arrived strictly before. With --entities they are put into a catalogue:
    its entities in its order, and the features beside what it has.

    \b
    Example
      aedile features materialise --definitions features --at 2026-11-25T00:00:00Z
        --entities seller=sellers.parquet --out catalogue
    """
    import pyarrow.parquet as pq

    from aedile.cli.writing import written_aside
    from aedile.facts.definitions import read_definitions
    from aedile.store.features import materialise as materialising
    from aedile.store.features import put_into

    read, settings = read_definitions(definitions), _settings(config, home)
    catalogues = _catalogues(entities or [])
    moment = _moment(at)
    with _warehouse(settings, warehouse, snapshot=snapshot) as engine:
        made = materialising(engine, read, moment)
    told: list[dict[str, str | int]] = []
    out.mkdir(parents=True, exist_ok=True)
    for kind, table_ in made.items():
        whole = put_into(catalogues[kind], table_) if kind in catalogues else table_
        with written_aside(out / f"{kind}.parquet") as file:
            pq.write_table(whole, file, compression="zstd")
        file_ = str(out / f"{kind}.parquet")
        told.append({"kind": kind, "entities": len(whole), "of_facts": len(table_), "file": file_})
    for kind in catalogues.keys() - made.keys():
        note(f"No feature is one of a {kind}: its catalogue is not written.")
    if format_ is Format.JSON:
        print_json({"at": moment.isoformat().replace("+00:00", "Z"), "features": len(read), "written": told})
        return
    table(
        f"{len(read):,} features as of {moment:%Y-%m-%d %H:%M:%S}Z",
        ("kind", "entities", "of which facts speak", "file"),
        [tuple(one.values()) for one in told],
    )


@features.command("check")
def check(
    definitions: DefinitionsOption,
    at: Annotated[
        list[str] | None,
        typer.Option("--at", metavar="TIME", help="Look for leaks as of this time; repeatable.", show_default=False),
    ] = None,
    warehouse: WarehouseOption = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    strict: StrictOption = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Check definitions, and compute them twice: from all facts, and from those that were known before a time alone.

    Whatever is different was made of the future.

    \b
    Example
      aedile features check --definitions features --at 2026-11-25T00:00:00Z --strict
    """
    from contextlib import ExitStack

    from aedile.facts.definitions import read_definitions
    from aedile.store.features import find_leaks

    read, settings = read_definitions(definitions), _settings(config, home)
    moments = [_moment(one) for one in at or ()] or [_moment(None) - timedelta(days=1)]
    rows = []
    with ExitStack() as opened:
        engine = opened.enter_context(_warehouse(settings, warehouse))

        def known_before(moment: datetime) -> Warehouse:
            return opened.enter_context(_warehouse(settings, warehouse, known_before=moment))

        for one in read:
            leaks = find_leaks(partial(_computed, one), engine, known_before, moments)
            window = str(one.window or "all that is known")
            rows.append(
                {"feature": one.name, "facts": one.facts, "type": one.type, "window": window, "leaks": len(leaks)}
            )
    if format_ is Format.JSON:
        print_json({"features": rows})
    else:
        table("Features", ("feature", "facts", "type", "window", "leaks"), [tuple(one.values()) for one in rows])
        leaking = sum(1 for one in rows if one["leaks"])
        say(f"{len(rows):,} definitions are right; {leaking or 'none'} made of the future.")
    if strict and any(one["leaks"] for one in rows):
        raise typer.Exit(FINDINGS)


def _computed(definition: Definition, engine: Warehouse, moment: datetime) -> pa.Table:
    from aedile.store.features import materialise as materialising

    return materialising(engine, [definition], moment)[definition.kind].select(["id", definition.own])


def _moment(text: str | None) -> datetime:
    from aedile.language.values import parse_timestamp

    if text is None:
        return datetime.now(UTC)
    micros = parse_timestamp(text if "T" in text else f"{text}T00:00:00Z")
    if micros is None:
        raise UsageError(BAD_TIME, f'"{text}" is not a time', fix="write --at 2026-11-25T00:00:00Z, or a day")
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)


def _catalogues(told: list[str]) -> dict[str, pa.Table]:
    """Entities as they are in a Parquet file, with all their columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = {}
    for one in told:
        kind, equals, path = one.partition("=")
        try:
            table_ = pq.read_table(path, partitioning=None) if equals and path.endswith(".parquet") else None
        except (OSError, pa.ArrowException) as error:
            raise UsageError(BAD_ENTITIES, f"{path} cannot be read: {error}", fix="name a Parquet file") from None
        if table_ is None or "id" not in table_.column_names:
            raise UsageError(
                BAD_ENTITIES, f"`{one}` is no catalogue", fix="write --entities kind=FILE.parquet, with a column id"
            )
        found[kind] = table_
    return found


def _settings(config: Path | None, home: Path | None) -> Settings:
    from aedile.settings import load_settings

    return load_settings(config, home=str(home) if home is not None else None)


def _warehouse(
    settings: Settings, url: str | None, snapshot: str | None = None, known_before: datetime | None = None
) -> AbstractContextManager[Warehouse]:
    from aedile.store.home import Home
    from aedile.store.warehouse_at import warehouse_at

    return warehouse_at(
        Home(settings.home).prepare(),
        url or settings.facts.warehouse,
        snapshot=snapshot,
        known_before=known_before,
        memory_mb=settings.facts.memory_mb,
        threads=settings.facts.threads,
    )
