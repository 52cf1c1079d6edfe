"""Do texts behave as code points, and does `normalized` see through disguises without harming other scripts?"""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.language.check import Environment, compile_condition
from aedile.language.columns import Column, column_from_python
from aedile.language.evaluation import Table
from aedile.language.shapes import compact
from aedile.language.text import _CAPITALS, _TABLE, _pass, normalize
from aedile.language.types import STRING
from tests.language.evaluate.samples import values_of, worth

texts = st.text(max_size=20)
disguises = st.text(alphabet=st.sampled_from("aN1kе0 @$!Αα\u200b\ufe0fÉ\u0301िß\tǅ5"), max_size=12)


@given(texts | disguises)
def test_normalizing_twice_is_normalizing_once(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)


def test_every_single_character_normalizes_alike_in_either_case() -> None:
    for code in range(0x110000):
        if not 0xD800 <= code < 0xE000:
            character = chr(code)
            plain = normalize(character)
            assert normalize(plain) == plain, hex(code)
            assert normalize(character.casefold()) == plain or code in _CAPITALS, hex(code)


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        ("ＧＵＣＣＩ", "gucci"),
        ("G\u200bu\u00adc\u2060ci\ufe0f", "gucci"),
        ("Аdіdаѕ", "adidas"),  # Cyrillic
        ("Ρrаdа", "prada"),  # Greek capital rho
        ("ΝΙΚΕ", "nike"),  # Greek capitals, of which Ν has a small letter that looks like v
        ("СНАΝЕL", "chanel"),  # Cyrillic and Greek
        ("𝓡𝓸𝓵𝓮𝔁", "rolex"),
        ("🅶🆄🅲🅲🅸", "gucci"),
        ("h@ndb4g", "handbag"),
        ("  c4nv4s \t\u3000 shoes ", "canvas shoes"),
        ("STRASSE", "strasse"),
        ("straße", "strasse"),
    ],
)
def test_a_disguise_is_seen_through(disguised: str, plain: str) -> None:
    assert normalize(disguised) == plain


@pytest.mark.parametrize(
    "text", ["किताब", "ภาษาไทย", "कि", "שלום", "日本語", "é", "iphone 15", "mp3 player", "a100b", "1tb", "r2 d2"]
)
def test_honest_text_is_left_alone(text: str) -> None:
    assert normalize(text) == unicodedata.normalize("NFKC", text)


def test_a_run_of_three_digits_is_a_number_and_one_of_two_is_leet() -> None:
    assert normalize("a00b") == "aoob"
    assert normalize("a000b") == "a000b"


def test_every_look_alike_is_written_as_folding_leaves_it() -> None:
    for code in _TABLE:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", chr(code)).casefold())
        assert folded == chr(code), hex(code)


def test_texts_are_measured_and_ordered_by_code_point() -> None:
    x = ("string", ["\uffff", "\U0001f600", "e\u0301", "", None])
    assert worth("size(x)", x=x) == [1, 1, 2, 0, None]
    assert worth('x < "\\U0001F600"', x=x) == [True, False, True, True, None]
    y = ("string", ["\U0001f600", "\uffff", "é", "a", "a"])
    assert worth("x < y", x=x, y=y) == [True, False, True, True, None]
    assert worth("x == y", x=x, y=y) == [False, False, False, False, None]


def test_only_ascii_letters_are_made_small() -> None:
    assert worth("x.lowerAscii()", x=("string", ["ÀÉ ABCz", None])) == ["ÀÉ abcz", None]


def test_matches_is_unanchored_re2() -> None:
    x = ("string", ["banana", "a\nb", "É", None])
    assert worth('x.matches("an")', x=x) == [True, False, False, None]
    assert worth('x.matches("^b")', x=x) == [True, False, False, None]
    assert worth('x.matches("a.b")', x=x) == [False, False, False, None]
    assert worth('x.matches("(?i)^é$")', x=x) == [False, False, True, None]


def test_joining_texts_joins_equal_results() -> None:
    x, y = ("string", ["a", "ab", None]), ("string", ["bc", "c", "c"])
    assert worth("x + y", x=x, y=y) == ["abc", "abc", None]
    assert worth('x + y == "abc"', x=x, y=y) == [True, True, None]


def test_a_few_rows_out_of_a_large_dictionary_are_worked_on_alone() -> None:
    large = column_from_python(STRING, [f"text {i}" for i in range(5000)])
    few = large.take(np.array([7, 4999, 7]))
    small = compact(few)
    assert small.dictionary is not None
    assert len(small.dictionary) == 2
    assert small.to_python() == few.to_python() == ["text 7", "text 4999", "text 7"]


def test_codes_of_unknown_rows_may_be_anything() -> None:
    column = column_from_python(STRING, ["a", None, "b"])
    wild = Column(STRING, column.known, np.array([column.values[0], 77, column.values[2]], np.int32), column.dictionary)
    for text in ('x == "a"', 'x.contains("a")', 'x + x == "aa"', "size(x) == 1", 'x in ["a"]', 'x < "b"', "x == x"):
        node = compile_condition(text, Environment({"x": STRING}))
        values = values_of(node, Table({"x": wild}, 3))
        assert values[1] is None, text
        assert values[0] is True, text


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_ascii_is_read_as_all_other_text_is(text: str) -> None:
    assert normalize(text) == _pass(_pass(text))
