"""What becomes of every candidate of a request, and why?

A request's candidates may be of several kinds: each kind is classified by its own tables, then all share one slate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aedile.engine.actions import Cap, Refer, WindowCap
from aedile.engine.draw import draw
from aedile.engine.engine import Engine
from aedile.engine.requests import Request
from aedile.engine.slate import Slate, build_slate
from aedile.engine.slate_plan import SlatePlan
from aedile.engine.verdicts import Verdicts
from aedile.language.columns import Column
from aedile.language.ir import Feature, walk

#: Exposures a window cap has counted so far: (strategy id, shopper's or entity's id) → number; absent is none.
Counters = Mapping[tuple[str, str], int]
_NO_COUNTERS: Counters = {}


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """The verdicts and the slate of one request. Strategies are spoken of by number.

    unknown: for each candidate the numbers of the strategies whose condition is unknown, ascending.
    """

    request: Request
    verdicts: Verdicts
    slate: Slate
    unknown: list[list[int]]


class Decider:
    """Decides requests by an engine; what does not depend on the request is made once."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._plan = SlatePlan.of([strategy.action for strategy in engine.strategies])

    def decide(self, request: Request, counters: Counters = _NO_COUNTERS) -> Decision:
        """The decision: a function of engine, request, entities and counters, and of nothing else."""
        values = self.values(request)
        parts = [self._of_kind(kind, places, request, values) for kind, places in _by_kind(request).items()]
        verdicts, unknown = _joined(parts, len(request.candidates))
        keys, spent = self._slate_inputs(request, values, verdicts, counters)
        slate = build_slate(
            request.candidates.scores, request.candidates.ids, verdicts, self._plan,
            keys=keys, spent=spent, offset=request.offset, limit=request.limit,
        )  # fmt: skip
        return Decision(request, verdicts, slate, unknown)

    def values(self, request: Request) -> dict[str, Any]:
        """The values of the request's own features."""
        return self.engine.values(
            request.market, request.channel, request.time, id=request.id, shopper=request.shopper,
            query=request.query, context=request.context,
        )  # fmt: skip

    def _of_kind(self, kind: str, places: npt.NDArray[np.int64], request: Request, values: Mapping[str, Any]) -> _Part:
        ids, sent = self._candidates_at(request, kind, places)
        verdicts = self.engine.classify(kind, ids, values, sent)
        unknown = self.engine.unknowns(kind, ids, values, sent)
        flags = np.unpackbits(unknown.view(np.uint8), axis=1, bitorder="little")
        return _Part(places, verdicts, [np.flatnonzero(row).tolist() for row in flags])

    def _slate_inputs(
        self, request: Request, values: Mapping[str, Any], verdicts: Verdicts, counters: Counters
    ) -> tuple[dict[int, npt.NDArray[np.int64]], dict[int, npt.NDArray[np.int64]]]:
        keys: dict[int, npt.NDArray[np.int64]] = {}
        spent: dict[int, npt.NDArray[np.int64]] = {}
        for number in np.unique(verdicts.fired).tolist():
            strategy = self.engine.strategies[number]
            if isinstance(strategy.action, Cap):
                keys[number] = self._keys(strategy.action.key, strategy.applies_to, request, values)
            elif isinstance(strategy.action, WindowCap):
                units = request.candidates.ids
                if strategy.action.per == "shopper":
                    units = [request.shopper or ""] * len(units)
                counts = [counters.get((strategy.id, unit), 0) for unit in units]
                spent[number] = np.array(counts, np.int64)
        return keys, spent

    def _keys(self, key: str, kind: str, request: Request, values: Mapping[str, Any]) -> npt.NDArray[np.int64]:
        """A code for each distinct value of the key among the candidates of this kind; -1 where it is unknown."""
        codes = np.full(len(request.candidates), -1, np.int64)
        places = _by_kind(request).get(kind, np.zeros(0, np.int64))
        ids, sent = self._candidates_at(request, kind, places)
        column = self.engine.candidate_rows(kind, ids, values, sent).column(key)
        distinct: dict[Any, int] = {}
        found = column.to_python()
        found = found * len(places) if len(found) == 1 else found
        codes[places] = [-1 if value is None else distinct.setdefault(value, len(distinct)) for value in found]
        return codes

    def _candidates_at(
        self, request: Request, kind: str, places: npt.NDArray[np.int64]
    ) -> tuple[list[str], dict[str, Column]]:
        """The ids at these places of one kind, and the features that were sent with them."""
        ids, features = request.candidates.ids, request.candidates.features
        names = self.engine.schema.sendable_with(kind)
        sent = {name: column for name, column in features.items() if name in names}
        if len(places) == len(ids):
            return ids, sent
        return [ids[place] for place in places.tolist()], {name: column.take(places) for name, column in sent.items()}

    def refers(self, decision: Decision) -> list[tuple[int, str, str]]:
        """What goes to people: (candidate, queue, strategy id), drawn by entity so that one is sent once."""
        found = []
        for candidate, numbers in enumerate(decision.slate.refers):
            for number in numbers:
                strategy = self.engine.strategies[number]
                assert isinstance(strategy.action, Refer)
                unit = decision.request.candidates.ids[candidate]
                if draw(strategy.id, unit, strategy.action.share):
                    found.append((candidate, strategy.action.queue, strategy.id))
        return found

    def unknown_features(self, decision: Decision) -> dict[tuple[str, str], int]:
        """How often a strategy was unknown while one of its features was: (strategy id, feature) → candidates."""
        counts: dict[tuple[str, str], int] = {}
        by_number: dict[int, list[int]] = {}
        for candidate, numbers in enumerate(decision.unknown):
            for number in numbers:
                by_number.setdefault(number, []).append(candidate)
        known: dict[tuple[str, str], npt.NDArray[np.bool_]] = {}
        values = self.values(decision.request)
        for number, candidates in by_number.items():
            strategy = self.engine.strategies[number]
            for name in {node.name for node in walk(strategy.node) if isinstance(node, Feature)}:
                place = (strategy.applies_to, name)
                if place not in known:
                    known[place] = self._known(strategy.applies_to, name, decision.request, values)
                missing = int((~known[place][candidates]).sum())
                if missing:
                    counts[strategy.id, name] = counts.get((strategy.id, name), 0) + missing
        return counts

    def _known(self, kind: str, name: str, request: Request, values: Mapping[str, Any]) -> npt.NDArray[np.bool_]:
        known = np.ones(len(request.candidates), np.bool_)
        places = _by_kind(request).get(kind, np.zeros(0, np.int64))
        ids, sent = self._candidates_at(request, kind, places)
        known[places] = self.engine.candidate_rows(kind, ids, values, sent).column(name).known
        return known


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What candidates of one kind got, and their places among all."""

    places: npt.NDArray[np.int64]
    verdicts: Verdicts
    unknown: list[list[int]]


def _by_kind(request: Request) -> dict[str, npt.NDArray[np.int64]]:
    kinds = request.candidates.kinds
    return {
        kind: np.array([place for place, one in enumerate(kinds) if one == kind], np.int64)
        for kind in dict.fromkeys(kinds)
    }


def _joined(parts: Sequence[_Part], n: int) -> tuple[Verdicts, list[list[int]]]:
    """The parts' verdicts in the order of all candidates."""
    if len(parts) == 1:
        return parts[0].verdicts, parts[0].unknown
    if not parts:
        none, offsets = np.zeros(0, np.int32), np.zeros(1, np.int64)
        return Verdicts(none, np.zeros(0), offsets, none, np.zeros(0, np.bool_), offsets, none), []
    excluded, multiplier = np.full(n, -1, np.int32), np.ones(n)
    unknown: list[list[int]] = [[] for _ in range(n)]
    for part in parts:
        excluded[part.places], multiplier[part.places] = part.verdicts.excluded_by, part.verdicts.multiplier
        for place, numbers in zip(part.places.tolist(), part.unknown, strict=True):
            unknown[place] = numbers
    fired_offsets, (fired, acts) = _joined_lists(
        [(p.places, p.verdicts.fired_offsets, (p.verdicts.fired, p.verdicts.acts)) for p in parts], n
    )
    shadow_offsets, (shadow,) = _joined_lists(
        [(p.places, p.verdicts.shadow_offsets, (p.verdicts.shadow,)) for p in parts], n
    )
    return Verdicts(excluded, multiplier, fired_offsets, fired, acts, shadow_offsets, shadow), unknown


def _joined_lists(
    parts: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], tuple[npt.NDArray[Any], ...]]], n: int
) -> tuple[npt.NDArray[np.int64], tuple[npt.NDArray[Any], ...]]:
    owners = [np.repeat(places, np.diff(offsets)) for places, offsets, _ in parts]
    owner = np.concatenate(owners) if owners else np.zeros(0, np.int64)
    order = np.argsort(owner, kind="stable")
    offsets = np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=n)))).astype(np.int64)
    arrays = tuple(np.concatenate(column)[order] for column in zip(*(lists for _, _, lists in parts), strict=True))
    return offsets, arrays
