"""Every line that is no entry is found, with its number and what is wrong; nothing that is sent grows too large."""

from __future__ import annotations

import gzip
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.console.lists import lines as module
from aedile.console.lists.cells import as_cell, csv_of, from_cell
from aedile.console.lists.entries import encode
from aedile.console.lists.lines import Flaw, read_lines
from aedile.console.lists.looking import Entry
from aedile.console.lists.sources import is_small, text_in
from aedile.errors import ConsoleError, Errors
from aedile.language.lists import read_list

ZWSP = "\N{ZERO WIDTH SPACE}"


def read(data, **kept):
    return read_lines(np.frombuffer(bytearray(data), np.uint8), **kept)


def found(data):
    return [(problem.line, problem.flaw) for problem in read(data).problems]


@pytest.mark.parametrize(
    ("line", "flaw"),
    [
        (b"", Flaw.EMPTY),
        (b"\t2026-11-25T00:00:00Z", Flaw.EMPTY),
        (b"x" * 1025, Flaw.LONG),
        (b"caf\xe9", Flaw.CODING),
        (b"\xed\xa0\x80", Flaw.CODING),
        (b"a\x00b", Flaw.CONTROL),
        (b"a\rb", Flaw.CONTROL),
        (b"a\x7f", Flaw.CONTROL),
        ("a\x85b".encode(), Flaw.CONTROL),
        (b" a", Flaw.SPACE),
        (b"a ", Flaw.SPACE),
        (b"a \t2026-11-25T00:00:00Z", Flaw.SPACE),
        (b"a\ttomorrow", Flaw.EXPIRY),
        (b"a\t", Flaw.EXPIRY),
        (b"a\t2026-11-25T00:00:00Z\tb", Flaw.EXPIRY),
        (b"first", Flaw.TWICE),
    ],
)
def test_a_line_that_is_no_entry_is_named_with_its_flaw(line, flaw):
    said = read(b"first\nsecond\n" + line + b"\nlast\n")
    assert [(problem.line, problem.flaw) for problem in said.problems] == [(3, flaw)]
    assert (said.lines, said.bad, len(said.entries)) == (4, 1, 3)


@pytest.mark.parametrize("line", ["x" * 1024, "a b", "a\u00a0", "Café", "商品", ZWSP, "\U0010ffff", "'=1", "a,b", '"'])
def test_what_a_list_may_hold_is_taken_as_written(line):
    said = read(f"first\n{line}\r\nlast".encode())
    assert (said.bad, said.problems) == (0, ())
    assert line in said.entries.texts.to_pylist()


def test_entries_come_in_order_and_the_latest_expiry_of_one_holds():
    said = read(b"b\t2026-11-25T00:00:00Z\na\nb\t2026-11-26T00:00:00Z\nb\t2026-11-24T00:00:00Z\n")
    assert encode(said.entries) == b"a\nb\t2026-11-26T00:00:00Z\n"
    assert [(one.line, one.flaw, one.text) for one in said.problems] == [(3, "twice", "b"), (4, "twice", "b")]


def test_a_line_is_named_by_its_number_also_behind_others_that_are_left_out():
    assert found(b"\n\na\n\nb\na\n") == [(1, "empty"), (2, "empty"), (4, "empty"), (6, "twice")]
    assert [one.line for one in read(b"a\na\n", first=2).problems] == [3]


def test_the_first_twenty_are_named_and_all_are_counted():
    said = read(b"a\n" + b"\n" * 1000 + b"a\n")
    assert said.bad == 1001
    assert [problem.line for problem in said.problems] == list(range(2, 22))


def test_blocks_make_no_difference(monkeypatch):
    data = b"\xef\xbb\xbf" + "".join(f"{n % 90:03}é{'' if n % 7 else ' '}\n" for n in range(100)).encode()
    wanted = read(data)
    for size in (1, 5, 64):
        monkeypatch.setattr(module, "_BLOCK", size)
        said = read(data)
        assert (said.lines, said.bad, said.problems) == (wanted.lines, wanted.bad, wanted.problems)
        assert encode(said.entries) == encode(wanted.entries)


@given(st.binary(max_size=60) | st.text("ab\r\n\t é", max_size=40).map(str.encode))
def test_what_is_taken_the_engine_takes_and_understands_alike(tmp_path_factory, data):
    said = read(data)
    path = tmp_path_factory.mktemp("lists") / "list.txt"
    path.write_bytes(encode(said.entries))
    again = read_list(path)
    assert len(again) == len(said.entries)
    path.write_bytes(data)
    try:
        engine = read_list(path)
    except Errors:
        assert said.bad
    else:
        if said.bad == 0:
            assert again.digest == engine.digest


def test_text_is_read_packed_or_not(tmp_path):
    for name, data in {"plain": b"b\na\n", "packed": gzip.compress(b"b\n") + gzip.compress(b"a\n")}.items():
        path = tmp_path / name
        path.write_bytes(data)
        assert text_in(path, is_csv=False).data.tobytes() == b"b\na\n"
        assert is_small(path)


def test_csv_is_read_by_its_columns(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text('brand,Expires,ENTRY\nx,2026-11-25T00:00:00Z,"a,b"\ny,,"c ""d"""\n')
    text = text_in(path, is_csv=True)
    assert (text.data.tobytes(), text.first) == (b'a,b\t2026-11-25T00:00:00Z\nc "d"\n', 2)
    path.write_text("a,2026-11-25T00:00:00Z\nb\n\n")
    text = text_in(path, is_csv=True)
    assert (text.data.tobytes(), text.first) == (b"a\t2026-11-25T00:00:00Z\nb\n\n", 1)


def test_a_cell_with_a_line_break_is_no_entry_and_what_is_not_utf8_is_found(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(b'"a\nb"\ncaf\xe9\n"a\tb"\n')
    said = read_lines(text_in(path, is_csv=True).data)
    assert [(one.line, one.flaw) for one in said.problems] == [(1, "control"), (2, "coding"), (3, "control")]


@pytest.mark.parametrize(
    ("data", "is_csv", "what"),
    [
        (b"PK\x03\x04\x00\x00rest", False, "a spreadsheet or a zip archive"),
        ("a\n".encode("utf-16"), False, "UTF-16"),
        (gzip.compress(b"a\n" * 1000, mtime=0)[:-9], False, "cannot be unpacked"),
        (b"\x1f\x8bnot", False, "cannot be unpacked"),
        (b'"a\nb', True, "not CSV"),
        (b"x" * 200_000, True, "not CSV"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path, data, is_csv, what):
    path = tmp_path / "list"
    path.write_bytes(data)
    with pytest.raises(ConsoleError, match=what):
        text_in(path, is_csv=is_csv)


def test_entries_that_look_like_the_beginning_of_another_kind_of_file_are_entries(tmp_path):
    path = tmp_path / "list"
    path.write_bytes(b"PAR1\nBZh\n")
    assert text_in(path, is_csv=False).data.tobytes() == b"PAR1\nBZh\n"


def test_a_small_file_that_unpacks_to_much_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    from aedile.console.lists import sources

    monkeypatch.setattr(sources, "MAX_BYTES", 8 << 20)
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb") as packed:
        for _ in range(256):
            packed.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    tracemalloc.start()
    try:
        assert not is_small(path)
        with pytest.raises(ConsoleError, match="unpacks to more than 8 MiB"):
            text_in(path, is_csv=False)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


def test_more_lines_than_any_list_may_have_are_not_looked_at(monkeypatch):
    monkeypatch.setattr(module, "MAX_LINES", 10)
    monkeypatch.setattr(module, "_BLOCK", 8)
    with pytest.raises(ConsoleError, match="more than 10 lines"):
        read(b"\n" * 100)


@given(st.text(st.sampled_from("'=+-@＝a"), max_size=5))
def test_no_cell_is_a_formula_and_every_cell_comes_back_as_it_was(text):
    cell = as_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "＝"))
    assert from_cell(cell) == text


def test_csv_out_and_in_again_is_the_same_list(tmp_path):
    entries = [Entry("=cmd|' /C calc'!A0"), Entry("@creator", "2026-11-25T00:00:00Z"), Entry("'=x"), Entry('a,"b"')]
    path = tmp_path / "list.csv"
    path.write_text(csv_of(entries, is_first=True), newline="")
    assert "\n=" not in path.read_text()
    lines = text_in(path, is_csv=True).data.tobytes().decode().splitlines()
    assert lines == ["=cmd|' /C calc'!A0", "@creator\t2026-11-25T00:00:00Z", "'=x", 'a,"b"']
