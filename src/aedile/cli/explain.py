"""`aedile explain`: why does one candidate of one request stand where it stands?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

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
from aedile.cli.screen import Format, print_json, say
from aedile.cli.show_explained import show_candidate, show_strategy
from aedile.cli.world import entity_files, load_world, make_engine, read_all_entities
from aedile.engine.named import place_of, request_named, strategy_named

if TYPE_CHECKING:
    pass


def explain(
    requests: RequestsOption,
    item: Annotated[str, typer.Option("--item", metavar="ID", help="The candidate's id.", show_default=False)],
    request: Annotated[
        str | None,
        typer.Option("--request", metavar="ID", help="The request; by default the first.", show_default=False),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--kind", help="The candidate's kind, where several share the id.", show_default=False),
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            "--strategy", metavar="ID", help="By default all that fire, would fire or are unknown.", show_default=False
        ),
    ] = None,
    schema: SchemaOption = None,
    strategies: StrategiesOption = None,
    lists: ListsOption = None,
    release: ReleaseOption = None,
    entities: EntitiesOption = None,
    counters: CountersOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Explain a candidate: its place before and after, what acted, and for each strategy why it fires or not.

    A strategy is told with its scope, its literals and their values, what is unknown and why, and the least change
    of features that would turn it around.

    \b
    Example
      aedile explain --schema schema.yaml --strategies strategies --entities item=products.parquet
        --requests requests.ndjson --request request-00007 --item 4567968
    """
    from aedile.cli.decision_files import counters_from
    from aedile.engine.decide import Decider
    from aedile.engine.inquiry import inquire

    files = entity_files(entities)
    world = load_world(schema, strategies, lists, release)
    named = strategy_named(strategy, world.strategies) if strategy is not None else None
    read = read_all_entities(files, world.schema)
    asked = request_named(requests, request, world.schema)
    place = place_of(asked, item, kind)
    engine = make_engine(world, read)
    decider = Decider(engine)
    decision = decider.decide(asked, counters_from(counters, world.strategies) if counters is not None else {})
    found = inquire(decider, decision, place, world.release, [named] if named is not None else None)
    if format_ is Format.JSON:
        print_json(found.to_json())
        return
    show_candidate(found.row, asked)
    for explanation, flip in found.strategies:
        show_strategy(explanation, flip)
    if not found.strategies:
        say("No strategy fires for it, and none is unknown.")
