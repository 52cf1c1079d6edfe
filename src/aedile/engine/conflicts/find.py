"""Which strategies contradict, shadow or repeat each other, and which never fire?

All strategies that are not paused are taken as if they acted: those in shadow will one day. Only strategies on the
same kind of candidate can conflict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np

from aedile.engine.actions import Boost, Cap, Exclude, Exempt, Pin, Reserve
from aedile.engine.catalogue import Store
from aedile.engine.conflicts.conflict import KINDS, Conflict
from aedile.engine.conflicts.cover import Covers
from aedile.engine.conflicts.limits import cap_prevents
from aedile.engine.conflicts.meetings import Matcher
from aedile.engine.conflicts.nearby import LOST_ON_EXCLUDED, nearby
from aedile.engine.conflicts.space import build_space
from aedile.engine.conflicts.units import Bools
from aedile.engine.conflicts.witness import Witnesses
from aedile.engine.engine import action_book
from aedile.engine.program import compile_program
from aedile.engine.strategy import Strategy
from aedile.language.lists import Lists
from aedile.language.schema import Schema

_NO_LISTS: Lists = {}


def find_conflicts(
    strategies: Iterable[Strategy],
    schema: Schema,
    lists: Lists = _NO_LISTS,
    store: Store | None = None,
    *,
    about: str | None = None,
) -> list[Conflict]:
    """Every conflict among the strategies, the gravest kind first, then by precedence.

    store: the entities from which declared dependencies are read; without one they rule nothing out.
    about: the id of a strategy; then its conflicts alone, which takes a fraction of the time.
    A pair that one strategy names in `overrides` is not reported.
    """
    active = sorted((s for s in strategies if s.stage != "paused"), key=Strategy.precedence_key)
    if about is not None:
        active = nearby(active, about, schema)
    exempted = _exempted(active)
    found: list[Conflict] = []
    for kind in schema.kinds:
        places = [place for place, strategy in enumerate(active) if strategy.applies_to == kind]
        if places:
            mine = [active[place] for place in places]
            program = compile_program(kind, mine, schema, lists)
            matcher = Matcher(build_space(program, schema, lists, store))
            found += _Finder(mine, exempted[np.ix_(places, places)], matcher, about).find()
    ranks = {strategy.id: rank for rank, strategy in enumerate(active)}
    return sorted(
        found, key=lambda c: (KINDS.index(c.kind), not c.certain, ranks[c.first], ranks.get(c.second or "", -1))
    )


def _exempted(strategies: Sequence[Strategy]) -> Bools:
    """bool (n, n): the first is an exempt that switches the second off."""
    book = action_book(strategies)
    off = np.zeros((len(strategies), len(strategies)), np.bool_)
    for number, strategy in enumerate(strategies):
        if isinstance(strategy.action, Exempt):
            words = book.exempts[book.exempt_row[number]]
            off[number] = np.unpackbits(words.view(np.uint8), bitorder="little", count=len(strategies))
    return off


class _Finder:
    """Finds the conflicts of one kind's strategies, which come in order of precedence and stand by their place."""

    def __init__(
        self, strategies: Sequence[Strategy], exempted: Bools, matcher: Matcher, about: str | None = None
    ) -> None:
        """about: as in `find_conflicts`."""
        self.strategies = strategies
        self.exempted = exempted
        self.matcher = matcher
        self.covers = Covers(matcher)
        places = {strategy.id: place for place, strategy in enumerate(strategies)}
        self.wanted = ~np.eye(len(strategies), dtype=np.bool_)
        for place, strategy in enumerate(strategies):
            named = [places[name] for name in strategy.overrides if name in places]
            self.wanted[place, named] = self.wanted[named, place] = False
        self.asked = np.array([about in (None, strategy.id) for strategy in strategies])
        self.wanted &= np.logical_or.outer(self.asked, self.asked)

    def find(self) -> list[Conflict]:
        conflicts, dead = self._never()
        self.wanted[dead, :] = self.wanted[:, dead] = False
        for kind, wanted in self._questions():
            conflicts += self._answer(kind, wanted & self.wanted)
        return conflicts

    def _of(self, *actions: type) -> Bools:
        return np.array([isinstance(strategy.action, actions) for strategy in self.strategies])

    def _questions(self) -> Iterator[tuple[str, Bools]]:
        """The kinds of conflict with the pairs (first, second) that conflict so if some candidate fires both."""
        yield "contradiction", np.logical_and.outer(self._of(Exclude), self._of(Boost, Pin, Reserve))
        positions = np.array([s.action.position if isinstance(s.action, Pin) else 0 for s in self.strategies])
        yield "pin_collision", np.triu((positions[:, None] == positions) & (positions > 0), 1)
        duplicates = self._duplicates()
        yield "duplicate", duplicates
        yield "shadowed", self._shadowed() & ~duplicates
        yield "cap_reserve", self._cap_reserves()

    def _answer(self, kind: str, wanted: Bools) -> list[Conflict]:
        left, right = np.flatnonzero(wanted.any(axis=1)), np.flatnonzero(wanted.any(axis=0))
        meetings = self.matcher.meet(left.tolist(), right.tolist(), wanted[np.ix_(left, right)])
        witnesses = Witnesses(self.matcher.space, meetings)
        conflicts = []
        fires = witnesses.both_fire().tolist()
        for row, (first, second) in enumerate(zip(meetings.first, meetings.second, strict=True)):
            parties = (self.strategies[first], self.strategies[second])
            shown = partial(witnesses.witness, row) if fires[row] else None
            conflicts.append(Conflict(kind, parties[0].id, parties[1].id, fires[row], parties, shown))
        for first, second in meetings.open:
            parties = (self.strategies[first], self.strategies[second])
            conflicts.append(Conflict(kind, parties[0].id, parties[1].id, False, parties))
        return conflicts

    # ------------------------------------------------------------ dead

    def _never(self) -> tuple[list[Conflict], list[int]]:
        """Strategies that never fire, or of which no candidate was found; and the places of the former."""
        count = len(self.strategies)
        can, might = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
        overlaps, owners = self.matcher.overlaps, self.matcher.space.program.clause_strategy
        for mode in range(len(self.matcher.space.modes)):
            alone = overlaps.viable(mode)
            might[owners[alone.open]] = True
            can[owners[alone.found & ~overlaps.across]] = True
            for clause in np.flatnonzero(alone.found & overlaps.across & self.asked[owners]).tolist():
                if not can[owners[clause]] and self.matcher.joint.alone(clause, mode) is not None:
                    can[owners[clause]] = True
        conflicts = [
            Conflict("dead", self.strategies[place].id, None, not might[place], (self.strategies[place],))
            for place in np.flatnonzero(~can & self.asked).tolist()
        ]
        return conflicts, np.flatnonzero(~might).tolist()

    # ------------------------------------------------------------ one always where the other is

    def _covered(self, wanted: Bools) -> Bools:
        """Of the pairs wanted those whose first strategy fires wherever the second does."""
        covered = np.zeros_like(wanted)
        if (wanted & self.wanted).any():
            for first, second in np.argwhere(wanted & self.wanted & self.covers.may_cover).tolist():
                covered[first, second] = self.covers.covers(first, second)
        return covered

    def _duplicates(self) -> Bools:
        actions = {s.action: number for number, s in enumerate(self.strategies)}
        same = np.array([actions[s.action] for s in self.strategies])
        alike = self._covered(same[:, None] == same)
        return np.triu(alike & alike.T, 1)

    def _shadowed(self) -> Bools:
        lost = np.logical_and.outer(self._of(Exclude), self._of(*LOST_ON_EXCLUDED))
        excludes = self._of(Exclude)
        lost &= ~(np.logical_and.outer(excludes, excludes) & np.tri(len(self.strategies), dtype=np.bool_))
        shadowed = self._covered(lost | self.exempted)
        for first, second in np.argwhere(shadowed).tolist():
            shadowed[first, second] = not self._spared(first, second)
        return shadowed

    def _spared(self, first: int, second: int) -> bool:
        """Whether an exempt may keep the first from acting on a candidate on which the second then acts."""
        exempts = np.flatnonzero(self.exempted[:, first] & ~self.exempted[:, second])
        exempts = exempts[exempts != first]
        if second in exempts and second > first and self.exempted[first, second]:
            exempts = exempts[exempts != second]  # the first acts before it
        if len(exempts) == 0:
            return False
        if second in exempts:
            return True
        meetings = self.matcher.meet(exempts.tolist(), [second], np.ones((len(exempts), 1), np.bool_))
        return bool(meetings.first or meetings.open)

    def _cap_reserves(self) -> Bools:
        """A cap gives way to a reserve of higher precedence, so only the caps before it count."""
        caps, reserves = self._of(Cap), self._of(Reserve)
        before = np.triu(np.ones((len(caps), len(caps)), np.bool_), 1)
        found = self._covered(np.logical_and.outer(caps, reserves) & before)
        for first, second in np.argwhere(found).tolist():
            cap, reserve = self.strategies[first].action, self.strategies[second].action
            assert isinstance(cap, Cap)
            assert isinstance(reserve, Reserve)
            found[first, second] = cap_prevents(cap, reserve, second, self.matcher)
        return found
