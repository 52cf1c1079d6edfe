"""What becomes of every candidate of a request, and why?

A request's candidates may be of several kinds: each kind is classified by its own tables, then all share one slate.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from aedile.engine.actions import Cap, Refer, WindowCap
from aedile.engine.draw import draw
from aedile.engine.engine import Engine, muted_book
from aedile.engine.kernel import ActionBook, flagged
from aedile.engine.requests import Request
from aedile.engine.slate import Slate, build_slate
from aedile.engine.slate_plan import SlatePlan
from aedile.engine.strategy import Strategy
from aedile.engine.verdicts import Verdicts
from aedile.language.columns import Column
from aedile.language.ir import Feature, walk

#: Exposures a window cap has counted so far: (strategy id, shopper's or entity's id) → number; absent is none.
Counters = Mapping[tuple[str, str], int]
_NO_COUNTERS: Counters = {}


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """The verdicts and the slate of one request. Strategies are spoken of by number.

    unknown: for each candidate the numbers of the strategies whose condition is unknown, ascending; None where the
        decision was made without looking for them.
    """

    request: Request
    verdicts: Verdicts
    slate: Slate
    unknown: list[list[int]] | None


class Decider:
    """Decides requests by an engine; what does not depend on the request is made once.

    muted: ids of strategies that are off for now, by the kill switch or over their budget: they are evaluated and
    stand among those in shadow, but never act. One decider serves one thread: engines remember texts without a lock.
    """

    def __init__(self, engine: Engine, muted: Collection[str] = (), book: ActionBook | None = None) -> None:
        """book: what strategies do, where it is not the engine's own."""
        self.engine = engine
        book = book or engine.book
        self._book = book if not muted else muted_book(book, engine.strategies, muted)
        actions = [strategy.action for strategy in engine.strategies]
        self._plan = SlatePlan.of(actions)
        self._caps = np.array([isinstance(action, Cap | WindowCap) for action in actions], np.bool_)
        # What a cap counts by: (kind, key), the same object for all that count alike.
        places: dict[tuple[str, str], tuple[str, str]] = {}
        self._keys = {
            number: places.setdefault(place, place)
            for number, strategy in enumerate(engine.strategies)
            if isinstance(strategy.action, Cap)
            for place in ((strategy.applies_to, strategy.action.key),)
        }

    def decide(self, request: Request, counters: Counters = _NO_COUNTERS, *, with_unknown: bool = True) -> Decision:
        """The decision: a function of engine, request, entities, counters and muted strategies, and of nothing else.

        with_unknown: look for strategies that are unknown, which takes longer than everything else.
        """
        values = self.values(request)
        groups = [self._group(request, kind, places) for kind, places in _by_kind(request).items()]
        parts = [_Part(group.places, self._classified(group, values)) for group in groups]
        verdicts = _joined(parts, len(request.candidates))
        unknown = self._unknown(request, values) if with_unknown else None
        keys, spent = self._slate_inputs(request, values, groups, verdicts, counters)
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

    def _group(self, request: Request, kind: str, places: npt.NDArray[np.int64]) -> _Group:
        ids, sent = self._candidates_at(request, kind, places)
        return _Group(kind, places, ids, sent, self.engine.store.rows(kind, ids))

    def _classified(self, group: _Group, values: Mapping[str, Any]) -> Verdicts:
        return self.engine.classify(group.kind, group.ids, values, group.sent, self._book, group.rows)

    def _unknown(self, request: Request, values: Mapping[str, Any]) -> list[list[int]]:
        unknown: list[list[int]] = [[] for _ in range(len(request.candidates))]
        for kind, places in _by_kind(request).items():
            ids, sent = self._candidates_at(request, kind, places)
            words = self.engine.unknowns(kind, ids, values, sent)
            flags = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
            candidates, numbers = np.nonzero(flags)
            for candidate, number in zip(places[candidates].tolist(), numbers.tolist(), strict=True):
                unknown[candidate].append(number)
        return unknown

    def _slate_inputs(
        self,
        request: Request,
        values: Mapping[str, Any],
        groups: Sequence[_Group],
        verdicts: Verdicts,
        counters: Counters,
    ) -> tuple[dict[int, npt.NDArray[np.int64]], dict[int, npt.NDArray[np.int64]]]:
        """For each cap that fires the codes of its key, for each window cap that fires what was spent, a candidate."""
        keys: dict[int, npt.NDArray[np.int64]] = {}
        spent: dict[int, npt.NDArray[np.int64]] = {}
        codes: dict[tuple[str, str], npt.NDArray[np.int64]] = {}
        for number in flagged(verdicts.fired, self._caps):
            place = self._keys.get(number)
            if place is None:
                spent[number] = _spent(self.engine.strategies[number], number, request, verdicts, counters)
                continue
            found = codes.get(place)
            if found is None:
                found = codes[place] = self._codes(*place, len(verdicts), values, groups)
            keys[number] = found
        return keys, spent

    def _codes(
        self, kind: str, key: str, n: int, values: Mapping[str, Any], groups: Sequence[_Group]
    ) -> npt.NDArray[np.int64]:
        """A code for each distinct value of the key among the n candidates, those of this kind; -1 where unknown."""
        for group in groups:
            if group.kind == kind:
                rows = self.engine.candidate_rows(kind, group.ids, values, group.sent, group.rows)
                found = rows.codes(key)
                if len(found) == len(group.ids) == n:
                    return found
                codes = np.full(n, -1, np.int64)
                codes[group.places] = found  # one value may hold for all
                return codes
        return np.full(n, -1, np.int64)

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
        referred = decision.slate.referred
        for candidate, number in zip(referred.candidate.tolist(), referred.strategy.tolist(), strict=True):
            strategy = self.engine.strategies[number]
            assert isinstance(strategy.action, Refer)
            if draw(strategy.id, decision.request.candidates.ids[candidate], strategy.action.share):
                found.append((candidate, strategy.action.queue, strategy.id))
        return found

    def unknown_features(self, decision: Decision, most: int | None = None) -> dict[tuple[str, str], int]:
        """How often a strategy was unknown while one of its features was: (strategy id, feature) → candidates.

        most: look at no more candidates than that, spread over all as they were sent.
        """
        request, unknown = decision.request, decision.unknown
        if most is not None and len(request.candidates) > most:
            chosen = np.linspace(0, len(request.candidates) - 1, most).astype(np.int64)
            request, unknown = replace(request, candidates=request.candidates.at(chosen)), None
        counts: dict[tuple[str, str], int] = {}
        by_number: dict[int, list[int]] = {}
        values = self.values(request)
        if unknown is None:
            unknown = self._unknown(request, values)
        for candidate, numbers in enumerate(unknown):
            for number in numbers:
                by_number.setdefault(number, []).append(candidate)
        known: dict[tuple[str, str], npt.NDArray[np.bool_]] = {}
        for number, candidates in by_number.items():
            strategy = self.engine.strategies[number]
            for name in {node.name for node in walk(strategy.node) if isinstance(node, Feature)}:
                place = (strategy.applies_to, name)
                if place not in known:
                    known[place] = self._known(strategy.applies_to, name, request, values)
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


def _spent(
    strategy: Strategy, number: int, request: Request, verdicts: Verdicts, counters: Counters
) -> npt.NDArray[np.int64]:
    """Exposures so far of each candidate that the window cap fires for, or of the shopper; 0 for all others."""
    assert isinstance(strategy.action, WindowCap)
    if strategy.action.per == "shopper":
        return np.full(len(verdicts), counters.get((strategy.id, request.shopper or ""), 0), np.int64)
    spent = np.zeros(len(verdicts), np.int64)
    entries = (verdicts.fired == number).nonzero()[0]
    for candidate in (np.searchsorted(verdicts.fired_offsets, entries, side="right") - 1).tolist():
        spent[candidate] = counters.get((strategy.id, request.candidates.ids[candidate]), 0)
    return spent


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """The candidates of one kind: their places among all, their ids and what was sent with them, and their rows of
    the catalogue, -1 for those it lacks."""

    kind: str
    places: npt.NDArray[np.int64]
    ids: list[str]
    sent: Mapping[str, Column]
    rows: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What candidates of one kind got, and their places among all."""

    places: npt.NDArray[np.int64]
    verdicts: Verdicts


def _by_kind(request: Request) -> dict[str, npt.NDArray[np.int64]]:
    kinds = request.candidates.kinds
    if kinds and kinds.count(kinds[0]) == len(kinds):
        return {kinds[0]: np.arange(len(kinds))}
    return {
        kind: np.array([place for place, one in enumerate(kinds) if one == kind], np.int64)
        for kind in dict.fromkeys(kinds)
    }


def _joined(parts: Sequence[_Part], n: int) -> Verdicts:
    """The parts' verdicts in the order of all candidates."""
    if len(parts) == 1:
        return parts[0].verdicts
    if not parts:
        none, offsets = np.zeros(0, np.int32), np.zeros(1, np.int64)
        return Verdicts(none, np.zeros(0), offsets, none, np.zeros(0, np.bool_), offsets, none)
    excluded, multiplier = np.full(n, -1, np.int32), np.ones(n)
    for part in parts:
        excluded[part.places], multiplier[part.places] = part.verdicts.excluded_by, part.verdicts.multiplier
    fired_offsets, (fired, acts) = _joined_lists(
        [(p.places, p.verdicts.fired_offsets, (p.verdicts.fired, p.verdicts.acts)) for p in parts], n
    )
    shadow_offsets, (shadow,) = _joined_lists(
        [(p.places, p.verdicts.shadow_offsets, (p.verdicts.shadow,)) for p in parts], n
    )
    return Verdicts(excluded, multiplier, fired_offsets, fired, acts, shadow_offsets, shadow)


def _joined_lists(
    parts: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], tuple[npt.NDArray[Any], ...]]], n: int
) -> tuple[npt.NDArray[np.int64], tuple[npt.NDArray[Any], ...]]:
    owners = [np.repeat(places, np.diff(offsets)) for places, offsets, _ in parts]
    owner = np.concatenate(owners) if owners else np.zeros(0, np.int64)
    order = np.argsort(owner, kind="stable")
    offsets = np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=n)))).astype(np.int64)
    arrays = tuple(np.concatenate(column)[order] for column in zip(*(lists for _, _, lists in parts), strict=True))
    return offsets, arrays
