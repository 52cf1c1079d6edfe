"""What is different between two sets of strategies, and between the slates they make?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from aedile.cli.world import World, make_engine, read_all_entities
from aedile.engine.decide import Decider, Decision
from aedile.engine.engine import Engine
from aedile.engine.requests import Request, read_requests
from aedile.engine.strategy import Strategy
from aedile.language.ir import Const
from aedile.language.values import format_timestamp, to_json

#: More changes than this are not left out one by one: each costs all requests once more.
MOST_LEFT_OUT = 20


@dataclass(frozen=True, slots=True)
class StrategyChange:
    """One strategy that is not the same: `what` is added, removed or changed; fields: name → (before, after)."""

    id: str
    what: str
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        told = [{"field": name, "before": old, "after": new} for name, (old, new) in self.fields.items()]
        return {"strategy": self.id, "what": self.what, "fields": told}


def compare_strategies(before: Sequence[Strategy], after: Sequence[Strategy]) -> list[StrategyChange]:
    """Strategies added, removed and changed, by id. Layout, file and place do not count."""
    old, new = ({s.id: s for s in side} for side in (before, after))
    changes = []
    for id_ in sorted({*old, *new}):
        if id_ not in old or id_ not in new:
            changes.append(StrategyChange(id_, "added" if id_ in new else "removed"))
        elif different := _fields(old[id_], new[id_]):
            changes.append(StrategyChange(id_, "changed", different))
    return changes


def _fields(old: Strategy, new: Strategy) -> dict[str, tuple[Any, Any]]:
    names = [f.name for f in fields(Strategy) if f.compare]
    pairs = {name: (getattr(old, name), getattr(new, name)) for name in names}
    return {name: (_plain(name, a), _plain(name, b)) for name, (a, b) in pairs.items() if a != b}


def _plain(name: str, value: Any) -> Any:
    """A field of a strategy as JSON."""
    if name in ("starts", "expires"):
        return format_timestamp(value) if value is not None else None
    if name == "action":
        return {value.name: _plain("", value)}
    if isinstance(value, Const):
        return to_json(value.value, value.type)
    if isinstance(value, Enum):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {key: _plain("", part) for key, part in asdict(value).items() if part is not None and key != "line"}
    if isinstance(value, Mapping):
        return {key: _plain("", part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain("", part) for part in value]
    return value


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What would look otherwise after the change if one strategy's part of it were left out."""

    id: str
    requests: int
    candidates: int


@dataclass(slots=True)
class SlateChanges:
    """How the slates of the same requests differ. Counts are of candidates, but for the requests.

    of_strategy: id → [newly excluded, back, moved], where that strategy acts on the candidate on one side alone.
    not_left_out: why no change was left out in turn, if none was.
    """

    requests: int = 0
    requests_changed: int = 0
    excluded: int = 0
    back: int = 0
    moved: int = 0
    changed_ids: list[str] = field(default_factory=list)
    of_strategy: dict[str, list[int]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    not_left_out: str | None = None

    def by_strategy(self) -> list[tuple[str, list[int]]]:
        """The strategies that touch most first."""
        return sorted(self.of_strategy.items(), key=lambda item: (-sum(item[1]), item[0]))

    def to_json(self) -> dict[str, Any]:
        names = ("newly_excluded", "back", "moved")
        return {
            "requests": self.requests,
            "requests_changed": self.requests_changed,
            **dict(zip(names, (self.excluded, self.back, self.moved), strict=True)),
            "changed": self.changed_ids,
            "by_strategy": [{"strategy": s, **dict(zip(names, c, strict=True))} for s, c in self.by_strategy()],
            "left_out": [asdict(one) for one in self.left_out],
            "not_left_out": self.not_left_out,
        }


def compare_slates(
    before: World, after: World, files: Mapping[str, Path], path: Path, step: Callable[[], None]
) -> SlateChanges:
    """Both sides decide the same requests, and `after` once more for each change it is without."""
    old_engine = make_engine(before, read_all_entities(files, before.schema))
    same_schema = before.schema.digest() == after.schema.digest()
    if same_schema:
        new_engine = old_engine.replace(after.strategies, after.lists)
    else:
        new_engine = make_engine(after, read_all_entities(files, after.schema))
    old, new = Decider(old_engine), Decider(new_engine)
    others, reason = _without_each(before, after, new_engine) if same_schema else ({}, "the schemas differ")
    found = SlateChanges(not_left_out=reason)
    counts = {id_: [0, 0] for id_ in others}
    pairs = zip(read_requests(path, before.schema), read_requests(path, after.schema), strict=True)
    for request, again in pairs:
        decision = new.decide(again)
        count_changes(found, request, old.decide(request), decision, old_engine, new_engine)
        for id_, decider in others.items():
            elsewhere = _elsewhere(decider.decide(again), decision)
            counts[id_][0] += bool(elsewhere)
            counts[id_][1] += elsewhere
        step()
    found.left_out = [LeftOut(id_, *pair) for id_, pair in counts.items()]
    return found


def _without_each(before: World, after: World, engine: Engine) -> tuple[dict[str, Decider], str | None]:
    """For each changed strategy a decider of `after` in which this one is as it was before."""
    changes = compare_strategies(before.strategies, after.strategies)
    if len(changes) > MOST_LEFT_OUT:
        return {}, f"{len(changes):,} strategies changed, at most {MOST_LEFT_OUT} are left out one by one"
    old = {s.id: s for s in before.strategies}
    deciders = {}
    for change in changes:
        rest = [s for s in after.strategies if s.id != change.id]
        deciders[change.id] = Decider(engine.replace([*rest, *([old[change.id]] if change.id in old else [])]))
    return deciders, None


def _elsewhere(one: Decision, other: Decision) -> int:
    """How many candidates do not have the same place in both slates."""
    return int((one.slate.rank_after != other.slate.rank_after).sum())


def count_changes(
    found: SlateChanges, request: Request, old: Decision, new: Decision, old_engine: Engine, new_engine: Engine
) -> None:
    """Add what is different between two decisions of one request."""
    found.requests += 1
    old_rank, new_rank = old.slate.rank_after, new.slate.rank_after
    changed = np.flatnonzero(old_rank != new_rank).tolist()
    if not changed and old.slate.badges == new.slate.badges:
        return
    found.requests_changed += 1
    found.changed_ids.append(request.id)
    for candidate in changed:
        kind = 0 if new_rank[candidate] == 0 else 1 if old_rank[candidate] == 0 else 2
        found.excluded += kind == 0
        found.back += kind == 1
        found.moved += kind == 2
        for id_ in sorted(_acting(old, candidate, old_engine) ^ _acting(new, candidate, new_engine)):
            found.of_strategy.setdefault(id_, [0, 0, 0])[kind] += 1


def _acting(decision: Decision, candidate: int, engine: Engine) -> set[str]:
    """The strategies, by id, that act on a candidate."""
    verdicts = decision.verdicts
    start, end = verdicts.fired_offsets[candidate], verdicts.fired_offsets[candidate + 1]
    return {engine.strategies[number].id for number in verdicts.fired[start:end][verdicts.acts[start:end]].tolist()}
