"""Do named lists hold exactly their entries until they expire, however large, and are bad files told line by line?"""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.errors import Errors, LanguageError
from aedile.language import ir
from aedile.language.columns import column_from_python
from aedile.language.evaluation import Table, evaluate, why_unknown
from aedile.language.hashing import hash_texts
from aedile.language.lists import NEVER, list_from_python, named_list, read_list
from aedile.language.types import BOOL, STRING, TIMESTAMP

words = st.text(max_size=20) | st.sampled_from(["", "a", "aaaaaaaa", "aaaaaaaaa", "\0", "\0\0"])


def array(texts: list[str]) -> pa.LargeStringArray:
    return pa.array(texts, pa.large_string())


def in_list(
    texts: list[str | None], times: list[int | None], name: str, entries: dict[str, int | None]
) -> list[object]:
    rows = Table(
        {"x": column_from_python(STRING, texts), "request.time": column_from_python(TIMESTAMP, times)}, len(texts)
    )
    node = ir.InList(BOOL, ir.Feature(STRING, "x"), name)
    return evaluate(node, rows, {name: list_from_python(name, entries)}).to_python()


@given(st.lists(words), st.lists(words))
def test_a_list_contains_its_entries_and_nothing_else(entries: list[str], others: list[str]) -> None:
    named = named_list("n", array(entries))
    assert len(named) == len(set(entries))
    assert named.contains(array(entries + others), None).tolist() == [t in entries for t in entries + others]


@given(st.lists(words, min_size=1))
def test_a_text_hashes_alike_alone_and_among_others(texts: list[str]) -> None:
    together = hash_texts(array(texts))
    assert together.tolist() == [int(hash_texts(array([text]))[0]) for text in texts]
    assert hash_texts(array(["before", *texts]).slice(1)).tolist() == together.tolist()
    assert len(set(together.tolist())) == len(set(texts))


def test_a_hash_never_changes() -> None:
    assert hash_texts(array(["", "4006381333931", "ÀÉ"])).tolist() == [
        0,
        13114777812673689320,
        8510150574474901821,
    ]


def test_texts_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aedile.language.lists.hash_texts", lambda texts: np.zeros(len(texts), np.uint64))
    texts = [f"t{i}" for i in range(50)]
    named = named_list("n", array([*texts, *texts]))
    assert len(named) == 50
    assert named.contains(array([*texts, "t50", ""]), None).tolist() == [True] * 50 + [False] * 2
    Random(3).shuffle(texts)
    assert named_list("n", array(texts)).digest == named.digest


def test_of_equal_entries_the_latest_expiry_holds_and_never_is_the_latest() -> None:
    ends = np.array([5, 9, 7, 3, NEVER, 4])
    named = named_list("n", array(["a", "a", "a", "b", "b", "c"]), ends)
    assert named.expiries(array(["a", "b", "c"])).tolist() == [9, NEVER, 4]
    assert named.contains(array(["a", "b", "c"]), 4).tolist() == [True, True, False]
    assert named.contains(array(["a", "b", "c"]), None).all()
    assert named.has_expiry


def test_a_list_whose_entries_stay_for_ever_needs_no_time() -> None:
    assert not named_list("n", array(["a"]), np.array([NEVER])).has_expiry
    assert in_list(["a", "b", None], [None, None, None], "n", {"a": None}) == [True, False, None]


def test_expiry_is_judged_at_the_time_of_the_request_and_is_exclusive() -> None:
    entries = {"a": 10, "b": None}
    assert in_list(["a"] * 4, [9, 10, 11, None], "n", entries) == [True, False, False, None]
    assert in_list(["b", "c"], [None, None], "n", entries) == [True, False]


def test_a_missing_time_is_the_reason_for_an_expiring_entry() -> None:
    rows = Table({"x": column_from_python(STRING, ["a"]), "request.time": column_from_python(TIMESTAMP, [None])}, 1)
    node = ir.InList(BOOL, ir.Feature(STRING, "x"), "n")
    assert why_unknown(node, rows, {"n": list_from_python("n", {"a": 1})}) == ("AED-LANG-050", ("request.time",))


def test_a_list_that_was_not_given_is_an_error() -> None:
    with pytest.raises(LanguageError, match='no list "n"'):
        evaluate(ir.InList(BOOL, ir.Const(STRING, "a"), "n"), Table({}, 1))


def test_the_digest_depends_on_entries_and_expiries_alone() -> None:
    one = list_from_python("a", {"x": None, "y": 5})
    assert one.digest == list_from_python("b", {"y": 5, "x": None}).digest
    others = [{"x": None}, {"x": None, "y": 6}, {"x": 5, "y": None}, {"xy": None, "": 5}]
    assert len({one.digest, *(list_from_python("a", entries).digest for entries in others)}) == 5


def test_a_hundred_thousand_entries_are_found_and_their_neighbours_are_not() -> None:
    numbers = np.arange(100_000) * 2 + 4_006_381_000_000
    named = named_list("n", pa.array(numbers).cast(pa.large_string()))
    assert named.contains(pa.array(numbers).cast(pa.large_string()), None).all()
    assert not named.contains(pa.array(numbers + 1).cast(pa.large_string()), None).any()


def write(folder: Path, content: bytes) -> Path:
    path = folder / "recalled-gtin.txt"
    path.write_bytes(content)
    return path


def test_a_file_has_one_entry_a_line_and_optional_expiries(tmp_path: Path) -> None:
    content = "\ufeffabc\r\nÀÉ\t2026-11-25T00:00:00Z\n  two words \nlast".encode()
    named = read_list(write(tmp_path, content))
    assert named.name == "recalled-gtin"
    assert len(named) == 4
    found = named.expiries(array(["abc", "ÀÉ", "  two words ", "last"])).tolist()
    assert found == [NEVER, 1_795_564_800_000_000, NEVER, NEVER]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_empty_list(content: bytes, tmp_path: Path) -> None:
    assert len(read_list(write(tmp_path, content))) == 0


@pytest.mark.parametrize(
    ("content", "line", "code"),
    [
        (b"a\n\nb\n", 2, "AED-DATA-052"),
        (b"\n", 1, "AED-DATA-052"),
        (b"a\r\n\r\nb", 2, "AED-DATA-052"),
        (b"a\n\t2026-11-25T00:00:00Z\n", 2, "AED-DATA-052"),
        (b"a\nb\n" + b"x" * 1025, 3, "AED-DATA-053"),
        (b"a\nb\ttomorrow\n", 2, "AED-DATA-054"),
        (b"a\t\n", 1, "AED-DATA-054"),
        (b"a\t2026-11-25T00:00:00Z\tmore\n", 1, "AED-DATA-054"),
        (b"a\nb\n\xff\xfe\nc", 3, "AED-DATA-051"),
        (b"a\nb\t\xff\n", 2, "AED-DATA-051"),
    ],
)
def test_a_bad_line_is_named(content: bytes, line: int, code: str, tmp_path: Path) -> None:
    path = write(tmp_path, content)
    with pytest.raises(Errors) as caught:
        read_list(path)
    first = caught.value.errors[0]
    assert (first.place.file, first.place.line, first.code.name) == (str(path), line, code)


def test_all_bad_lines_are_told_at_once_in_their_order_up_to_twenty(tmp_path: Path) -> None:
    with pytest.raises(Errors) as caught:
        read_list(write(tmp_path, b"a\tx\n\nb\ty\n" * 100))
    assert [error.place.line for error in caught.value.errors] == list(range(1, 21))


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Errors, match="No such file"):
        read_list(tmp_path / "none.txt")
