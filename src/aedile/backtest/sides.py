"""What do both sides make of the same requests? Everything they share is worked out once.

Where schema and lists are the same, all strategies of both sides run in one engine: which fire is found once, and what
becomes of it twice, each side having a book in which the other's strategies do nothing. A request in which nothing
fires that only one side has comes out alike on both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from aedile.backtest.detailed import Detailed, decide_detailed
from aedile.backtest.logged import Logged
from aedile.backtest.marginal import chosen, verdicts_at
from aedile.backtest.plan import Plan, Side
from aedile.engine.axis_bits import pack_bits
from aedile.engine.engine import Engine, _identity, lists_used
from aedile.engine.kernel import Words
from aedile.engine.many import Decided, ManyDecider
from aedile.engine.verdicts import Verdicts

#: From this share of requests on all are decided twice rather than those alone in which something differs.
MOST = 0.6


class Sides:
    """Both sides, compiled. deciders: before (None where the log says what was) and after; engines: those they use."""

    deciders: tuple[ManyDecider | None, ManyDecider]

    def __init__(self, plan: Plan) -> None:
        before, after = plan.before, plan.after
        self._differing: Words | None = None
        if before is None:
            self.engines: list[Engine] = [_engine(after)]
            self.deciders = None, ManyDecider(self.engines[0])
        elif _share(before, after):
            self._together(before, after)
        else:
            self.engines = [_engine(after), _engine(before)]
            self.deciders = ManyDecider(self.engines[1]), ManyDecider(self.engines[0])

    def _together(self, before: Side, after: Side) -> None:
        both = {_identity(strategy): strategy for strategy in (*before.strategies, *after.strategies)}
        engine = Engine(after.schema, both.values(), {**before.lists, **after.lists})
        books, masks = [], []
        for side in (before, after):
            mine = {_identity(strategy) for strategy in side.strategies}
            numbers = [number for number, strategy in enumerate(engine.strategies) if _identity(strategy) in mine]
            mask = pack_bits(numbers, engine.words)
            masks.append(mask)
            books.append(replace(engine.book, live=engine.book.live & mask, shadow=engine.book.shadow & mask))
        self.engines = [engine]
        self._differing = masks[0] ^ masks[1]
        self.deciders = ManyDecider(engine, books[0]), ManyDecider(engine, books[1])

    @property
    def after(self) -> Engine:
        """The engine whose entities tell candidates apart."""
        return self.deciders[1].engine

    def decide(self, logged: Logged, detailed: Sequence[Detailed]) -> tuple[Decided | None, Decided]:
        """The decisions of both sides."""
        before, after = self.deciders
        if before is None or self._differing is None or detailed:
            return (
                decide_detailed(before, logged, detailed) if before is not None else None,
                decide_detailed(after, logged, detailed),
            )
        requests = logged.requests
        fired = after.fire(requests)
        first = before.settle(fired)
        rows = fired.requests_with(self._differing)
        if len(rows) == 0:
            return first, first
        if len(rows) > MOST * len(requests):
            return first, after.settle(fired)
        some, places = chosen(requests, rows)
        return first, _with(first, after.decide(some), places)


def _share(one: Side, other: Side) -> bool:
    """Whether both sides can run in one engine: their schemas are the same, and the lists that they use."""
    names = set().union(*(lists_used(strategy) for side in (one, other) for strategy in side.strategies))
    same = all(
        one.lists.get(name, other.lists.get(name)) == other.lists.get(name, one.lists.get(name)) for name in names
    )
    return same and one.schema.digest() == other.schema.digest()


def _engine(side: Side) -> Engine:
    return Engine(side.schema, side.strategies, side.lists)


def _with(whole: Decided, some: Decided, places: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Decided:
    """The decisions with others for some candidates."""
    n = len(whole.rank_after)
    source = np.arange(n)
    source[places] = n + np.arange(len(places))
    a, b = whole.verdicts, some.verdicts
    both = Verdicts(
        np.concatenate((a.excluded_by, b.excluded_by)), np.concatenate((a.multiplier, b.multiplier)),
        np.concatenate((a.fired_offsets, b.fired_offsets[1:] + len(a.fired))), np.concatenate((a.fired, b.fired)),
        np.concatenate((a.acts, b.acts)),
        np.concatenate((a.shadow_offsets, b.shadow_offsets[1:] + len(a.shadow))), np.concatenate((a.shadow, b.shadow)),
    )  # fmt: skip
    return Decided(
        verdicts_at(both, source),
        *(
            np.concatenate((getattr(whole, name), getattr(some, name)))[source]
            for name in ("rank_after", "pinned", "reserved")
        ),
    )
