"""What does the caller get to know of a decision?

The page of the slate, in order, and what was excluded and why: all that a service needs to show. What every strategy
did stands in the decision log.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import msgspec

from aedile.engine import kernel
from aedile.engine.decide import Decision
from aedile.engine.strategy import Strategy


class Placed(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A candidate on its place; score: after demotes and boosts. badges: keys of texts to show with it."""

    id: str
    score: float
    kind: str = "item"
    badges: tuple[str, ...] = ()


class Excluded(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A candidate that must not be shown; by: the strategy that precedence names as the reason."""

    id: str
    by: str
    kind: str = "item"


class Answer(msgspec.Struct, frozen=True):
    """The answer to one request.

    request: its id. release: the number of the release that decided. size: candidates on the whole slate; `slate` is
    the page of it that `offset` and `limit` asked for. failed: why nothing was decided, where the client was told to go
    on without a decision; a server's answers have none.
    """

    request: str
    release: int | None
    size: int
    slate: list[Placed]
    excluded: list[Excluded]
    failed: str | msgspec.UnsetType | None = msgspec.UNSET


_ITEMS = {"item"}
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Answer)


def answer_of(decision: Decision, strategies: Sequence[Strategy], release: int | None) -> Answer:
    """The answer that a decision gives; strategies: the engine's, by number."""
    candidates, slate = decision.request.candidates, decision.slate
    ids, badges = candidates.ids, slate.badges
    # A default is left out where the value is the very same object, not where it is equal: answers must not differ.
    kinds = ["item"] * len(ids) if {*candidates.kinds} == _ITEMS else [sys.intern(kind) for kind in candidates.kinds]
    scores = slate.score.tolist()
    placed = [Placed(ids[c], scores[c], kinds[c], badges[c]) for c in slate.page.tolist()]
    by = decision.verdicts.excluded_by
    places = (by >= 0).nonzero()[0].tolist()
    excluded = [Excluded(ids[c], strategies[by[c]].id, kinds[c]) for c in places]
    return Answer(decision.request.id, release, len(slate.order), placed, excluded)


def answer_bytes(decision: Decision, strategies: Sequence[Strategy], release: int | None) -> bytes:
    """The answer as JSON: the same decision gives the same bytes, written by the kernel or by way of `answer_of`."""
    return _written(decision, strategies, release) or _ENCODER.encode(answer_of(decision, strategies, release))


def _written(decision: Decision, strategies: Sequence[Strategy], release: int | None) -> bytes | None:
    """The answer by the kernel; None where there is none, or where not all are items with plain ids."""
    candidates, slate = decision.request.candidates, decision.slate
    if kernel.compiled is None or candidates.kinds.count("item") < len(candidates):
        return None
    head = b'{"request":%b,"release":%b,"size":%d,"slate":[' % (
        _ENCODER.encode(decision.request.id), _ENCODER.encode(release), len(slate.order),
    )  # fmt: skip
    plan, badged = slate.plan, slate.badged
    written: bytes | None = kernel.compiled.write_answer(
        head, candidates.ids, len(candidates), slate.page, len(slate.page),
        _ENCODER.encode(slate.score[slate.page].tolist()), badged.candidate,
        [plan.texts[text] for text in plan.badge[badged.strategy].tolist()],
        decision.verdicts.excluded_by, _names(strategies),
    )  # fmt: skip
    return written


_named: tuple[Sequence[Strategy], list[str]] = ((), [])


def _names(strategies: Sequence[Strategy]) -> list[str]:
    """The strategies' ids; asked for the same ones again and again, they are listed once."""
    global _named
    listed, names = _named
    if listed is not strategies:
        names = [strategy.id for strategy in strategies]
        _named = strategies, names
    return names


def read_answer(body: bytes) -> Answer:
    """The answer in a body; a `msgspec.DecodeError` where it is none."""
    return _DECODER.decode(body)
