"""YAML 1.2 without its traps, and the place of every word."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.documents import MAX_BYTES, Document, parse_document, read_document
from aedile.errors import DataError
from tests.files.golden import refusal


def value(text: str) -> object:
    return parse_document(f"a: {text}\n", "a.yaml").root.plain()["a"]


@pytest.mark.parametrize("text", ["NO", "no", "yes", "Yes", "on", "OFF", "y", "n"])
def test_norway_and_its_kin_are_texts(text: str) -> None:
    assert value(text) == text


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-7", -7),
        ("0777", 777),
        ("0o17", 15),
        ("0x1F", 31),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-.inf", float("-inf")),
    ],
)
def test_plain_words_mean_what_the_core_schema_says(text: str, meaning: object) -> None:
    assert value(text) == meaning
    assert type(value(text)) is type(meaning)


@pytest.mark.parametrize("text", ["2026-11-25", "2026-11-25T00:00:00Z", "12:30:45", "1_000", "0b11", "1e", "+", "0o8"])
def test_times_and_numbers_of_older_yaml_are_texts(text: str) -> None:
    assert value(text) == text


@pytest.mark.parametrize("text", ['"12"', "'true'", '"null"'])
def test_a_quoted_word_is_a_text(text: str) -> None:
    assert value(text) == text[1:-1]


def test_json_is_read_as_well() -> None:
    assert value('{"b": [1, 2.5, true, null, "x\\u00e9"]}') == {"b": [1, 2.5, True, None, "xé"]}


def test_every_key_and_value_knows_its_line_and_column() -> None:
    document = parse_document("a: 1\nb:\n  - x\n  - {c: y}\n", "a.yaml")
    root = document.root
    assert root.keys == {"a": (1, 1), "b": (2, 1)}
    first, second = root.value["b"].value
    assert (first.line, first.column) == (3, 5)
    assert second.keys == {"c": (4, 6)}
    assert (second.value["c"].line, second.value["c"].column) == (4, 9)


def test_columns_count_characters_and_not_bytes() -> None:
    document = parse_document("é: ü\n", "a.yaml")
    assert document.root.value["é"].column == 4


STYLES = {
    "plain": "a: {0}\n",
    "single": "a: '{0}'\n",
    "double": 'a: "{0}"\n',
    "literal": "a: |\n\n    {0}\n",
    "folded": "a: >-\n  {0}\nb: 1\n",
}


@pytest.mark.parametrize("style", STYLES)
@given(words=st.lists(st.text("abcé<>=.()", min_size=1, max_size=4), min_size=1, max_size=6), at=st.integers(0, 40))
def test_a_place_inside_a_text_is_found_however_the_text_is_written(style: str, words: list[str], at: int) -> None:
    words = ["x", *words]
    breaks = " " if style in ("plain", "double", "single") else "\n    " if style == "literal" else "\n  "
    document = parse_document(STYLES[style].format(breaks.join(words)), "a.yaml")
    scalar = document.root.value["a"]
    offset = min(at, len(scalar.value) - 1)
    if scalar.value[offset].isspace():
        return
    line, column = document.place_in(scalar, offset)
    assert document.text.split("\n")[line - 1][column - 1] == scalar.value[offset]
    assert rank_of(document, line, column) == offset - sum(c.isspace() for c in scalar.value[:offset])


def rank_of(document: Document, line: int, column: int) -> int:
    """The number of visible characters of the text before this place."""
    lines = document.text.split("\n")
    before = "\n".join([*lines[: line - 1], lines[line - 1][: column - 1]])
    start = before.index("x") if "x" in before else len(before)
    return sum(not c.isspace() for c in before[start:])


def test_a_place_behind_the_last_character_is_behind_it_in_the_file() -> None:
    document = parse_document("a: >\n  b &&\nc: 1\n", "a.yaml")
    scalar = document.root.value["a"]
    assert document.place_in(scalar, len(scalar.value)) == (2, 7)


def test_an_escape_before_the_place_leaves_the_start_of_the_text() -> None:
    document = parse_document('a: "x\\u0020y z"\n', "a.yaml")
    assert document.place_in(document.root.value["a"], 4) == (1, 4)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_document(path).root.plain() == {"a": 1}


def test_hostile_files_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    for text in ("[" * (MAX_BYTES - 1), "- " * (MAX_BYTES // 2), "a: " + "9" * (MAX_BYTES - 4), "{" * (MAX_BYTES - 1)):
        path.write_text(text)
        started = time.process_time()
        with pytest.raises(DataError):
            read_document(path)
        assert time.process_time() - started < 3


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_never_breaks(text: str) -> None:
    error = refusal(lambda: parse_document(text, "a.yaml"))
    assert error is None or error.fix
