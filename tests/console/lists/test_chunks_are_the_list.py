"""Chunks, merged, compared and paged, are what a plain dict says, whatever came before."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.console.lists.chunks import Piece, pieces_from, rows_of, split
from aedile.console.lists.differing import count_differences, entries_apart, page_of_differences
from aedile.console.lists.entries import Entries, decode, digest_of, encode, entries_of, gathered
from aedile.console.lists.looking import exactly, page, rank, with_prefix
from aedile.console.lists.merging import Deed, Edit, expired, merge
from aedile.language.list_lines import NEVER
from aedile.language.lists import list_from_python, read_list
from aedile.language.values import format_timestamp

#: Chunks of two entries on average, so that a handful of entries makes several.
MEAN = 2

texts = st.text(st.sampled_from("ab 0é\U0001f600~"), min_size=1, max_size=4)
ends = st.sampled_from([None, 0, 1_795_608_000_000_000, 1_795_608_000_000_001])
plain = st.dictionaries(texts, ends, max_size=30)


class Shelf(dict):
    """Chunks by digest; counts how often one is read."""

    def __init__(self):
        self.reads = 0

    def keep(self, digest, data):
        assert self.setdefault(digest, data) == data

    def load(self, piece):
        self.reads += 1
        return self[piece.digest]


def entries(said):
    ordered = sorted(said, key=str.encode)
    until = [NEVER if said[text] is None else said[text] for text in ordered]
    return entries_of(pa.array(ordered, pa.large_string()), pa.array(until, pa.int64()).to_numpy())


def cut(said, shelf, mean=MEAN):
    return tuple(split(entries(said), shelf.keep, mean))


def read(pieces, shelf):
    whole = gathered(decode(shelf[piece.digest]) for piece in pieces)
    return {
        t: None if end == NEVER else end for t, end in zip(whole.texts.to_pylist(), whole.ends().tolist(), strict=True)
    }


def after(said, deed, edit):
    if deed is Deed.PUT:
        return said | edit
    if deed is Deed.REMOVE:
        return {text: end for text, end in said.items() if text not in edit}
    return said | {text: end for text, end in edit.items() if text in said}


@given(plain)
def test_chunks_hold_the_entries_and_say_what_is_in_them(said):
    shelf = Shelf()
    pieces = cut(said, shelf)
    assert read(pieces, shelf) == said
    assert [piece.first for piece in pieces] == sorted(piece.first for piece in pieces)
    for piece in pieces:
        held = read([piece], shelf)
        timed = [end for end in held.values() if end is not None]
        first = min(held, key=str.encode)
        assert piece == Piece(first, len(held), piece.digest, len(timed), min(timed, default=None))
    assert pieces_from(rows_of(pieces)) == pieces


@given(plain, st.lists(st.tuples(st.sampled_from(Deed), plain), max_size=4))
def test_a_list_after_edits_is_the_dict_after_edits_and_has_the_chunks_of_a_list_made_at_once(said, edits):
    shelf = Shelf()
    pieces = cut(said, shelf)
    for deed, edit in edits:
        merged = merge(pieces, Edit(deed, entries(edit)), shelf.load, shelf.keep, MEAN)
        was, said = said, after(said, deed, edit)
        assert merged.pieces == cut(said, Shelf())
        assert read(merged.pieces, shelf) == said
        counts = merged.counts
        both = was.keys() & said.keys()
        assert counts.added == len(said.keys() - was.keys())
        assert counts.removed == len(was.keys() - said.keys())
        assert counts.changed == sum(was[text] != said[text] for text in both)
        if deed is not Deed.PUT:
            assert counts.missing == len(edit.keys() - was.keys())
        pieces = merged.pieces


@given(plain, st.randoms(use_true_random=False))
def test_the_digest_is_the_engines_whatever_order_entries_came_in(said, random):
    shuffled = list(said.items())
    random.shuffle(shuffled)
    assert digest_of(entries(said)) == list_from_python("list", dict(shuffled)).digest


@given(said=plain)
def test_the_lines_of_all_chunks_are_the_file_that_the_engine_reads(tmp_path_factory, said):
    shelf = Shelf()
    path = tmp_path_factory.mktemp("lists") / "list.txt"
    path.write_bytes(b"".join(shelf[piece.digest] for piece in cut(said, shelf)))
    found = read_list(path)
    assert found.digest == list_from_python("list", said).digest
    assert path.read_bytes() == encode(entries(said))


@given(plain, plain, st.integers(1, 5), st.integers(1, 4))
def test_the_difference_of_two_lists_is_that_of_two_dicts(old, new, count, steps):
    shelf = Shelf()
    before, now = cut(old, shelf), cut(new, shelf)
    rows, behind = [], ""
    while behind is not None:
        one = page_of_differences(before, now, shelf.load, behind, count=count, steps=steps)
        rows.extend(one.rows)
        assert len(one.rows) <= count
        behind = one.behind
    found = {row.text: (row.was, row.became) for row in rows}
    assert len(found) == len(rows)

    def said(of, text):
        if text not in of:
            return None
        return "" if of[text] is None else format_timestamp(of[text])

    wanted = {text: (said(old, text), said(new, text)) for text in {*old, *new}}
    assert found == {text: pair for text, pair in wanted.items() if pair[0] != pair[1]}
    assert list(found) == sorted(found, key=str.encode)
    counts = count_differences(before, now, shelf.load)
    assert counts.added == len(new.keys() - old.keys())
    assert counts.removed == len(old.keys() - new.keys())
    assert counts.changed == sum(old[text] != new[text] for text in old.keys() & new.keys())


@given(plain, st.integers(1, 7))
def test_pages_one_after_the_other_are_the_whole(said, count):
    shelf = Shelf()
    pieces = cut(said, shelf)
    pages = [page(pieces, shelf.load, offset, count) for offset in range(0, len(said) + 1, count)]
    found = [(entry.text, entry.until) for one in pages for entry in one.entries]
    assert found == [(t, "" if said[t] is None else format_timestamp(said[t])) for t in sorted(said, key=str.encode)]
    assert {one.total for one in pages} == {len(said)}


@given(plain, texts, st.integers(0, 3), st.integers(1, 3))
def test_a_search_finds_what_begins_so_and_what_is_so(said, text, offset, count):
    shelf = Shelf()
    pieces = cut(said, shelf)
    ordered = sorted(said, key=str.encode)
    wanted = [one for one in ordered if one.startswith(text)]
    found = with_prefix(pieces, shelf.load, text, offset, count)
    assert [entry.text for entry in found.entries] == wanted[offset : offset + count]
    assert found.total == len(wanted)
    assert [entry.text for entry in exactly(pieces, shelf.load, text).entries] == [text] * (text in said)
    assert rank(pieces, shelf.load, text.encode()) == sum(one.encode() < text.encode() for one in ordered)


@given(plain, st.sampled_from([0, 1, 1_795_608_000_000_000]))
def test_what_has_expired_is_found_and_goes(said, at):
    shelf = Shelf()
    pieces = cut(said, shelf)
    merged = merge(pieces, expired(pieces, shelf.load, at), shelf.load, shelf.keep, MEAN)
    assert read(merged.pieces, shelf) == {text: end for text, end in said.items() if end is None or end > at}


@pytest.fixture(scope="module")
def large():
    """A list of 200,000 in chunks of the size that is used, every tenth with an expiry."""
    shelf = Shelf()
    said = {
        f"{4_000_000_000_000 + 977 * n}": 1_795_608_000_000_000 + n if n % 10 == 0 else None for n in range(200_000)
    }
    return said, tuple(split(entries(said), shelf.keep)), shelf


def test_one_entry_changes_one_chunk_of_many(large):
    _, pieces, shelf = large
    assert 10 <= len(pieces) <= 40
    reads = shelf.reads
    merged = merge(pieces, Edit(Deed.PUT, entries({"4000000000001": None})), shelf.load, shelf.keep)
    assert shelf.reads - reads == 1
    assert len({*merged.pieces} - {*pieces}) == 1
    assert entries_apart(pieces, merged.pieces) <= 2 * max(piece.entries for piece in merged.pieces)
    reads = shelf.reads
    assert [one.text for one in page_of_differences(pieces, merged.pieces, shelf.load).rows] == ["4000000000001"]
    assert shelf.reads - reads == 2


def test_a_page_in_the_middle_reads_one_chunk_or_two(large):
    said, pieces, shelf = large
    reads = shelf.reads
    found = page(pieces, shelf.load, 123_456, 100)
    assert [entry.text for entry in found.entries] == sorted(said)[123_456:123_556]
    assert shelf.reads - reads <= 2


def test_the_digest_of_many_is_the_engines(large):
    said, pieces, shelf = large
    whole = gathered(decode(shelf[piece.digest]) for piece in pieces)
    assert digest_of(whole) == list_from_python("list", said).digest


def test_nothing_has_the_digest_of_an_empty_list():
    assert digest_of(Entries(pa.array([], pa.large_string()))) == list_from_python("list", {}).digest
    assert digest_of(gathered([])) == list_from_python("list", {}).digest
