"""`aedile conflicts`: where do strategies contradict each other, and for which candidate?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from aedile.cli.options import (
    EntitiesOption,
    FormatOption,
    ListsOption,
    ReleaseOption,
    SchemaOption,
    StrategiesOption,
    StrictOption,
)
from aedile.cli.report import FINDINGS
from aedile.cli.screen import Format, print_json, say
from aedile.cli.world import entity_files, load_world, read_all_entities

if TYPE_CHECKING:
    from aedile.engine.conflicts import Conflict, Witness
    from aedile.engine.strategy import Strategy


def conflicts(
    schema: SchemaOption = None,
    strategies: StrategiesOption = None,
    lists: ListsOption = None,
    release: ReleaseOption = None,
    entities: EntitiesOption = None,
    strict: StrictOption = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Find strategies that contradict, shadow or repeat each other, and those that never fire.

    A certain conflict comes with a witness: a candidate and a request that were put through the engine and fire both.
    A possible one has none. With entities, dependencies the schema declares rule out witnesses that no entity is like.
    With --strict the exit code is 3 where a conflict is certain.

    \b
    Example
      aedile conflicts --schema schema.yaml --strategies strategies --lists lists --strict
    """
    from aedile.engine.catalogue import Store
    from aedile.engine.conflicts import find_conflicts

    files = entity_files(entities)
    world = load_world(schema, strategies, lists, release)
    store = None
    if files:
        store = Store(world.schema)
        for some in read_all_entities(files, world.schema):
            store.load(some.kind, some.ids, some.columns)
    found = find_conflicts(world.strategies, world.schema, world.lists, store)
    certain = [conflict for conflict in found if conflict.certain]
    if format_ is Format.JSON:
        print_json({"strategies": len(world.strategies), "conflicts": [conflict.to_json() for conflict in found]})
    else:
        _show_certain(certain)
        _show_possible([conflict for conflict in found if not conflict.certain])
        counted = f"{len(certain):,} certain and {len(found) - len(certain):,} possible conflicts"
        say(f"{counted} among {len(world.strategies):,} strategies.")
    if strict and certain:
        raise typer.Exit(FINDINGS)


def _show_certain(found: list[Conflict]) -> None:
    if not found:
        return
    say("Certain")
    for conflict in found:
        say(f"  {conflict.kind}: {conflict.message}")
        if conflict.witness is not None:
            say(f"    {_witness(conflict.witness, conflict.parties)}")
    say()


def _show_possible(found: list[Conflict]) -> None:
    if not found:
        return
    say("Possible: no candidate was found that shows it, and nothing rules one out")
    for conflict in found:
        said = [f"{party.id} (of {party.owner})" for party in conflict.parties]
        say(f"  {conflict.kind}: {' and '.join(said)}")
    say()


def _witness(witness: Witness, parties: Sequence[Strategy]) -> str:
    """A witness in one line: the request, then of the candidate and what it leads to all that the strategies ask."""
    from aedile.language.ir import features_of

    told = witness.to_json()
    request, entities = told["request"], told["entities"]
    (candidate,) = request["candidates"]
    parts = [request["market"], request["channel"], request["time"]]
    parts += [f"{key} {json.dumps(request[key], ensure_ascii=False)}" for key in ("shopper", "query") if key in request]
    features = {**request["context"], **candidate.get("features", {})}
    for own in entities.values():
        features |= own
    asked = {name for party in parties for name in features_of(party.node)}
    said = [f"{n} = {json.dumps(v, ensure_ascii=False)}" for n, v in sorted(features.items()) if n in asked]
    known = f" with {', '.join(said)}" if said else ""
    return f"for example ({', '.join(parts)}) {candidate['kind']} {candidate['id']}{known}"
