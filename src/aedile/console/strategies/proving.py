"""What can be said of a strategy that is being written: what is wrong, what it would fire for, whom it would meet?

Everything the live panel shows, found in one go from a body; a part that cannot be told yet says why.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

import numpy as np

from aedile.console.accounts.actor import Actor
from aedile.console.strategies import live
from aedile.console.strategies.body import Body, read, to_text
from aedile.console.strategies.exposed import COUNTER, Exposures
from aedile.console.strategies.live import Catalogue
from aedile.console.strategies.matching import Matches, features_asked, find_matches
from aedile.console.strategies.models import RUNNING, Stage, Version
from aedile.console.strategies.reach import Reach, find_reach
from aedile.console.strategies.world import current_schema, list_names, lists_held, running_strategies
from aedile.engine.catalogue import EntityRows
from aedile.engine.conflicts import Conflict, Witness, find_conflicts
from aedile.engine.engine import lists_used
from aedile.engine.examples import ExampleOutcome, run_examples
from aedile.engine.strategy import Strategy
from aedile.errors import AedileError
from aedile.language.ir import features_of
from aedile.language.lists import Lists
from aedile.language.values import to_json

#: Entities shown, and conflicts: who has more to look at narrows the condition first.
SAMPLES, CONFLICTS = 12, 30
#: Features by which people know an entity, the first that a kind has.
_NAMES = ("title", "name", "handle", "text")


@dataclass(frozen=True, slots=True)
class Sample:
    """An entity: its id, what it is called, and the features that the condition reads, as JSON; None is unknown."""

    id: str
    name: str | None
    values: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Meeting:
    """A conflict as its reader may see it. other: id and owner of the other strategy; None for a dead one."""

    conflict: Conflict
    other: str | None
    owner: str | None

    @property
    def witness(self) -> Witness | None:
        return self.conflict.witness

    @property
    def witness_facts(self) -> list[tuple[str, Any]]:
        """What the witness is, as far as the two strategies ask, as JSON."""
        found = self.conflict.witness
        if found is None:
            return []
        asked = {name for party in self.conflict.parties for name in features_of(party.node)}
        names = [name for name in found.values if name in asked | {"request.market", "request.channel"}]
        types = found.schema.visible_for(found.kind)
        return [(name, to_json(found.values[name], types[name])) for name in sorted(names)]


@dataclass(frozen=True, slots=True)
class Proof:
    """All that is found. errors: then nothing else but the difference. hidden: conflicts in markets its reader may not
    look into. seconds: what it took."""

    errors: tuple[AedileError, ...] = ()
    strategy: Strategy | None = None
    matches: Matches | None = None
    samples: tuple[Sample, ...] = ()
    undecided: tuple[Sample, ...] = ()
    outcomes: tuple[ExampleOutcome, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    more_meetings: int = 0
    hidden: int = 0
    reach: Reach | None = None
    exposures: Exposures | None = None
    over_budget: tuple[str, ...] = ()
    live: Version | None = None
    difference: tuple[str, ...] = ()
    seconds: float = 0.0


def prove(actor: Actor, body: Body, typing: Sequence[AedileError] = ()) -> Proof:
    """What can be said of a body. typing: what kept fields of its form from being read."""
    started = time.perf_counter()
    before = live_version(body.get("id"))
    difference = difference_to(before, body) if before is not None else ()
    schema, _ = current_schema()
    try:
        strategy = read(body, schema, list_names())
    except AedileError as error:
        errors = (*typing, error) if not typing else tuple(typing)
        return Proof(errors, live=before, difference=difference, seconds=time.perf_counter() - started)
    if typing:
        return Proof(tuple(typing), live=before, difference=difference, seconds=time.perf_counter() - started)
    others = [s for s in running_strategies() if s.id != strategy.id and not _is_challenger(s.id, strategy.id)]
    exposures = COUNTER.exposures()
    held = lists_held(set().union(*(lists_used(s) for s in (strategy, *others))))
    with live.catalogue(schema) as there:
        matches = matched(strategy, there, held)
        reach = find_reach(strategy, matches, there, exposures)
        shown = tuple(samples(strategy, matches.fires, there))
        open_ = tuple(samples(strategy, matches.unknown, there, 3))
        found = find_conflicts([*others, strategy], schema, held, there.engine.store, about=strategy.id)
        seen, hidden = _seen(actor, found, strategy, others)
        for meeting in seen[:CONFLICTS]:
            _ = meeting.witness  # found while the catalogue is held
        outcomes = tuple(run_examples(strategy, schema, held))
    return Proof(
        (), strategy, matches, shown, open_, outcomes, tuple(seen[:CONFLICTS]), max(0, len(seen) - CONFLICTS), hidden,
        reach, exposures, tuple(reach.over_budget(strategy)), before, difference, time.perf_counter() - started,
    )  # fmt: skip


def matched(strategy: Strategy, there: Catalogue, held: Lists) -> Matches:
    """What it fires for in a catalogue that is held."""
    return find_matches(
        strategy, there.engine.store, there.schema, held, live.now(), there.present(strategy.applies_to)
    )


def _is_challenger(id_: str, own: str) -> bool:
    return id_.startswith(f"{own}-v") and id_.removeprefix(f"{own}-v").isdigit()


def _seen(
    actor: Actor, found: Sequence[Conflict], strategy: Strategy, others: Sequence[Strategy]
) -> tuple[list[Meeting], int]:
    """The conflicts with what the actor may see, and how many others there are."""
    by_id = {one.id: one for one in others}
    seen, hidden = [], 0
    for conflict in found:
        names = [name for name in (conflict.first, conflict.second) if name not in (None, strategy.id)]
        other = by_id[str(names[0])] if names else None
        if other is not None and not actor.may("strategy.view", markets=other.markets):
            hidden += 1
            continue
        seen.append(Meeting(conflict, other.id if other else None, other.owner if other else None))
    return seen, hidden


def samples(strategy: Strategy, which: Any, there: Catalogue, most: int = SAMPLES) -> list[Sample]:
    """Some of the entities marked, spread evenly, always the same ones."""
    rows = np.flatnonzero(which)
    if len(rows) > most:
        rows = rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]
    if len(rows) == 0:
        return []
    kind, schema, store = strategy.applies_to, there.schema, there.engine.store
    entities = EntityRows(store, kind, rows)
    name = next((f"{kind}.{n}" for n in _NAMES if f"{kind}.{n}" in schema.features), None)
    reads = features_asked(strategy, schema)
    columns = {n: entities.column(n).to_python() for n in {*reads, *([name] if name else [])}}
    types = schema.visible_for(kind)
    ids = store.catalogues[kind].index.ids.take(rows).to_pylist()
    return [
        Sample(
            id_, columns[name][place] if name else None,
            tuple((n, to_json(columns[n][place], types[n])) for n in reads),
        )
        for place, id_ in enumerate(ids)
    ]  # fmt: skip


def live_version(id_: Any) -> Version | None:
    """The version that acts or is watched now, else None."""
    if not isinstance(id_, str):
        return None
    found = {v.stage: v for v in Version.objects.filter(strategy_id=id_[:100], stage__in=RUNNING)}
    return next(
        (found[stage] for stage in (Stage.LIVE, Stage.CANARY, Stage.PAUSED, Stage.SHADOW) if stage in found), None
    )


def difference_to(before: Version, body: Mapping[str, Any]) -> tuple[str, ...]:
    """The lines that differ from a version, as `diff -u` shows them; none where nothing does."""
    old, new = (to_text(one, Stage.SHADOW, 1.0 if "canary" in one else None) for one in (before.body, body))
    lines = unified_diff(old.splitlines(), new.splitlines(), n=2, lineterm="")
    return tuple(line for line in lines if not line.startswith(("---", "+++")))
