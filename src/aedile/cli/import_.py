"""`aedile import`: bring in facts from files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aedile.cli.codes import NOT_TOGETHER
from aedile.cli.options import ConfigOption, FormatOption, HomeOption
from aedile.cli.screen import Format, print_json, progress, say, table
from aedile.errors import UsageError

if TYPE_CHECKING:
    from aedile.store.fact_import import Imported

#: In place of a kind: every kind of the mapping.
ALL = "all"


def import_(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="The kind of facts, or `all` that the mapping makes.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="CSV, Parquet or NDJSON.", show_default=False)],
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping", metavar="FILE", help="How rows become facts; without it, columns are the kind's.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be refused, and change nothing.")] = False,
    most_refused: Annotated[
        int, typer.Option("--most-refused", min=0, help="Stop when more rows than that are refused.")
    ] = 10_000,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:  # fmt: skip
    """Bring in facts from files, whether a server runs or not. The same file again changes nothing.

    Rows that are refused become dead letters; a dry run counts them by what is wrong, and shows some.

    \b
    Examples
      aedile import all online-retail.parquet
        --mapping examples/mappings/uci-online-retail.yaml --dry-run
      aedile import reviews reviews.ndjson
    """
    from aedile.facts import kind_of
    from aedile.facts.mapping import read_mapping
    from aedile.settings import load_settings
    from aedile.store.fact_arrival import Arrival
    from aedile.store.fact_import import Import
    from aedile.store.fact_seal import merge_ids, seal_facts
    from aedile.store.fact_writer import FactWriter
    from aedile.store.home import Home
    from aedile.store.pseudonyms import Pseudonyms

    if kind == ALL and mapping is None:
        raise UsageError(NOT_TOGETHER, "`all` needs a mapping", fix="name a kind, or add --mapping FILE")
    wanted = None if kind == ALL else kind_of(kind)
    how = read_mapping(mapping) if mapping is not None else None
    if how is not None and wanted is not None:
        how = how.of(wanted.name)
        if not how.parts:
            raise UsageError(NOT_TOGETHER, f"the mapping makes no {wanted.name}", fix="name another kind, or `all`")
    if dry_run:
        done = Import(wanted, how, keep=None, arrival=None, most_refused=2**62)
        _bring(done, files)
        _tell(done.done, format_, dry_run=True)
        return
    settings = load_settings(config, home=str(home) if home is not None else None)
    place = Home(settings.home).prepare()
    writer = FactWriter(place.intake, "import")
    arrival = Arrival(Pseudonyms(place.secrets), settings.facts.by_market)
    work = Import(wanted, how, keep=writer.put, arrival=arrival, most_refused=most_refused)
    try:
        _bring(work, files)
    finally:
        writer.close()
        seal_facts(place)
        merge_ids(place)
    _tell(work.done, format_, dry_run=False)


def _bring(work: Any, files: list[Path]) -> None:
    with progress("groups of rows") as step:
        for path in files:
            work.bring(path, step)


def _tell(done: Imported, format_: Format, *, dry_run: bool) -> None:
    refused = sum(done.refused.values())
    if format_ is Format.JSON:
        told = [
            {
                "kind": key[0], "code": key[1], "column": key[2], "count": count,
                "samples": [
                    {"file": file, "row": one.row, "message": one.error.message, "fact": one.raw}
                    for file, one in done.samples[key]
                ],
            }
            for key, count in done.refused.most_common()
        ]  # fmt: skip
        print_json(
            {"dry_run": dry_run, "rows": done.rows, "left_out": done.left_out, "accepted": done.accepted,
             "refused": told}
        )  # fmt: skip
        return
    would = "would be " if dry_run else ""
    say(f"{done.rows:,} rows were read, {done.left_out:,} are of no part of the mapping.")
    for kind, count in done.accepted.items():
        say(f"{count:,} facts of the kind {kind} {would or 'were '}accepted.")
    say(f"{refused or 'None'} {would or 'were '}refused.")
    if refused:
        rows = [
            (f"{count:,}", *key, done.samples[key][0][1].error.message, _places(done, key))
            for key, count in done.refused.most_common()
        ]
        table("Refused", ("rows", "kind", "error", "column", "such as", "rows of the file"), rows)


def _places(done: Imported, key: tuple[str, str, str]) -> str:
    return ", ".join(f"{file}:{one.row}" for file, one in done.samples[key])
