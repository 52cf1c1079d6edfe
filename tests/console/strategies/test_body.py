"""A strategy as data and as a file say the same, whatever text is in it."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from aedile.console.strategies.body import from_text, to_text

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\x85\u2028\u2029\ufffe\uffff")
    | st.sampled_from("\n\t"),
    max_size=40,
)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False) | TEXT
    | st.sampled_from([1e16, 1e-5, 1e300, 5e-324, -0.0])
    | st.sampled_from(["NO", "no", "~", "1.0", "0o17", "0x1F", "1_000", "2026-11-25", "on", "null", "<<", "=", "é: #"])
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT.filter(bool), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
KEYS = st.sampled_from(["title", "why", "markets", "params", "examples", "condition", "action"]) | st.text(
    string.ascii_lowercase, min_size=1, max_size=8
).filter(lambda key: key not in ("stage", "canary"))


@given(st.dictionaries(KEYS, VALUES, max_size=6), st.sampled_from(["shadow", "live", "paused"]))
def test_what_is_written_is_read_back(body, stage):
    body = {"id": "some-id", **body}
    assert from_text(to_text(body, stage), "some-id.yaml") == (body, stage, None)


@given(st.floats(0.001, 1.0), st.sampled_from(["shopper", "item", "seller"]))
def test_a_canary_keeps_its_unit_and_its_share(share, unit):
    body = {"id": "some-id", "canary": {"unit": unit}} if unit != "shopper" else {"id": "some-id"}
    assert from_text(to_text(body, "canary", share), "some-id.yaml") == (body, "canary", share)


def test_people_find_the_keys_in_their_order():
    text = to_text({"condition": "true", "title": "T", "id": "a", "why": "W"}, "live")
    assert [line.partition(":")[0] for line in text.splitlines()] == ["id", "title", "why", "condition", "stage"]
