"""A request is understood to the letter, or refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.engine.requests import Request, parse_request, read_requests, request_from
from aedile.errors import DataError
from aedile.language.schema import load_schema
from aedile.language.types import DOUBLE
from tests.files.golden import HERE, refusal

SCHEMA = load_schema(HERE / "schema.yaml")
BASE = {"id": "r1", "market": "ID", "channel": "live", "time": "2026-11-25T00:00:00Z", "candidates": []}


def request(**changes: Any) -> Request:
    return parse_request(json.dumps({**BASE, **changes}), SCHEMA)


def test_the_least_request_has_everything_absent() -> None:
    found = request()
    assert (found.id, found.market, found.channel, found.time) == ("r1", "ID", "live", 1795564800000000)
    assert (found.shopper, found.query, found.context, found.offset, found.limit) == (None, None, {}, 0, None)
    assert len(found.candidates) == 0
    assert found.candidates.scores is None


def test_null_is_absent() -> None:
    found = request(shopper=None, query=None, context={"first_visit": None}, limit=None)
    assert (found.shopper, found.query, found.context, found.limit) == (None, None, {}, None)


def test_a_full_request_keeps_all_it_says() -> None:
    found = request(
        shopper="s",
        query="läptop",
        context={"first_visit": True, "request.basket": ["a"], "query.intent": "buy"},
        candidates=[
            {"id": "a", "score": 2, "features": {"counterfeit_score": 1}},
            {"id": "a", "kind": "content", "score": 0.5, "features": {"content.live_score": 0.25}},
        ],
        offset=20,
        limit=10,
    )
    assert found.context == {"request.first_visit": True, "request.basket": ["a"], "query.intent": "buy"}
    assert (found.query, found.offset, found.limit) == ("läptop", 20, 10)
    candidates = found.candidates
    assert candidates.kinds == ["item", "content"]
    assert candidates.ids == ["a", "a"]
    assert candidates.scores is not None
    assert candidates.scores.tolist() == [2.0, 0.5]
    assert candidates.features["item.counterfeit_score"].type == DOUBLE
    assert candidates.features["item.counterfeit_score"].to_python() == [1.0, None]
    assert candidates.features["content.live_score"].to_python() == [None, 0.25]


def test_one_id_may_stand_for_an_item_and_a_seller() -> None:
    assert len(request(candidates=[{"id": "a"}, {"id": "a", "kind": "seller"}]).candidates) == 2


def test_doubles_that_json_cannot_say_come_as_texts() -> None:
    features = [{"counterfeit_score": text} for text in ("NaN", "Infinity", "-Infinity")]
    found = request(candidates=[{"id": str(i), "features": f} for i, f in enumerate(features)])
    values = found.candidates.features["item.counterfeit_score"].values
    assert math.isnan(values[0])
    assert values[1:].tolist() == [math.inf, -math.inf]


@pytest.mark.parametrize("features", [False, 0, "", [], 1, "a"])
def test_features_of_a_candidate_are_an_object_or_nothing(features: object) -> None:
    with pytest.raises(DataError):
        request(candidates=[{"id": "a", "features": features}])


def test_a_whole_number_with_a_point_is_no_int() -> None:
    with pytest.raises(DataError):
        request(offset=1.0)


def test_scores_of_zero_are_scores() -> None:
    scores = request(candidates=[{"id": "a", "score": 0}, {"id": "b", "score": 0.0}]).candidates.scores
    assert scores is not None
    assert np.array_equal(scores, [0.0, 0.0])


def test_requests_are_read_line_by_line_and_blank_lines_are_nothing(tmp_path: Path) -> None:
    path = tmp_path / "requests.ndjson"
    first, second = json.dumps(BASE), json.dumps({**BASE, "id": "r2"})
    path.write_bytes(f"\ufeff{first}\r\n\n{second}".encode())
    assert [found.id for found in read_requests(path, SCHEMA)] == ["r1", "r2"]


def test_the_requests_before_a_bad_line_are_read_and_its_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "requests.ndjson"
    path.write_text(json.dumps(BASE) + "\n\n{}\n", encoding="utf-8")
    requests = read_requests(path, SCHEMA)
    assert next(requests).id == "r1"
    with pytest.raises(DataError) as caught:
        next(requests)
    assert (caught.value.place.file, caught.value.place.line) == (str(path), 3)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(key=st.sampled_from([*BASE, "shopper", "query", "context", "offset", "limit"]), value=JSON)
def test_any_value_in_any_field_is_read_or_refused_and_never_breaks(key: str, value: object) -> None:
    error = refusal(lambda: request_from({**BASE, key: value}, SCHEMA))
    assert error is None or error.fix


@given(key=st.sampled_from(["kind", "id", "score", "features", "counterfeit_score"]), value=JSON)
def test_any_value_of_a_candidate_is_read_or_refused_and_never_breaks(key: str, value: object) -> None:
    candidate = {"id": "a", "features": {key: value}} if key == "counterfeit_score" else {"id": "a", key: value}
    error = refusal(lambda: request_from({**BASE, "candidates": [candidate]}, SCHEMA))
    assert error is None or error.fix
