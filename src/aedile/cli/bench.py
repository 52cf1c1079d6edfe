"""`aedile bench`: how fast is the engine with your own strategies, entities and requests?"""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from aedile.cli.options import (
    EntitiesOption,
    FormatOption,
    ListsOption,
    ReleaseOption,
    RequestsOption,
    SchemaOption,
    StrategiesOption,
)
from aedile.cli.screen import Format, note, print_json, say, table
from aedile.cli.world import Stopwatch, entity_files, load_world, make_engine, read_all_entities

#: Requests held in memory for measuring: the reading of files is not what is measured.
MOST_REQUESTS = 1_000


def bench(
    requests: RequestsOption,
    schema: SchemaOption = None,
    strategies: StrategiesOption = None,
    lists: ListsOption = None,
    release: ReleaseOption = None,
    entities: EntitiesOption = None,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, max=600.0, help="How long to measure.")] = 5.0,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Measure compiling, loading, classifying (which strategies fire) and whole decisions with their slates.

    The first thousand requests are asked in turns until the time is up; a first round counts for nothing.

    \b
    Example
      aedile bench --schema schema.yaml --strategies strategies
        --entities item=products.parquet --requests requests.ndjson
    """
    from aedile.cli.measure import measure
    from aedile.engine.decide import Decider
    from aedile.engine.requests import read_requests

    watch = Stopwatch()
    files = entity_files(entities)
    world = load_world(schema, strategies, lists, release)
    read = read_all_entities(files, world.schema)
    watch.lap("read")
    engine = make_engine(world, read, watch)
    asked = list(islice(read_requests(requests, world.schema), MOST_REQUESTS))
    timings = measure(Decider(engine), asked, seconds) if asked else []
    if format_ is Format.JSON:
        print_json(
            {
                "strategies": len(engine.strategies),
                "entities": {some.kind: len(some) for some in read},
                "requests": len(asked),
                "engine_bytes": engine.nbytes,
                "seconds": {step: round(value, 6) for step, value in watch.seconds.items()},
                "steps": [timing.to_json() for timing in timings],
            }
        )
        return
    if not asked:
        note(f"{requests} holds no requests: they were not measured")
    held = ", ".join(f"{len(some):,} of the kind {some.kind}" for some in read) or "none"
    say(f"{len(engine.strategies):,} strategies; entities: {held}; {len(asked):,} requests")
    say(", ".join(f"{step} {value * 1000:,.1f} ms" for step, value in watch.seconds.items()))
    table(
        "By request",
        ("step", "p50 ms", "p99 ms", "candidates/s", "times"),
        [(t.step, t.p50_ms, t.p99_ms, t.candidates_per_second, t.times) for t in timings],
    )
