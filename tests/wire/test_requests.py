"""Do the quick and the careful way of reading a request agree on everything?"""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.engine import kernel
from aedile.engine.requests import Request, parse_request
from aedile.errors import DataError
from aedile.language.schema import parse_schema
from aedile.wire import read_arrow_request, read_request
from aedile.wire.requests import _quick, _quickest

SCHEMA = parse_schema(
    """
    entities:
      item:
        meaning: A listing.
        features:
          price: {type: double, meaning: Price.}
          bid: {type: double, meaning: Bid., source: request}
          note: {type: string, meaning: A note., source: request}
          shown: {type: bool, meaning: On show., source: request}
          since: {type: timestamp, meaning: Since when., source: request}
          wait: {type: duration, meaning: How long., source: request}
          stock: {type: int, meaning: Left., source: request}
      content:
        meaning: A video.
        features: {likes: {type: int, meaning: Likes.}}
      query:
        meaning: A search.
        features: {heat: {type: double, meaning: Heat.}}
      request:
        features:
          budget: {type: double, meaning: Budget.}
          segment: {type: string, meaning: Segment.}
    """
)
GOOD = {
    "id": "r:1",
    "market": "ID",
    "channel": "live",
    "time": "2026-11-25T08:30:00Z",
    "shopper": "s:1",
    "query": "hp: 15",
    "context": {"budget": 12.5, "segment": "a:b"},
    "candidates": [
        {"id": "a", "score": 2.5, "features": {"bid": 1.5, "note": "x:y"}},
        {"kind": "content", "id": "b:", "score": 1},
    ],
    "offset": 0,
    "limit": 10,
}


PLAIN = {**GOOD, "candidates": [{"id": "a:1", "score": 2.5}, {"score": 1e-3, "id": "b", "kind": "content"}]}
compiled_alone = pytest.mark.skipif(kernel.compiled is None, reason="the kernel is not compiled on this machine")


def same(a: Request, b: Request) -> bool:
    scores = (a.candidates.scores is None) == (b.candidates.scores is None) and (
        a.candidates.scores is None or a.candidates.scores.tolist() == b.candidates.scores.tolist()
    )
    plain = ("id", "market", "channel", "time", "shopper", "query", "context", "offset", "limit")
    features = {name: column.to_python() for name, column in a.candidates.features.items()}
    return (
        scores
        and all(getattr(a, name) == getattr(b, name) for name in plain)
        and (a.candidates.ids, a.candidates.kinds) == (b.candidates.ids, b.candidates.kinds)
        and str(features) == str({name: column.to_python() for name, column in b.candidates.features.items()})
    )


def outcome(read, body):
    try:
        return read(body, SCHEMA)
    except DataError as error:
        return error.to_dict()


def agree(body: bytes) -> None:
    quick, careful = outcome(read_request, body), outcome(parse_request, body)
    assert type(quick) is type(careful)
    assert quick == careful if isinstance(quick, dict) else same(quick, careful)


def test_a_good_request_goes_the_quick_way():
    body = json.dumps(GOOD).encode()
    assert _quick(body, SCHEMA) is not None
    agree(body)


def test_texts_of_other_scripts_go_the_quick_way_escaped_or_not():
    for ascii_only in (True, False):
        body = json.dumps({**GOOD, "query": "لابتوب: กระเป๋า"}, ensure_ascii=ascii_only).encode()
        assert _quick(body, SCHEMA) is not None
        agree(body)


@pytest.mark.parametrize(
    "twice",
    [
        '"id": "r2", ',
        '"context": {"budget": 1.0}, ',
        '"candidates": [], ',
        '"time": "2026\\u002d11-25T08\\u003a30\\u003a00Z", ',
        '"offset": 0, ',
        '"shopper": null, ',
    ],
)
def test_a_key_that_stands_twice_is_refused_wherever_it_stands(twice):
    body = ("{" + twice + json.dumps(GOOD)[1:]).encode()
    assert outcome(read_request, body)["code"] == "AED-DATA-101"
    agree(body)


@pytest.mark.parametrize(
    "inner",
    [
        '{"id": "a", "id": "b"}',
        '{"id": "a", "features": {"bid": 1.5, "bid": 2.5}}',
        '{"id": "a", "score": 1.0, "score": 2.0}',
    ],
)
def test_a_key_that_stands_twice_in_a_candidate_is_refused(inner):
    body = json.dumps({**GOOD, "candidates": []}).replace("[]", f"[{inner}]").encode()
    assert outcome(read_request, body)["code"] == "AED-DATA-101"


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([":", "NaN"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
CANDIDATES = st.fixed_dictionaries(
    {"id": st.text(max_size=3) | st.sampled_from("abc")},
    optional={
        "kind": st.sampled_from(["item", "content", "query", "seller"]) | JSON_VALUES,
        "score": st.floats(0, 10) | st.integers(0, 5) | JSON_VALUES,
        "features": st.dictionaries(
            st.sampled_from(["bid", "note", "item.bid", "price", "stock"]), JSON_VALUES, max_size=2
        )
        | JSON_VALUES,
    },
)


@given(
    changed=st.dictionaries(st.sampled_from([*GOOD, "other"]), JSON_VALUES, max_size=2),
    candidates=st.lists(CANDIDATES, max_size=4),
    ascii_only=st.booleans(),
    gone=st.sets(st.sampled_from(sorted(GOOD)), max_size=1),
)
def test_both_ways_agree_on_any_body(changed, candidates, ascii_only, gone):
    data = {**GOOD, "candidates": candidates, **changed}
    data = {key: value for key, value in data.items() if key not in gone}
    try:
        body = json.dumps(data, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:
        return
    agree(body)


@compiled_alone
def test_plain_candidates_go_the_quickest_way():
    for candidates in (PLAIN["candidates"], [], [{"id": "a"}, {"id": "b", "kind": "item"}]):
        for space in (None, 1):
            body = json.dumps({**PLAIN, "candidates": candidates}, indent=space).encode()
            assert _quickest(body, SCHEMA) is not None
            agree(body)


@compiled_alone
@pytest.mark.parametrize(
    "inner",
    [
        '{"id": "a", "features": {"bid": 1.5}}',
        '{"id": "a\\u0062"}',
        '{"id": "é"}',
        '{"id": ""}',
        '{"id": "a"}, {"id": "a"}',
        '{"id": "a", "score": 1}, {"id": "b"}',
        '{"id": "a", "score": -1}',
        '{"id": "a", "score": 1e999}',
        '{"id": "a", "score": 01}',
        '{"id": "a", "score": .5}',
        '{"id": "a", "score": 1.}',
        '{"id": "a", "score": null}',
        '{"id": "a",}',
        '{"id": "a"},',
        '{"id": "a"} {"id": "b"}',
        '{"id": "a", "id": "b"}',
        '{"kind": "item"}',
        '{"id": "' + "a" * 129 + '"}',
    ],
)
def test_other_candidates_do_not_go_the_quickest_way(inner):
    body = json.dumps({**GOOD, "candidates": []}).replace("[]", f"[{inner}]").encode()
    assert _quickest(body, SCHEMA) is None
    agree(body)


@compiled_alone
@given(st.floats(0, allow_infinity=False).map(repr) | st.from_regex(r"\A(0|[1-9][0-9]{0,21})(\.[0-9]{1,22})?\Z"))
def test_a_score_is_the_double_nearest_to_what_was_sent(number):
    found = kernel.read_candidates(b'{"candidates": [{"id": "a", "score": %b}]}' % number.encode(), 1, 1)
    assert found is not None
    assert found.scores is not None
    assert found.scores.tolist() == [float(number)]


@given(at=st.integers(0, 400), byte=st.sampled_from([*b'{}[]",:\\ae0.- \n', 0, 200]), instead=st.booleans())
def test_all_ways_agree_on_a_plain_body_with_a_byte_changed(at, byte, instead):
    body = json.dumps(PLAIN).encode()
    agree(body[:at] + bytes([byte]) + body[at + instead :])


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode(errors="surrogatepass")))
def test_both_ways_agree_on_what_is_no_json(body):
    agree(body)


@given(cut=st.integers(0, 400))
def test_both_ways_agree_on_a_body_that_was_cut(cut):
    agree(json.dumps(GOOD).encode()[:cut])


def test_brackets_without_end_are_an_error():
    agree(b'{"id": ' + b"[" * 100_000)
    agree(json.dumps(GOOD).replace("12.5", "[" * 5000 + "]" * 5000).encode())


def arrow(table: pa.Table, request: object = None) -> bytes:
    said = {key: value for key, value in GOOD.items() if key != "candidates"} if request is None else request
    table = table.replace_schema_metadata({"aedile.request": json.dumps(said)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


def test_arrow_and_json_bring_the_same_request():
    since = pa.array([1_700_000_000_000_000, None], pa.timestamp("us", "UTC"))
    table = pa.table(
        {
            "id": ["a", "b"],
            "score": [2.5, 1.0],
            "bid": [float("inf"), None],
            "item.note": ["n", None],
            "since": since,
            "wait": pa.array([90_000_000, None], pa.duration("us")),
            "stock": pa.array([3, None], pa.int32()),
        }
    )
    features = {"bid": "Infinity", "note": "n", "since": "2023-11-14T22:13:20Z", "wait": "90s", "stock": 3}
    candidates = [{"id": "a", "score": 2.5, "features": features}, {"id": "b", "score": 1.0}]
    by_json = read_request(json.dumps({**GOOD, "candidates": candidates}).encode(), SCHEMA)
    assert same(read_arrow_request(arrow(table), SCHEMA), by_json)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "AED-DATA-101"),
        (b"not arrow at all", "AED-DATA-101"),
        (arrow(pa.table({"id": ["a"]}))[:-40], "AED-DATA-101"),
        (arrow(pa.table({"id": ["a"]}), {}), "AED-DATA-104"),
        (arrow(pa.table({"id": ["a"]}), []), "AED-DATA-103"),
        (arrow(pa.table({"id": ["a"]}), GOOD), "AED-DATA-103"),
        (arrow(pa.table([pa.array(["a"]), pa.array(["b"])], names=["id", "id"])), "AED-DATA-103"),
        (arrow(pa.table({"id": ["a", "a"]})), "AED-DATA-108"),
        (arrow(pa.table({"id": [1]})), "AED-DATA-102"),
        (arrow(pa.table({"id": ["a"], "prise": [1.0]})), "AED-DATA-109"),
        (arrow(pa.table({"id": ["a"], "score": [float("nan")]})), "AED-DATA-107"),
        (arrow(pa.table({"id": ["a"], "since": pa.array([1], pa.timestamp("us"))})), "AED-DATA-101"),
    ],
)
def test_an_arrow_request_that_cannot_be_is_told_why(body, code):
    with pytest.raises(DataError) as caught:
        read_arrow_request(body, SCHEMA)
    assert caught.value.code.name == code


def test_an_arrow_stream_without_metadata_is_told_what_belongs_there():
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, pa.schema({"id": pa.string()})):
        pass
    with pytest.raises(DataError, match="says nothing of the request"):
        read_arrow_request(sink.getvalue().to_pybytes(), SCHEMA)
