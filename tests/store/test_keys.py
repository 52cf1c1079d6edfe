"""Is a key let in only as long, and for what, it was made for, and is nothing to be learned from being refused?"""

from __future__ import annotations

import hashlib
import hmac
import time
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.errors import ServerError, StoreError
from aedile.store.keys import SCOPES, KeyRing, new_key

NOW = 1_800_000_000.0


def ring(*records):
    return KeyRing({record.id: record for record in records})


def refusal(call):
    with pytest.raises(ServerError) as caught:
        call()
    return caught.value


def test_a_key_is_let_in_for_its_scopes_until_it_ends():
    text, record = new_key(("decide", "observe"), NOW + 10, 5, "search")
    keys = ring(record)
    assert keys.check(text, "decide", NOW) is record
    assert keys.check(text, "observe", NOW + 9.9) is record
    assert refusal(lambda: keys.check(text, "decide", NOW + 10)).code.name == "AED-SRV-020"
    assert refusal(lambda: keys.check(text, "entities", NOW)).code.name == "AED-SRV-021"


@given(st.text() | st.none())
def test_no_other_text_is_a_key(text):
    _, record = new_key(SCOPES, NOW + 10)
    assert refusal(lambda: ring(record).check(text, "decide", NOW)).code.name == "AED-SRV-020"


def test_a_secret_that_is_nearly_right_is_wrong_and_refused_in_the_same_words_as_a_strange_key():
    text, record = new_key(SCOPES, NOW + 10)
    keys = ring(record)
    nearly = (text[:-1], text + "a", text.replace("aedile_", "aedile"), text.upper())
    strange = (f"aedile_{record.id}_", "aedile_x_y", None)
    said = {str(refusal(lambda one=one: keys.check(one, "decide", NOW))) for one in (*nearly, *strange)}
    assert len(said) == 1


@pytest.mark.parametrize("kind", ["right", "wrong secret", "strange id", "no key", "expired"])
def test_whatever_is_brought_one_hash_is_compared_with_another_in_constant_time(kind, monkeypatch):
    text, record = new_key(SCOPES, NOW + 10)
    brought = {
        "right": text, "wrong secret": f"aedile_{record.id}_{'a' * 52}", "strange id": f"aedile_{'a' * 16}_{'a' * 52}",
        "no key": None, "expired": text,
    }[kind]  # fmt: skip
    compared = []

    def compare(one, other, real=hmac.compare_digest):
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    check = partial(ring(record).check, brought, "decide", NOW + 20 if kind == "expired" else NOW)
    if kind == "right":
        check()
    else:
        assert refusal(check).code.name == "AED-SRV-020"
    ((one, other),) = compared
    assert one == hashlib.sha256((brought or "").rpartition("_")[2].encode()).hexdigest()
    assert len(one) == len(other) == 64


def test_how_long_a_refusal_takes_does_not_tell_how_much_of_a_secret_is_right():
    text, record = new_key(SCOPES, NOW + 10)
    keys = ring(record)
    tries = {
        "none": f"aedile_{record.id}_{'!' * 52}",
        "nearly all": f"{text[:-1]}!",
        "strange": f"aedile_{'a' * 16}_{'!' * 52}",
    }
    took = dict.fromkeys(tries, 1.0)
    for _ in range(3_000):  # in turns, so that whatever else the machine does falls on all alike
        for name, brought in tries.items():
            began = time.perf_counter()
            with suppress(ServerError):
                keys.check(brought, "decide", NOW)
            took[name] = min(took[name], time.perf_counter() - began)
    assert max(took.values()) < 1.5 * min(took.values())


def test_a_record_holds_no_secret_and_two_keys_have_nothing_in_common():
    (one, first), (other, second) = new_key(SCOPES, NOW), new_key(SCOPES, NOW)
    assert one.split("_")[2] not in str(first)
    assert first.id != second.id
    assert first.hash != second.hash
    assert len(one.split("_")[2]) == 52  # 256 bits in base 32
    assert other != one


def test_keys_are_read_as_they_were_written():
    records = [new_key(("decide",), NOW, limit, "ü")[1] for limit in (None, 3)]
    assert KeyRing.parse(ring(*records).to_bytes()) == ring(*records)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"keys": [{}]}', b'{"keys": [{"id": "a", "scopes": 3}]}'])
def test_keys_that_are_none_are_refused(data):
    with pytest.raises(StoreError) as caught:
        KeyRing.parse(data)
    assert caught.value.code.name == "AED-STORE-050"
