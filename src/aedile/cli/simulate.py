"""`aedile simulate`: make up a marketplace to try things on."""

from __future__ import annotations

import json
import random
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from aedile.cli.asking import connected
from aedile.cli.codes import NO_REQUESTS
from aedile.cli.options import FormatOption, KeyOption, UrlOption
from aedile.cli.screen import Format, note, print_json, say
from aedile.errors import UsageError

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


#: Seconds between two lines that say how it goes.
TOLD = 10.0


@simulate.command("load")
def load(
    requests: Annotated[
        Path, typer.Option("--requests", metavar="FILE", help="Requests, one a line (NDJSON).", show_default=False)
    ],
    url: UrlOption = "http://localhost:8321",
    key_file: KeyOption = None,
    rate: Annotated[float, typer.Option("--rate", min=0.01, help="Requests a second, on average.")] = 20.0,
    seconds: Annotated[
        float | None, typer.Option("--seconds", min=0.0, help="By default until stopped.", show_default=False)
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="By default another each time.", show_default=False)
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Let shoppers ask a server: requests of a file in turns, at random moments, under ids of their own.

    \b
    Example
      aedile simulate load --requests requests.ndjson --key-file key --rate 20
    """
    from aedile.documents import unreadable
    from aedile.simulator.traffic import arrivals

    try:
        asked = [json.loads(line) for line in requests.read_text("utf-8").splitlines() if line.strip()]
    except OSError as error:
        raise unreadable(requests, error) from None
    except ValueError as error:
        raise UsageError(NO_REQUESTS, f"{requests} is not NDJSON: {error}", fix="write one request a line") from None
    if not asked:
        raise UsageError(NO_REQUESTS, f"{requests} holds no requests", fix="write one a line, as for `aedile decide`")
    counts = {"decided": 0, "failed": 0}
    began = told = next_at = time.monotonic()
    with suppress(KeyboardInterrupt), connected(url, key_file, deadline=2.0) as client:
        for pause, request in arrivals(asked, rate, seed if seed is not None else random.getrandbits(32)):
            next_at = max(next_at + pause, time.monotonic() - 1.0)
            if seconds is not None and next_at - began > seconds:
                break
            time.sleep(max(0.0, next_at - time.monotonic()))
            counts["failed" if client.decide(request).failed else "decided"] += 1
            if format_ is Format.TEXT and time.monotonic() - told > TOLD:
                note(f"{counts['decided']:,} decided, {counts['failed']:,} failed")
                told = time.monotonic()
    if format_ is Format.JSON:
        print_json(counts)
    else:
        say(f"{counts['decided']:,} requests were decided, {counts['failed']:,} failed.")
