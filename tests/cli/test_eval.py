"""Does `aedile eval` give one right answer to each line, whatever the line is?"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from aedile.cli.evaluator import KEPT, MAX_LINE_BYTES, Evaluator
from tests.cli.conftest import Market, run


def line(condition: str, features: dict[str, str] | None = None, row: dict[str, Any] | None = None, **more: Any) -> str:
    return json.dumps({"condition": condition, "features": features or {}, "row": row or {}, **more})


def answer(condition: str, features: dict[str, str] | None = None, row: dict[str, Any] | None = None, **more: Any):
    return Evaluator().answer(line(condition, features, row, **more))


PRICE = {"item.price": "double"}


def test_each_line_has_one_answer_in_its_order():
    lines = [
        line("item.price > 3.0", {**PRICE, "item.tags": "list(string)"}, {"item.price": 3.5}),
        line("item.price > 3.0", PRICE),
        line("item.prise > 3.0", PRICE),
        "nonsense",
        "",
        line("size(item.title)", {"item.title": "string"}, {"item.title": "ชื่อ🦊"}),
    ]
    told = run("eval", stdin="\n".join(lines))
    assert told.code == 0
    answers = [json.loads(one) for one in told.out.splitlines()]
    assert answers[0] == {"value": True, "type": "bool"}
    assert answers[1] == {"value": None, "unknown": {"code": "AED-LANG-050", "features": ["item.price"]}}
    assert set(answers[2]) == {"error"}
    assert set(answers[2]["error"]) == {"code", "message", "span", "hint", "fix"}
    assert answers[2]["error"]["span"] == [0, 10]
    assert answers[3]["error"]["code"] == "AED-DATA-080"
    assert answers[4] == {"value": 5, "type": "int"}
    assert len(answers) == 5


def test_a_file_is_read_like_stdin_and_a_missing_one_is_refused(market: Market):
    path = market.folder / "lines.ndjson"
    path.write_text(line("1 + 1 == 2"))
    assert run("eval", path).out == run("eval", "-", stdin=path.read_text()).out == '{"value": true, "type": "bool"}\n'
    told = run("eval", market.folder / "none", "--format", "json")
    assert (told.code, told.codes) == (1, ["AED-DATA-001"])
    assert run("eval", market.folder, "--format", "json").code == 1
    assert run("eval", stdin="").out == ""


@pytest.mark.parametrize(
    ("condition", "type_", "value", "expected"),
    [
        ("x", "timestamp", "2026-11-25T08:30:00+01:00", "2026-11-25T07:30:00Z"),
        ("x", "duration", "1h30m", "5400s"),
        ("x / 0.0", "double", 1, "Infinity"),
        ("x / 0.0", "double", "NaN", "NaN"),
        ("x.map(y, y + '!')", "list(string)", ["a", ""], ["a!", "!"]),
        ("x[1]", "list(list(int))", [[1], [2, 3]], [2, 3]),
        ("x", "bool", False, False),
        ("-x", "int", 2**53 + 1, -(2**53) - 1),
        ("x", "string", "क्षि\u0000", "क्षि\u0000"),
    ],
)
def test_values_of_every_type_are_json_in_and_out(condition: str, type_: str, value: Any, expected: Any):
    assert answer(condition, {"x": type_}, {"x": value})["value"] == expected


def test_missing_and_null_are_unknown_and_a_decided_side_wins():
    features = {"a": "int", "b": "int"}
    for row in ({"b": 1}, {"a": None, "b": 1}):
        assert answer("a > 0 || b > 0", features, row) == {"value": True, "type": "bool"}
        assert answer("a > 0 && b > 0", features, row)["unknown"] == {"code": "AED-LANG-050", "features": ["a"]}
        assert answer("has(a)", features, row) == {"value": False, "type": "bool"}
    assert answer("1 / b > 0", features, {"b": 0})["unknown"] == {"code": "AED-LANG-051", "features": ["b"]}


def test_lists_come_with_the_line():
    features, row = {"x": "string"}, {"x": "b"}
    assert answer('in_list(x, "l")', features, row, lists={"l": ["a", "b"]})["value"] is True
    assert answer('in_list(x, "l")', features, row, lists={"l": []})["value"] is False
    assert answer('in_list(x, "l")', features, row)["error"]["code"] == "AED-LANG-034"
    told = Evaluator()
    for entries, expected in ((["b"], True), (["a"], False)):  # no answer of one line's list is kept for the next
        assert told.answer(line('in_list(x, "l")', features, row, lists={"l": entries}))["value"] is expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[]", "AED-DATA-080"),
        ("null", "AED-DATA-080"),
        ('{"condition": "true", "condition": "false"}', "AED-DATA-080"),
        ('{"condition": "a > 1.0", "features": {"a": "double"}, "row": {"a": NaN}}', "AED-DATA-080"),
        ('{"condition": "true", "row": {"a": ' + "1" * 10_000 + "}}", "AED-DATA-080"),
        (b"\xff\xfe", "AED-DATA-080"),
        ('{"conditon": "true"}', "AED-DATA-082"),
        ('{"features": {}}', "AED-DATA-082"),
        ('{"condition": 3}', "AED-DATA-082"),
        ('{"condition": "true", "row": []}', "AED-DATA-082"),
        ('{"condition": "true", "lists": []}', "AED-DATA-082"),
        ('{"condition": "true", "lists": {"l": [1]}}', "AED-DATA-050"),
        ('{"condition": "true", "features": {"a": "float"}}', "AED-DATA-083"),
        ('{"condition": "true", "features": {"a": 3}}', "AED-DATA-083"),
        ('{"condition": "true", "features": {"a": "int"}, "row": {"b": 1}}', "AED-DATA-084"),
        ('{"condition": "true", "features": {"a": "int"}, "row": {"a": 1.5}}', "AED-DATA-050"),
        ('{"condition": "true", "features": {"a": "string"}, "row": {"a": "\\ud800"}}', "AED-DATA-050"),
    ],
)
def test_a_line_that_is_wrong_says_why(text: str | bytes, code: str):
    told = Evaluator().answer(text)
    assert set(told) == {"error"}
    assert told["error"]["code"] == code
    assert told["error"]["fix"] or told["error"]["hint"]


HOSTILE = {
    "a condition of a megabyte": line("item.price > 3.0 && " * 50_000 + "true", PRICE),
    "brackets ten thousand deep": line("(" * 10_000 + "true" + ")" * 10_000),
    "signs ten thousand deep": line("!" * 10_000 + "true"),
    "JSON a hundred thousand deep": '{"condition": "true", "row": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "JSON a few hundred deep": '{"condition": "a", "features": {"a": "int"}, "row": {"a": '
    + "[" * 900
    + "]" * 900
    + "}}",
    "a type ten thousand deep": line("a", {"a": "list(" * 10_000 + "int" + ")" * 10_000}),
    "three nested comprehensions": line(
        "a.all(x, a.all(y, a.all(z, x + y != z)))", {"a": "list(string)"}, {"a": [str(n) for n in range(400)]}
    ),
    "two nested over long lists": line(
        "a.exists(x, a.exists(y, x + y == 'q'))", {"a": "list(string)"}, {"a": [str(n) for n in range(5000)]}
    ),
    "a catastrophic pattern": line("a.matches('(a+)+$')", {"a": "string"}, {"a": "a" * 100_000 + "!"}),
    "a pattern that grows": line("a.matches('((a{1,100}){1,100}){1,100}')", {"a": "string"}, {"a": "a" * 1000}),
    "a line of three megabytes": line("a == 'x'", {"a": "string"}, {"a": "x" * 3_000_000}),
    "sixty thousand features": line("fx > 1", {f"f{n}": "int" for n in range(60_000)}),
    "three thousand lists": line("in_list(a, 'q')", {"a": "string"}, {}, lists={f"l{n}": [] for n in range(3000)}),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_line_is_refused_or_answered_in_no_time(what: str):
    evaluator = Evaluator()
    evaluator.answer(line("item.price > 3.0", PRICE, {"item.price": 1.0}))
    began = time.thread_time()
    told = evaluator.answer(HOSTILE[what])
    assert set(told) == {"error"} or told["value"] is False
    assert time.thread_time() - began < 2  # seconds of CPU; each of them can be made to take minutes


def test_a_line_too_long_is_skipped_without_losing_the_next():
    huge = "x" * (MAX_LINE_BYTES * 2 + 17)
    told = run("eval", stdin=f"{huge}\n{line('true')}\n{huge}")
    answers = [json.loads(one) for one in told.out.splitlines()]
    assert [one.get("error", {}).get("code") for one in answers] == ["AED-DATA-081", None, "AED-DATA-081"]


def test_what_is_not_text_in_an_answer_is_still_json():
    told = run("eval", stdin='{"condition": "\\ud800 == 1"}')
    assert json.loads(told.out)["error"]["span"] is not None


def test_many_lines_are_answered_in_bounded_memory():
    evaluator = Evaluator()
    features, row = {**PRICE, "item.t": "string"}, {"item.price": 3, "item.t": "a"}
    lines = [line(f"item.price > {n % 7}.5 && item.t == 'a'", features, row) for n in range(1000)]
    told = [evaluator.answer(one)["value"] for one in lines]
    assert told == [n % 7 < 3 for n in range(1000)]
    for n in range(KEPT + 10):
        evaluator.answer(line(f"item.price > {n}.0", PRICE))
    assert len(evaluator._compiled) == KEPT
