"""What does the text say the slate is? Written from it with lists and dicts alone, place by place, without haste.

Everything is counted anew for every place, so that nothing can be out of date.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aedile.engine.actions import (
    MULTIPLIER_MAX,
    MULTIPLIER_MIN,
    Action,
    Badge,
    Boost,
    Cap,
    Demote,
    Exclude,
    Pin,
    Refer,
    Reserve,
    WindowCap,
)


@dataclass
class PlainCandidate:
    """`acts`: numbers of the strategies that act on it. `keys`: cap -> key, absent where unknown. `spent`: window cap
    -> exposures so far."""

    id: str
    score: float
    acts: set[int]
    keys: dict[int, int] = field(default_factory=dict)
    spent: dict[int, int] = field(default_factory=dict)


@dataclass
class PlainSlate:
    order: list[int]
    rank_before: list[int]
    rank_after: list[int]
    score: list[float]
    badges: list[tuple[str, ...]]
    refers: list[tuple[int, ...]]
    relaxed: list[tuple[int, ...]]
    capped: list[tuple[int, ...]]
    pinned: list[int]
    reserved: list[int]


def plain_multiplier(acts: set[int], actions: Sequence[Action]) -> float:
    product = 1.0
    for strategy in sorted(acts):
        action = actions[strategy]
        if isinstance(action, Demote | Boost):
            product *= action.factor
    return min(max(product, MULTIPLIER_MIN), MULTIPLIER_MAX)


class _Table:
    """The slate while it is made: `at[place]` is the candidate on a place from 1."""

    def __init__(self, candidates: Sequence[PlainCandidate], actions: Sequence[Action], line: list[int]) -> None:
        self.candidates = candidates
        self.actions = actions
        self.line = line  # not excluded, best first
        self.at: dict[int, int] = {}
        self.pins: dict[int, int] = {}
        self.reserved: dict[int, int] = {}
        self.breaks: dict[int, list[int]] = {}
        self.first_turn: dict[int, list[int]] = {}

    def acting(self, kind: type | tuple[type, ...]) -> list[int]:
        return [s for s, action in enumerate(self.actions) if isinstance(action, kind)]

    def left(self) -> list[int]:
        return [c for c in self.line if c not in self.at.values()]

    def free_places(self, first: int, last: int) -> list[int]:
        return [p for p in range(first, min(last, len(self.line)) + 1) if p not in self.at]

    # step 5
    def pin_all(self) -> None:
        for strategy in self.acting(Pin):
            for c in self.line:
                if strategy in self.candidates[c].acts and c not in self.pins:
                    wished = self.free_places(self.actions[strategy].position, len(self.line))
                    place = wished[0] if wished else self.free_places(1, len(self.line))[-1]
                    self.at[place] = c
                    self.pins[c] = strategy

    # step 6
    def fill(self) -> None:
        for place in range(1, len(self.line) + 1):
            if place not in self.at:
                self.at[place] = self.choose(place)

    def choose(self, place: int) -> int:
        claims = self.claims(place)
        for end in self.ends(place):
            due = [c for c in self.line if c in claims and claims[c][0] <= end]
            if due and len(due) >= len(self.free_places(place, end)):
                self.reserved[due[0]] = claims[due[0]][1]
                self.breaks[due[0]] = self.broken_by(due[0], place)
                return due[0]
        left = self.left()
        for c in left:
            broken = self.broken_by(c, place)
            if not broken:
                return c
            self.first_turn.setdefault(c, broken)
        caps = self.acting((Cap, WindowCap))
        while True:  # the weakest cap that still holds gives way
            caps.pop()
            for c in left:
                if not set(self.broken_by(c, place)) & set(caps):
                    self.breaks[c] = self.broken_by(c, place)
                    return c

    def broken_by(self, c: int, place: int) -> list[int]:
        me = self.candidates[c]
        broken = []
        for s in self.acting((Cap, WindowCap)):
            action = self.actions[s]
            if s not in me.acts:
                continue
            others = {p: self.candidates[x] for p, x in self.at.items() if s in self.candidates[x].acts}
            if isinstance(action, WindowCap):
                more = len(others) if action.per == "shopper" else 0
                if me.spent[s] + more >= action.max:
                    broken.append(s)
            elif s in me.keys and place <= action.first_n:
                same = [p for p, x in others.items() if p <= action.first_n and x.keys.get(s) == me.keys[s]]
                if len(same) >= action.max.at_most(action.first_n):
                    broken.append(s)
        return broken

    def ends(self, place: int) -> list[int]:
        return sorted({self.actions[s].first_n for s in self.acting(Reserve) if self.actions[s].first_n >= place})

    def claims(self, place: int) -> dict[int, tuple[int, int]]:
        """candidate -> (the place it is needed by, the reserve that claims it)"""
        claims: dict[int, tuple[int, int]] = {}

        def room(first: int, before: float) -> bool:
            return all(
                sum(by <= end for by, _ in claims.values()) < len(self.free_places(place, end))
                for end in self.ends(place)
                if first <= end < before
            )

        def allowed(c: int, reserve: int) -> bool:
            return all(cap > reserve for cap in self.broken_by(c, place))

        for s in self.acting(Reserve):
            end = self.actions[s].first_n
            if end < place:
                continue
            mine = [c for c in self.line if s in self.candidates[c].acts]
            has = [c for p, c in self.at.items() if p <= end and c in mine]
            need = self.actions[s].min.at_least(end) - len(has)
            if need <= 0:
                continue
            need -= sum(1 for c in mine if c in claims and claims[c][0] <= end)
            for c in mine:
                if c in claims and claims[c][0] > end and need > 0 and room(end, claims[c][0]) and allowed(c, s):
                    claims[c] = (end, claims[c][1])
                    need -= 1
            for c in mine:
                if c in self.left() and c not in claims and need > 0 and room(end, float("inf")) and allowed(c, s):
                    claims[c] = (end, s)
                    need -= 1
        return claims


def plain_slate(candidates: Sequence[PlainCandidate], actions: Sequence[Action]) -> PlainSlate:
    n = len(candidates)
    everyone = range(n)
    as_sent = sorted(everyone, key=lambda c: (-candidates[c].score, candidates[c].id))
    score = [c.score * plain_multiplier(c.acts, actions) for c in candidates]
    excluded = {c for c in everyone if any(isinstance(actions[s], Exclude) for s in candidates[c].acts)}
    line = sorted((c for c in everyone if c not in excluded), key=lambda c: (-score[c], candidates[c].id))
    table = _Table(candidates, actions, line)
    table.pin_all()
    table.fill()
    order = [table.at[p] for p in range(1, len(line) + 1)]
    return PlainSlate(
        order,
        [as_sent.index(c) + 1 for c in everyone],
        [order.index(c) + 1 if c in order else 0 for c in everyone],
        score,
        [_badges(candidates[c], actions) if c not in excluded else () for c in everyone],
        [tuple(s for s in sorted(c.acts) if isinstance(actions[s], Refer)) for c in candidates],
        [_relaxed(c, order, table, actions) for c in everyone],
        [_capped(c, order, table) for c in everyone],
        [table.pins.get(c, -1) for c in everyone],
        [table.reserved.get(c, -1) for c in everyone],
    )


def _badges(candidate: PlainCandidate, actions: Sequence[Action]) -> tuple[str, ...]:
    keys = [actions[s].key for s in sorted(candidate.acts) if isinstance(actions[s], Badge)]
    return tuple(dict.fromkeys(keys))


def _relaxed(c: int, order: list[int], table: _Table, actions: Sequence[Action]) -> tuple[int, ...]:
    """The broken caps; of window caps those alone behind which somebody stands who does not break them."""
    broken = table.breaks.get(c, [])
    behind = [x for x in order[order.index(c) + 1 :] if x not in table.pins] if c in order else []
    return tuple(
        s for s in broken if isinstance(actions[s], Cap) or any(s not in table.breaks.get(x, []) for x in behind)
    )


def _capped(c: int, order: list[int], table: _Table) -> tuple[int, ...]:
    if c not in table.first_turn:
        return ()
    ahead = [x for x in order[: order.index(c)] if x not in table.pins]
    if any(table.line.index(x) > table.line.index(c) for x in ahead):
        return tuple(table.first_turn[c])
    return ()
