"""`aedile decide`: what does each request's slate become, and what did every strategy do?"""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aedile.cli.codes import TWO_OUTPUTS
from aedile.cli.options import (
    CountersOption,
    EntitiesOption,
    FormatOption,
    ListsOption,
    ReleaseOption,
    RequestsOption,
    SchemaOption,
    StrategiesOption,
)
from aedile.cli.screen import Format, note, print_json, progress
from aedile.cli.show_decisions import Totals, as_document, show, show_slate
from aedile.cli.world import (
    Stopwatch,
    entity_files,
    load_world,
    make_engine,
    note_ignored,
    note_kinds_without_file,
    read_all_entities,
)
from aedile.errors import UsageError

if TYPE_CHECKING:
    from aedile.engine.decide import Decision

#: So few slates are shown whole where they are written nowhere.
MOST_SHOWN = 3


def decide(
    requests: RequestsOption,
    schema: SchemaOption = None,
    strategies: StrategiesOption = None,
    lists: ListsOption = None,
    release: ReleaseOption = None,
    entities: EntitiesOption = None,
    counters: CountersOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Decisions as rows, one a candidate: .parquet, .ndjson, or - for NDJSON on stdout.",
            show_default=False,
        ),
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Decide requests: who is excluded, moved, pinned, capped and why, with timings.

    Up to three requests without --out are shown slate by slate. An output file is written aside and renamed, so that
    it is whole or not there.

    \b
    Examples
      aedile decide --schema schema.yaml --strategies strategies --lists lists
        --entities item=products.parquet --entities seller=sellers.parquet
        --requests requests.ndjson --out decisions.parquet
      aedile decide --release 7.release --entities item=products.parquet --requests one.ndjson
    """
    if out is not None and str(out) == "-" and format_ is Format.JSON:
        raise UsageError(
            TWO_OUTPUTS, "--out - and --format json both write to stdout", fix="write the decisions to a file"
        )
    from aedile.cli.decision_files import counters_from, decision_sink
    from aedile.engine.decide import Decider
    from aedile.engine.requests import read_requests
    from aedile.engine.rows import decision_rows
    from aedile.engine.summary import Summary

    watch = Stopwatch()
    files = entity_files(entities)
    with ExitStack() as stack:
        sink = stack.enter_context(decision_sink(out))  # an output that cannot be written is known before the work
        world = load_world(schema, strategies, lists, release)
        read = read_all_entities(files, world.schema)
        counted = counters_from(counters, world.strategies) if counters is not None else {}
        watch.lap("read")
        engine = make_engine(world, read, watch)
        decider = Decider(engine)
        totals = Totals(Summary(engine.strategies))
        first: list[Decision] = []
        step = stack.enter_context(progress("requests"))
        for request in read_requests(requests, world.schema):
            began = time.perf_counter()
            decision = decider.decide(request, counted)
            totals.add(decision, time.perf_counter() - began)
            totals.summary.add_unknown_features(decider.unknown_features(decision))
            totals.count_missing(engine, request)
            totals.count_refers(decider.refers(decision))
            if out is None and totals.requests <= MOST_SHOWN:
                first.append(decision)
            if sink is not None:
                sink.add(decision_rows(decision, engine.strategies, world.release))
            step()
        watch.lap("requests")
    few = first if totals.requests <= MOST_SHOWN else []
    if format_ is Format.JSON:
        slates: list[dict[str, Any]] = [
            {"request_id": d.request.id, "candidates": decision_rows(d, engine.strategies, world.release)} for d in few
        ]
        ignored = {some.kind: list(some.ignored) for some in read}
        print_json(as_document(totals, watch, world.release, ignored, out, slates))
        return
    note_ignored(read)
    note_kinds_without_file(world, files)
    if not totals.requests:
        note(f"{requests} holds no requests")
    to_stderr = out is not None and str(out) == "-"
    for decision in few:
        show_slate(decision, engine.strategies)
    show(totals, watch, error=to_stderr)
    if out is not None and not to_stderr:
        note(f"wrote {totals.candidates:,} rows to {out}")
