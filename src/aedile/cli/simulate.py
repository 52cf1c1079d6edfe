"""`aedile simulate`: make up a marketplace to try things on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aedile.cli.options import FormatOption
from aedile.cli.screen import Format, print_json, say

simulate = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Make up data to try things on.")


@simulate.callback()
def _group() -> None:
    """Make up data to try things on: plausible at a glance, not statistically."""


@simulate.command("electronics")
def electronics(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The items (Parquet).", show_default=False)],
    queries_out: Annotated[
        Path | None,
        typer.Option("--queries-out", metavar="FILE", help="What shoppers type, one a line.", show_default=False),
    ] = None,
    items: Annotated[int, typer.Option("--items", help="How many items.")] = 2000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same items.")] = 1,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Generate an electronics catalogue and its shoppers' queries.

    \b
    Example
      aedile simulate electronics --items 2000 --seed 1 --out products.parquet --queries-out queries.txt
    """
    import pyarrow.parquet as pq

    from aedile.cli.writing import written_aside
    from aedile.simulator.electronics import make_electronics

    catalogue, queries = make_electronics(items, seed)
    with written_aside(out) as file:
        pq.write_table(catalogue, file)
    if queries_out is not None:
        with written_aside(queries_out) as file:
            file.write("".join(f"{query}\n" for query in queries).encode())
    if format_ is Format.JSON:
        told = str(queries_out) if queries_out is not None else None
        print_json({"items": len(catalogue), "queries": len(queries), "out": str(out), "queries_out": told})
        return
    say(f"{len(catalogue):,} items are in {out}.")
    if queries_out is not None:
        say(f"{len(queries):,} queries are in {queries_out}.")
