"""Does the canonical text say the same, in one way, with nothing hidden?"""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.errors import LanguageError
from aedile.language import ir
from aedile.language.cel import to_cel
from aedile.language.check import Environment, compile_condition
from aedile.language.evaluation import Table, evaluate
from aedile.language.types import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, Type, list_of

ENVIRONMENT = Environment(
    {
        "item.price": DOUBLE,
        "item.stock": INT,
        "item.title": STRING,
        "item.fresh": BOOL,
        "item.tags": list_of(STRING),
        "item.sizes": list_of(INT),
        "item.in": INT,
        "item.net weight": DOUBLE,
        "x": INT,
        "x.y": STRING,
        "request.time": TIMESTAMP,
        "seller.age": DURATION,
    },
    {"threshold": DOUBLE, "words": list_of(STRING)},
)

CANONICAL = {
    "((item.fresh))||(item.fresh&&(item.stock>3))": "item.fresh || item.fresh && item.stock > 3",
    "(item.fresh || x > 1) && (x > 2 && x > 3)": "(item.fresh || x > 1) && x > 2 && x > 3",
    "!(item.fresh && x > 1)": "!(item.fresh && x > 1)",
    "!!item.fresh": "!!item.fresh",
    "!(item.stock == 3)": "!(item.stock == 3)",
    "x - (x - 1) - 1 == 0": "x - (x - 1) - 1 == 0",
    "(x * 2) + 1 > x * (2 + x)": "x * 2 + 1 > x * (2 + x)",
    "-(-x) > - 5": "--x > -5",
    "-(x.y.size()) > 0": "-x.y.size() > 0",
    "x - -5 > 0": "x - -5 > 0",
    "item.price > 5e-7 && item.price > 1e30": "item.price > 5e-07 && item.price > 1e+30",
    "item.price > 5": "item.price > 5.0",
    "item.price > -0.0": "item.price > -0.0",
    "item.price == 0.0 / 0.0": 'item.price == double("NaN")',
    "item.price < -1.0 / 0.0": 'item.price < double("-Infinity")',
    "item.price in [1, 2.5]": "item.price in [1.0, 2.5]",
    "item.price in [1, 2]": "item.price in [1.0, 2.0]",
    "item.price == 9007199254740993": "item.price == 9007199254740993",
    "item.stock > -9223372036854775808": "item.stock > -9223372036854775808",
    "item.stock < 2 * 3 + 4": "item.stock < 10",
    "item.stock > 1 / 0": "item.stock > 1 / 0",
    "item.stock > -(-9223372036854775808)": "item.stock > -(-9223372036854775808)",
    "size(item.title) > 3": "item.title.size() > 3",
    'matches(item.title, r"\\d")': 'item.title.matches("\\\\d")',
    "item.title == 'say \"hi\"'": 'item.title == "say \\"hi\\""',
    "item.title == '\\n\\x00\\u200b\\U000e0001é😀'": 'item.title == "\\n\\u0000\\u200b\\U000e0001é😀"',
    "[].exists(y, y > x) && false": "false",
    "(item.fresh ? x : 2) > 1": "(item.fresh ? x : 2) > 1",
    "item.fresh ? x > 1 : item.fresh ? x > 2 : x > 3": "item.fresh ? x > 1 : item.fresh ? x > 2 : x > 3",
    "item.fresh ? (item.fresh ? x > 1 : x > 2) : x > 3": "item.fresh ? (item.fresh ? x > 1 : x > 2) : x > 3",
    "(item.fresh ? item.fresh : item.fresh) ? x > 1 : x > 2": "(item.fresh ? item.fresh : item.fresh) ? x > 1 : x > 2",
    "seller.age < duration('1h30m') + duration('1ms')": 'seller.age < duration("5400.001s")',
    "request.time > timestamp('2026-11-25T07:00:00.25+07:00')": 'request.time > timestamp("2026-11-25T00:00:00.25Z")',
    "request.time.getHours('Asia/Jakarta') > 3": 'request.time.getHours("Asia/Jakarta") > 3',
    "has(item.price) && has(item.`in`)": "has(item.price) && has(item.`in`)",
    "item.`net weight` > 2.0": "item.`net weight` > 2.0",
    "item.sizes.map(x, x > 1, x + .x).exists(y, y > x)": "item.sizes.filter(x, x > 1).map(x, x + .x).exists(y, y > x)",
    'item.tags.exists(x, x == .x.y && x != "")': 'item.tags.exists(x, x == .x.y && x != "")',
    "item.tags.all(t, item.tags.exists(u, u == t))": "item.tags.all(t, item.tags.exists(u, u == t))",
    "item.sizes == []": "item.sizes == []",
    "item.sizes + [1].filter(x, x > 1) == []": "item.sizes + [] == []",
    "[item.sizes, []] == [[], [1]]": "[item.sizes, []] == [[], [1]]",
    "item.tags[0] in param.words": "item.tags[0] in param.words",
    'in_list(item.title, "a list")': 'in_list(item.title, "a list")',
    "item.price * 2 > param.threshold": "item.price * 2.0 > param.threshold",
    "(item.tags + item.tags).size() > 0": "(item.tags + item.tags).size() > 0",
    "(item.fresh == item.fresh) == item.fresh": "item.fresh == item.fresh == item.fresh",
    "item.fresh == (item.fresh == item.fresh)": "item.fresh == (item.fresh == item.fresh)",
    "[].map(n, n / 2) == item.sizes": "[] == item.sizes",
}


@pytest.mark.parametrize("text", CANONICAL)
def test_a_condition_has_one_canonical_text(text: str):
    node = compile_condition(text, ENVIRONMENT)
    assert to_cel(node) == CANONICAL[text]
    again = compile_condition(to_cel(node), ENVIRONMENT)
    assert again == node
    assert hash(again) == hash(node)


@given(st.text())
def test_any_text_comes_back_from_a_literal(text: str):
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    node = ir.Const(STRING, text)
    assert compile_condition(to_cel(node), ENVIRONMENT) == node


@given(st.floats())
def test_any_double_comes_back_to_the_bit(value: float):
    node = ir.Const(DOUBLE, value)
    assert compile_condition(to_cel(node), ENVIRONMENT) == node


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from([INT]))
def test_any_int_comes_back(value: int, type_: Type):
    node = ir.Const(type_, value)
    assert compile_condition(to_cel(node), ENVIRONMENT) == node


def test_what_a_reader_cannot_see_is_written_as_an_escape():
    hidden = "\x00\x7f\u00a0\u00ad\u200b\u200d\u202e\u2066\ufe0f\ufeff\U000e0041"
    text = to_cel(ir.Const(STRING, f"a{hidden}b"))
    assert text.isascii()
    assert text.count("\\") == len(hidden)


class _Writer:
    """Writes random conditions, right and wrong ones, with brackets that mean nothing."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def text(self, type_: str, depth: int) -> str:
        leaves = {
            "bool": ["item.fresh", "true", "has(item.price)", "has(item.tags)"],
            "int": ["item.stock", "x", "3", "-2", "0", "item.`in`", "9007199254740993", "item.title.size()"],
            "double": ["item.price", "param.threshold", "2.5", "-0.0", "1e300", "(0.0 / 0.0)", "3.0"],
            "string": ["item.title", "x.y", '"a"', "'\\u200b\\n'", '"ä"', "item.tags[0]", "string(item.stock)"],
            "strings": ["item.tags", "param.words", "[]", '["a", "b"]', "[item.title]"],
            "ints": ["item.sizes", "[1, 2]", "[]", "[x, 1 / 0]"],
            "timestamp": ["request.time", 'timestamp("2026-11-25T00:00:00Z")', "timestamp(5)"],
            "duration": ["seller.age", 'duration("1h")', 'duration("-1.5s")'],
        }
        if depth == 0:
            return self.random.choice(leaves[type_])
        written = self.random.choice(_FORMS[type_] + leaves[type_])
        while "{" in written:
            start, end = written.index("{"), written.index("}")
            inner = self.text(written[start + 1 : end], depth - 1)
            written = f"{written[:start]}({inner}){written[end + 1 :]}"
        return written


_FORMS = {
    "bool": [
        "{bool} && {bool}", "{bool} || {bool} || {bool}", "!{bool}", "{bool} ? {bool} : {bool}", "{int} < {double}",
        "{int} == {int}", "{double} >= {double}", "{string} != {string}", "{string}.contains({string})",
        "{string} in {strings}", "{int} in {ints}", "{double} in {ints}", "{strings}.exists(t, t == {string})",
        "{ints}.all(x, x > {int} && x < .x)", "{ints}.exists_one(n, n == {int})", "{strings} == {strings}",
        "{timestamp} < {timestamp}", "{duration} <= {duration}", '{string}.matches("a+")',
    ],
    "int": ["{int} + {int}", "{int} - {int}", "{int} * {int}", "{int} / {int}", "{int} % {int}", "-{int}",
            "{bool} ? {int} : {int}", "{ints}[{int}]", "{ints}.size()", "int({double})", "{timestamp}.getHours('UTC')"],
    "double": ["{double} + {double}", "{double} - 3", "2 * {double}", "-{double}", "double({int})"],
    "string": ["{string} + {string}", "{string}.lowerAscii()", "{bool} ? {string} : {string}", "{strings}[{int}]"],
    "strings": ["{strings} + {strings}", "{strings}.filter(s, s.size() > {int})", "{ints}.map(n, string(n))"],
    "ints": ["{ints}.map(x, x * {int})", "{ints}.filter(x, x > 1)", "{ints} + {ints}", "{ints}.map(x, x > 1, x + .x)"],
    "timestamp": ["{timestamp} + {duration}", "{timestamp} - {duration}"],
    "duration": ["{duration} + {duration}", "{timestamp} - {timestamp}", "{bool} ? {duration} : {duration}"],
}  # fmt: skip


def test_random_conditions_come_back_from_their_text_and_constant_ones_can_be_evaluated():
    compiled = constants = 0
    for seed in range(1_500):
        text = _Writer(seed).text("bool", 1 + seed % 4)
        try:
            node = compile_condition(text, ENVIRONMENT)
        except LanguageError as error:
            assert error.code.name in ("AED-LANG-004", "AED-LANG-039", "AED-LANG-040"), f"seed {seed}: {text}\n{error}"  # noqa: PT017
            continue
        canonical = to_cel(node)
        assert compile_condition(canonical, ENVIRONMENT) == node, f"seed {seed}: {text}"
        assert to_cel(compile_condition(canonical, ENVIRONMENT)) == canonical, f"seed {seed}: {text}"
        compiled += 1
        if not any(isinstance(part, ir.Feature | ir.Param | ir.Variable) for part in ir.walk(node)):
            assert len(evaluate(node, Table({}, 1))) == 1
            constants += 1
    assert compiled > 1_300
    assert constants > 20
