"""`aedile candidates`: which requests would shoppers with these queries send?"""

from __future__ import annotations

import sys
import time as clock
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from aedile.cli.codes import BAD_ENTITIES
from aedile.cli.options import FormatOption
from aedile.cli.screen import Format, json_line, print_json, progress, say
from aedile.cli.world import entity_files
from aedile.errors import UsageError


def candidates(
    entities: Annotated[
        list[str],
        typer.Option("--entities", metavar="KIND=FILE", help="What may be found: one kind.", show_default=False),
    ],
    queries: Annotated[
        Path,
        typer.Option(
            "--queries", metavar="FILE", help="Queries: one a line, or a CSV with a column.", show_default=False
        ),
    ],
    text: Annotated[str, typer.Option("--text", metavar="A,B,…", help="Columns by whose words entities are found.")],
    markets: Annotated[str, typer.Option("--markets", metavar="A,B,…", help="Markets of the requests.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The requests (NDJSON); - is stdout.", show_default=False)
    ],
    channels: Annotated[str, typer.Option("--channels", metavar="A,B,…|all", help="Channels of the requests.")] = "all",
    limit: Annotated[int, typer.Option("--limit", help="The most candidates of one request.")] = 100,
    query_column: Annotated[str, typer.Option("--query-column", help="The column of queries in a CSV.")] = "query",
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="Each query in every market and channel, not in turns.")
    ] = False,
    time: Annotated[
        str | None,
        typer.Option("--time", metavar="RFC3339", help="The time of all requests; by default now.", show_default=False),
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Find candidates for queries by BM25 and write requests that `aedile decide` reads.

    Needs the extra `search`. The same input gives the same requests: the queries take turns over all pairs of market
    and channel.

    \b
    Example
      aedile candidates --entities item=products.parquet --queries queries.txt
        --text title,supplier,short_description --limit 100
        --markets ID,MY,SA --time 2026-11-25T08:30:00Z --out requests.ndjson
    """
    files = entity_files(entities)
    if len(files) != 1:
        message = f"{len(files)} kinds of entities are given"
        raise UsageError(BAD_ENTITIES, message, hint="candidates are found among one kind", fix="name one file")
    from aedile.cli.writing import written_aside
    from aedile.language.markets import CHANNELS
    from aedile.language.values import format_timestamp
    from aedile.search import make_requests, read_queries

    kind, path = next(iter(files.items()))
    made = make_requests(
        path,
        read_queries(queries, query_column),
        kind=kind,
        text_columns=_parts(text),
        markets=_parts(markets),
        channels=CHANNELS if channels == "all" else _parts(channels),
        time=time or format_timestamp(int(clock.time()) * 1_000_000),
        limit=limit,
        everywhere=everywhere,
    )
    counts = {"requests": 0, "candidates": 0, "without_candidates": 0}
    with ExitStack() as stack:
        to_stdout = str(out) == "-"
        file: BinaryIO = sys.stdout.buffer if to_stdout else stack.enter_context(written_aside(out))
        step = stack.enter_context(progress("requests"))
        for request in made:
            file.write(json_line(request))
            counts["requests"] += 1
            counts["candidates"] += len(request["candidates"])
            counts["without_candidates"] += not request["candidates"]
            step()
    if to_stdout:
        return
    if format_ is Format.JSON:
        print_json({**counts, "out": str(out)})
        return
    empty = f", {counts['without_candidates']:,} of them without any" if counts["without_candidates"] else ""
    say(f"{counts['requests']:,} requests with {counts['candidates']:,} candidates are in {out}{empty}.")


def _parts(text: str) -> list[str]:
    """`"a, b"` → `["a", "b"]`."""
    return [part.strip() for part in text.split(",") if part.strip()]
