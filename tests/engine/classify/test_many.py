"""Many requests decided at once come out as each of them does alone."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pyarrow as pa
import pytest

from aedile.engine import kernel
from aedile.engine.decide import Decider
from aedile.engine.many import Decided, ManyDecider, Requests, part_of
from aedile.engine.requests import Request
from aedile.engine.slate_order import scores_as_sent
from aedile.language.columns import Column, column_from_python
from aedile.language.types import STRING, TIMESTAMP
from tests.replay.mall import Mall, read_lists


def together(requests: list[Request]) -> Requests:
    """The requests as columns, without anything that was sent but ids and scores."""
    kinds = sorted({kind for request in requests for kind in request.candidates.kinds})
    texts = {
        "request.id": [r.id for r in requests], "request.market": [r.market for r in requests],
        "request.channel": [r.channel for r in requests], "request.shopper": [r.shopper for r in requests],
        "request.query": [r.query for r in requests],
    }  # fmt: skip
    features: dict[str, Column] = {name: column_from_python(STRING, values) for name, values in texts.items()}
    features["request.time"] = column_from_python(TIMESTAMP, [r.time for r in requests])
    scores = [
        r.candidates.scores if r.candidates.scores is not None else scores_as_sent(len(r.candidates)) for r in requests
    ]
    return Requests(
        features, np.concatenate(([0], np.cumsum([len(r.candidates) for r in requests]))).astype(np.int64), kinds,
        np.array([kinds.index(kind) for r in requests for kind in r.candidates.kinds], np.int8),
        pa.array([id_ for r in requests for id_ in r.candidates.ids], pa.large_string()), np.concatenate(scores),
    )  # fmt: skip


def bare(request: Request) -> Request:
    return replace(request, context={}, candidates=replace(request.candidates, features={}), offset=0, limit=None)


def assert_as_alone(mall: Mall, requests: list[Request], found: Decided, muted: list[str]) -> None:
    alone, first = Decider(mall.engine, muted), 0
    for request in requests:
        decision, last = alone.decide(request, with_unknown=False), first + len(request.candidates)
        assert part_of(found.verdicts, first, last).equals(decision.verdicts)
        assert found.rank_after[first:last].tolist() == decision.slate.rank_after.tolist()
        assert found.pinned[first:last].tolist() == decision.slate.pinned.tolist()
        assert found.reserved[first:last].tolist() == decision.slate.reserved.tolist()
        first = last


@pytest.mark.parametrize("is_compiled", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_many_requests_are_decided_as_each_is_alone(seed, is_compiled, tmp_path, monkeypatch):
    if not is_compiled:
        monkeypatch.setattr(kernel, "compiled", None)
    rng = Random(seed)
    mall = Mall(rng, read_lists(tmp_path))
    for _ in range(3):
        requests = [bare(mall.ask(number)) for number in range(30)]
        muted = rng.sample([s.id for s in mall.engine.strategies], 2)
        assert_as_alone(mall, requests, ManyDecider(mall.engine, muted=muted).decide(together(requests)), muted)
        mall.live_on()
    mall.engine = mall.engine.replace(mall.engine.strategies[3:])
    requests = [bare(mall.ask(number)) for number in range(30)]
    assert_as_alone(mall, requests, ManyDecider(mall.engine).decide(together(requests)), [])


def test_no_requests_at_all_are_decided(tmp_path):
    mall = Mall(Random(1), read_lists(tmp_path))
    none = together([replace(bare(mall.ask(1)), candidates=bare(mall.ask(1)).candidates.at(np.zeros(0, np.int64)))])
    assert len(ManyDecider(mall.engine).decide(none).rank_after) == 0
