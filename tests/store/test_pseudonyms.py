"""Is a shopper known by one name for a month, by nobody's guess, and forgotten with the month's key?"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from aedile.errors import StoreError
from aedile.store.pseudonyms import Pseudonyms

#: 2026-11-30T23:59:59.999999Z.
LAST = 1_796_083_199_999_999


def name_in(folder):
    return Pseudonyms(folder).of("ann", LAST)


def test_a_shopper_has_one_name_a_month(tmp_path):
    pseudonyms = Pseudonyms(tmp_path)
    november, december = pseudonyms.of("ann", LAST), pseudonyms.of("ann", LAST + 1)
    assert november.startswith("2026-11.")
    assert december.startswith("2026-12.")
    assert november[8:] != december[8:]
    assert pseudonyms.of("ann", LAST - 29 * 86_400_000_000) == november
    assert pseudonyms.of("bo", LAST) != november
    assert Pseudonyms(tmp_path).of("ann", LAST) == november
    assert "ann" not in november


def test_names_are_others_in_another_installation(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    assert name_in(tmp_path / "one") != name_in(tmp_path / "two")


def test_processes_that_need_a_key_at_once_agree_on_one(tmp_path):
    with ProcessPoolExecutor(8, mp_context=get_context("spawn")) as pool:
        names = set(pool.map(name_in, [tmp_path] * 16))
    assert len(names) == 1
    (key,) = tmp_path.iterdir()
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_month_s_key_goes_when_all_of_the_month_is_too_old(tmp_path):
    pseudonyms = Pseudonyms(tmp_path)
    pseudonyms.of("ann", LAST)
    assert pseudonyms.forget(LAST) == 0
    assert pseudonyms.forget(LAST + 1) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_is_damaged_is_refused(tmp_path):
    (tmp_path / "shopper-2026-11.key").write_bytes(b"short")
    with pytest.raises(StoreError, match="5 bytes"):
        name_in(tmp_path)


def test_the_next_months_key_is_there_before_the_month_is(tmp_path):
    january_31 = 1_769_860_800_000_000
    Pseudonyms(tmp_path).make_ahead(january_31)
    assert [path.name for path in tmp_path.iterdir()] == ["shopper-2026-02.key"]
