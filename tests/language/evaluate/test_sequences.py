"""Do lists and comprehensions hold to CEL, and is the reason for an unknown the deepest one?"""

from __future__ import annotations

import pytest

from aedile.errors import LanguageError
from aedile.language import ir
from aedile.language.check import Environment, compile_condition
from aedile.language.columns import column_from_python
from aedile.language.evaluation import Table, evaluate, fold, why_unknown
from aedile.language.types import BOOL, DOUBLE, INT, STRING, Type, list_of, parse_type
from tests.language.evaluate.samples import table, worth

TAGS = ("list(string)", [["new", "sale"], [], ["sale", "sale"], None])
SIZES = ("list(int)", [[0, 1], [], [5], None])


def test_exists_and_all_decide_over_failing_elements_and_the_others_do_not() -> None:
    assert worth("x.exists(e, 1 / e == 1)", x=SIZES) == [True, False, False, None]
    assert worth("x.exists(e, 1 / e == 7)", x=SIZES) == [None, False, False, None]
    assert worth("x.all(e, 1 / e == 7)", x=SIZES) == [False, True, False, None]
    assert worth("x.exists_one(e, 1 / e == 1)", x=SIZES) == [None, False, False, None]
    assert worth("x.filter(e, 1 / e == 1)", x=SIZES) == [None, [], [], None]
    assert worth("x.map(e, 10 / e)", x=SIZES) == [None, [], [2], None]


def test_a_comprehension_sees_the_features_of_its_own_row() -> None:
    want = ("string", ["sale", "sale", "new", "new"])
    assert worth("x.exists(t, t == want)", x=TAGS, want=want) == [True, False, False, None]
    assert worth("want in x", x=TAGS, want=want) == [True, False, False, None]
    assert worth('["new", "old"].exists(t, t == want)', want=want) == [False, False, True, True]


def test_comprehensions_nest_and_may_hide_an_outer_variable() -> None:
    assert worth("x.filter(a, x.exists_one(b, a == b))", x=TAGS) == [["new", "sale"], [], [], None]
    assert worth("x.map(a, x.map(a, size(a)))", x=TAGS) == [[[3, 4], [3, 4]], [], [[4, 4], [4, 4]], None]
    assert worth("x.map(a, x.filter(b, b > a).size())", x=SIZES) == [[1, 0], [], [0], None]


def test_a_list_is_indexed_inside_its_bounds_alone() -> None:
    assert worth("x[1]", x=TAGS) == ["sale", None, "sale", None]
    assert worth("x[i]", x=TAGS, i=("int", [-1, 0, 0, 0])) == [None, None, "sale", None]
    assert worth("x[i]", x=TAGS, i=("int", [2**62, 0, 1, 0])) == [None, None, "sale", None]
    assert worth("[][0] == 1 || true") == [True]


def test_lists_are_equal_element_by_element() -> None:
    y = ("list(double)", [[0.0, 1.0], [], [5.5], []])
    assert worth("x == y", x=SIZES, y=y) == [True, True, False, None]
    assert worth("x != [0, 1]", x=SIZES) == [False, True, True, None]
    assert worth("x == []", x=SIZES) == [False, True, False, None]
    assert worth('x.map(t, [t]) == [["sale"], ["sale"]]', x=TAGS) == [False, False, True, None]


def test_lists_join_in_order() -> None:
    assert worth("x + x", x=SIZES) == [[0, 1, 0, 1], [], [5, 5], None]
    assert worth("x + [] + [7]", x=SIZES) == [[0, 1, 7], [7], [5, 7], None]
    assert worth('x + ["a"]', x=TAGS) == [["new", "sale", "a"], ["a"], ["sale", "sale", "a"], None]


def test_a_list_with_an_unknown_element_is_unknown() -> None:
    assert worth("1 in [x, 1]", x=("int", [1, None])) == [True, None]
    assert worth("size([x, 1])", x=("int", [1, None])) == [2, None]


def test_a_ternary_may_choose_between_lists_and_between_texts() -> None:
    c = ("bool", [True, False, None, True])
    assert worth('c ? x : ["no"]', c=c, x=TAGS) == [["new", "sale"], ["no"], None, None]
    assert worth("c ? [] : [1]", c=c) == [[], [1], None, []]
    assert worth('c ? x[0] : "no"', c=c, x=TAGS) == ["new", "no", None, None]


def test_the_branch_not_taken_does_not_matter() -> None:
    assert worth("i == 0 ? 0 : 10 / i", i=("int", [0, 5, None])) == [0, 2, None]


def compiled(text: str, **types: str) -> ir.Node:
    known = {name: parse_type(type_) for name, type_ in types.items()}
    return compile_condition(text, Environment({name: t for name, t in known.items() if t is not None}))


def test_too_many_elements_are_refused_before_they_are_made() -> None:
    node = compiled("x.all(a, x.all(b, x.all(c, a + b + c < 0)))", x="list(int)")
    rows = Table({"x": column_from_python(list_of(INT), [list(range(1000))])}, 1)
    with pytest.raises(LanguageError, match="elements") as caught:
        evaluate(node, rows)
    assert caught.value.code.name == "AED-LANG-062"
    constant = ir.Const(list_of(INT), tuple(range(1000)))
    with pytest.raises(LanguageError, match="elements"):
        fold(ir.rewrite(node, lambda n: constant if isinstance(n, ir.Feature) else n))


def call(type_: Type, function: str, *args: ir.Node) -> ir.Call:
    return ir.Call(type_, function, args)


def test_folding_settles_what_has_a_value_and_leaves_what_fails() -> None:
    one, zero, x = ir.Const(INT, 1), ir.Const(INT, 0), ir.Feature(INT, "x")
    assert fold(call(INT, "+", x, call(INT, "+", one, one))) == call(INT, "+", x, ir.Const(INT, 2))
    assert fold(call(INT, "/", one, zero)) == call(INT, "/", one, zero)
    assert fold(ir.Or(BOOL, (call(BOOL, "==", call(INT, "/", one, zero), one), ir.TRUE))) == ir.TRUE
    variable = ir.Variable(INT, "e")
    doubled = ir.Comprehension(
        list_of(INT), "map", "e", ir.Const(list_of(INT), (1, 2)), call(INT, "+", variable, variable)
    )
    assert fold(doubled) == ir.Const(list_of(INT), (2, 4))
    listed = ir.InList(BOOL, ir.Const(STRING, "a"), "n")
    assert fold(listed) == listed


def test_folding_keeps_the_place_in_the_text() -> None:
    folded = fold(ir.Call(DOUBLE, "neg", (ir.Const(DOUBLE, 0.0),), span=(3, 7)))
    assert folded == ir.Const(DOUBLE, -0.0)
    assert folded.span == (3, 7)


def test_an_unbound_parameter_is_an_error() -> None:
    with pytest.raises(LanguageError, match=r"param\.limit") as caught:
        evaluate(ir.Param(INT, "limit"), Table({}, 1))
    assert caught.value.code.name == "AED-LANG-060"


@pytest.mark.parametrize(
    ("text", "code", "names"),
    [
        ("x / y == 1", "050", ("x",)),
        ("x / y == z", "050", ("x", "z")),
        ("x == 1 || z == 2 || y == 5", "050", ("x", "z")),
        ("y / 0 == 1", "051", ("y",)),
        ("y % (y - y) == 1", "051", ("y",)),
        ("y + 9223372036854775807 == 1", "052", ("y",)),
        ("-y / (y - y) == 1", "051", ("y",)),
        ("int(t) == 1", "053", ("t",)),
        ("l[5] == 1", "054", ("l",)),
        ("l.exists(e, e / (e - 2) == y)", "051", ("l",)),
        ("l.exists(e, e == x)", "050", ("x",)),
        ("at + duration('87660000h') > at", "055", ("at",)),
        ("at.getHours(t) == 1", "056", ("at", "t")),
        ("bucket(t, 'salt', y - y) == 1", "057", ("t", "y")),
        ("has(x) ? true : x > z", "050", ("x", "z")),
        ("y > 0 ? l[5] == 1 : x == 1", "054", ("l",)),
        ("size([y, x]) == 2", "050", ("x",)),
    ],
)
def test_the_reason_is_the_deepest_cause(text: str, code: str, names: tuple[str, ...]) -> None:
    types = {"x": "int", "y": "int", "z": "int", "t": "string", "l": "list(int)", "at": "timestamp"}
    data = {"x": [None], "y": [3], "z": [None], "t": ["nowhere"], "l": [[1, 2]], "at": [0]}
    known = {name: type_ for name, text_ in types.items() if (type_ := parse_type(text_)) is not None}
    rows = table(known, data)
    assert why_unknown(compiled(text, **types), rows, {}) == (f"AED-LANG-{code}", names)


def test_a_known_value_has_no_reason() -> None:
    with pytest.raises(ValueError, match="known"):
        why_unknown(ir.TRUE, Table({}, 1), {})
