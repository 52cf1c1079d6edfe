"""Does the kernel write the very bytes that the answer's structs give?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.engine import kernel
from aedile.engine.decide import Decision
from aedile.engine.requests import Candidates, Request
from aedile.engine.slate_plan import SlatePlan
from aedile.engine.strategy import Strategy
from aedile.wire.answers import _written, answer_bytes, answer_of
from tests.engine.slate.worlds import World, build, verdicts_of, worlds


@dataclass(frozen=True)
class Named:
    """All that an answer asks of a strategy."""

    id: str


def decided(world: World, ids: list[str], kind: str = "item", request: str = "r") -> tuple[Decision, list[Strategy]]:
    scores = np.array([one.score for one in world.candidates], np.float64)
    candidates = Candidates([kind] * len(ids), ids, scores, {})
    asked = Request(request, "ID", "live", 0, candidates)
    named = cast(list[Strategy], [Named(f"s-{number}") for number in range(len(world.actions))])
    return Decision(asked, verdicts_of(world), build(world), None), named


def by_structs(decision: Decision, strategies: list[Strategy]) -> bytes:
    return msgspec.json.encode(answer_of(decision, strategies, 7))


@pytest.mark.skipif(kernel.compiled is None, reason="the kernel is not compiled on this machine")
@given(worlds(), st.sampled_from(["r", 'a "b"', "é\n"]))
def test_an_answer_about_items_is_written_by_the_kernel(world: World, request: str):
    decision, strategies = decided(world, [f"c{number}~" for number in range(len(world.candidates))], request=request)
    assert _written(decision, strategies, 7) == by_structs(decision, strategies)


@given(worlds(), st.lists(st.text(max_size=3), min_size=14, max_size=14), st.sampled_from(["item", "content"]))
def test_whatever_the_ids_and_kinds_are_the_bytes_are_the_same(world: World, ids: list[str], kind: str):
    decision, strategies = decided(world, ids[: len(world.candidates)], kind)
    try:
        expected = by_structs(decision, strategies)
    except UnicodeEncodeError:
        return
    assert answer_bytes(decision, strategies, 7) == expected


@given(st.lists(st.floats(0, allow_infinity=False), min_size=1, max_size=5))
def test_scores_are_written_as_the_structs_write_them(scores: list[float]):
    world = World([], [])
    decision, strategies = decided(world, [])
    n = len(scores)
    order: Any = np.arange(n)
    slate = replace(decision.slate, order=order, page=order, score=np.array(scores), plan=SlatePlan.of([]))
    verdicts = replace(decision.verdicts, excluded_by=np.full(n, -1, np.int32))
    ids = [str(number) for number in range(n)]
    asked = replace(decision.request, candidates=Candidates(["item"] * n, ids, None, {}))
    decision = Decision(asked, verdicts, slate, None)
    assert answer_bytes(decision, strategies, 7) == by_structs(decision, strategies)
