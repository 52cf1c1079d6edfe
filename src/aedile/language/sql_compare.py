"""How are comparison and membership said in SQL, exactly?

SQL engines call NaN equal to itself and greatest, and bring an int beside a double to a double. Here NaN follows IEEE
754 and mixed numbers compare by mathematical value. Every result is NULL where an operand is, and only there.
"""

from __future__ import annotations

import math

from sqlglot import exp

from aedile.language import ir
from aedile.language.sql_terms import (
    SQL,
    Dialect,
    binary,
    boolean,
    case,
    cast,
    double,
    group,
    integer,
    known,
    negate,
    timestamp,
    type_name,
)
from aedile.language.types import BOOL, DOUBLE, INT, INT_MAX, INT_MIN, STRING, TIMESTAMP, Type

KINDS: dict[str, type[exp.Binary]] = {
    "==": exp.EQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}
FLIPPED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
Number = int | float


class NoExactFormError(ValueError):
    """There is no SQL with exactly this meaning; the text names what has none."""


def constant(dialect: Dialect, type_: Type, value: object) -> SQL:
    """A constant beside a term of its own type."""
    if type_.element is not None:
        assert isinstance(value, tuple)
        items = [constant(dialect, type_.element, item) for item in value]
        return cast(exp.Array(expressions=items), type_name(type_))
    if type_ == BOOL:
        return boolean(bool(value))
    if type_ == DOUBLE:
        assert isinstance(value, float)
        return double(value)
    if type_ == STRING:
        assert isinstance(value, str)
        return dialect.string(value)
    assert isinstance(value, int)
    return timestamp(value) if type_ == TIMESTAMP else integer(value)


def compare(dialect: Dialect, operator: str, left: tuple[ir.Node, SQL], right: tuple[ir.Node, SQL]) -> SQL:
    """`left operator right`; each side is a node and the SQL of it."""
    left_type, right_type = left[0].type, right[0].type
    if left_type.element is not None:
        return _compare_lists(dialect, operator, left, right)
    if left_type.is_numeric and DOUBLE in (left_type, right_type):
        return _compare_numbers(dialect, operator, left, right)
    return binary(KINDS[operator], _plain(dialect, *left), _plain(dialect, *right))


def _plain(dialect: Dialect, node: ir.Node, term: SQL) -> SQL:
    return constant(dialect, node.type, node.value) if isinstance(node, ir.Const) else term


def _compare_numbers(dialect: Dialect, operator: str, left: tuple[ir.Node, SQL], right: tuple[ir.Node, SQL]) -> SQL:
    if isinstance(right[0], ir.Const):
        return _compare_constant(dialect, operator, left[0].type, left[1], right[0].value)
    if isinstance(left[0], ir.Const):
        return _compare_constant(dialect, FLIPPED[operator], right[0].type, right[1], left[0].value)
    if left[0].type == INT:
        return _compare_mixed(dialect, operator, left[1], right[1])
    if right[0].type == INT:
        return _compare_mixed(dialect, FLIPPED[operator], right[1], left[1])
    return dialect.let(left[1], lambda a: dialect.let(right[1], lambda b: _compare_doubles(dialect, operator, a, b)))


def _compare_doubles(dialect: Dialect, operator: str, left: SQL, right: SQL) -> SQL:
    # A NaN on one side is enough to guard against: on the other the engine's order already answers as IEEE does.
    guarded, other = (right, left) if operator in ("<", "<=") else (left, right)
    at_nan = known([other], operator == "!=")
    return case((dialect.is_nan(guarded), at_nan), otherwise=binary(KINDS[operator], left, right))


def _compare_constant(dialect: Dialect, operator: str, type_: Type, term: SQL, value: Number) -> SQL:
    operator, exact = at_constant(operator, type_, value)
    if isinstance(exact, bool):
        return known([term], exact)
    plain = binary(KINDS[operator], term, constant(dialect, type_, exact))
    if type_ == INT or operator not in (">", ">="):
        return plain
    if isinstance(term, exp.Column):
        return exp.And(this=plain, expression=negate(dialect.is_nan(term)))
    return dialect.let(
        term,
        lambda t: exp.And(
            this=binary(KINDS[operator], t, constant(dialect, type_, exact)), expression=negate(dialect.is_nan(t))
        ),
    )


def at_constant(operator: str, type_: Type, value: Number) -> tuple[str, Number | bool]:
    """The comparison of a term of `type_` with any number, as one with a constant of its own type.

    A bool in its place says that the answer is the same for every (known) term.
    """
    if isinstance(value, float) and math.isnan(value):
        return operator, operator == "!="
    return _at_int(operator, value) if type_ == INT else _at_double(operator, value)


def _at_int(operator: str, value: Number) -> tuple[str, Number | bool]:
    if math.isinf(value):
        return operator, holds(operator, 0, value)
    if operator in ("==", "!="):
        whole = value == math.floor(value) and INT_MIN <= value <= INT_MAX
        return operator, int(value) if whole else operator == "!="
    bound = math.ceil(value) if operator in ("<", ">=") else math.floor(value)
    if not INT_MIN <= bound <= INT_MAX:
        return operator, holds(operator, 0, bound)
    return operator, bound


def _at_double(operator: str, value: Number) -> tuple[str, Number | bool]:
    near = float(value)
    if near == value:
        return operator, near
    if operator in ("==", "!="):
        return operator, operator == "!="
    below = near if near < value else math.nextafter(near, -math.inf)
    if operator in ("<", "<="):
        return "<=", below
    return ">=", math.nextafter(below, math.inf)


def holds(operator: str, left: Number, right: Number) -> bool:
    """The comparison of two numbers, exact as Python's is."""
    answers = {
        "==": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }
    return answers[operator]


def _compare_mixed(dialect: Dialect, operator: str, whole: SQL, real: SQL) -> SQL:
    """An int term against a double term."""
    return dialect.let(whole, lambda i: dialect.let(real, lambda d: _mixed(dialect, operator, i, d)))


def _mixed(dialect: Dialect, operator: str, i: SQL, d: SQL) -> SQL:
    if operator == "!=":
        return negate(_mixed(dialect, "==", i, d))
    low, high = double(-(2.0**63)), double(2.0**63)  # the double just past the greatest int is 2^63
    nan = dialect.is_nan(d)
    if operator == "==":
        outside = [nan, binary(exp.LT, d, low), binary(exp.GTE, d, high), binary(exp.NEQ, d, exp.Floor(this=d.copy()))]
        return case((exp.or_(*outside, copy=False), known([i], False)), otherwise=_as_int(dialect, exp.EQ, i, d))
    ceiling = operator in ("<", ">=")
    bound = (exp.Ceil if ceiling else exp.Floor)(this=d.copy())
    # At exactly -2^63, `<` and `>=` are decided already: no int is below.
    below = binary(exp.LTE if ceiling else exp.LT, d, low)
    less = operator in ("<", "<=")
    return case(
        (nan, known([i], False)),
        (below, known([i], not less)),
        (binary(exp.GTE, d, high), known([i], less)),
        otherwise=_as_int(dialect, KINDS[operator], i, bound),
    )


def _as_int(dialect: Dialect, kind: type[exp.Binary], i: SQL, d: SQL) -> SQL:
    return binary(kind, i, dialect.truncate(d))


def _compare_lists(dialect: Dialect, operator: str, left: tuple[ir.Node, SQL], right: tuple[ir.Node, SQL]) -> SQL:
    if operator == "!=":
        return negate(_compare_lists(dialect, "==", left, right))
    element, other = left[0].type.element, right[0].type.element
    assert element is not None
    assert other is not None
    if element != other and "nothing" not in (element.name, other.name):
        return _compare_mixed_lists(dialect, left, right)
    if _holds_double(element) and element != DOUBLE:
        raise NoExactFormError("== of lists inside lists of doubles")
    a, b = left[1], right[1]
    if element.name == "nothing":
        a = cast(exp.Array(expressions=[]), type_name(right[0].type))
    if other.name == "nothing":
        b = cast(exp.Array(expressions=[]), type_name(left[0].type))
    if element != DOUBLE:
        return binary(exp.EQ, a, b)
    return dialect.let(
        a,
        lambda x: dialect.let(
            b, lambda y: case((dialect.any_nan(x), known([y], False)), otherwise=binary(exp.EQ, x, y))
        ),
    )


def _holds_double(type_: Type) -> bool:
    return type_ == DOUBLE if type_.element is None else _holds_double(type_.element)


def _compare_mixed_lists(dialect: Dialect, left: tuple[ir.Node, SQL], right: tuple[ir.Node, SQL]) -> SQL:
    """Lists of ints and of doubles, one of them constant."""
    if not isinstance(right[0], ir.Const):
        left, right = right, left
    node, element = right[0], left[0].type.element
    if not isinstance(node, ir.Const) or element is None or not element.is_numeric:
        raise NoExactFormError("== of a list of ints and a list of doubles")
    exact = [at_constant("==", element, value)[1] for value in node.value]
    if any(isinstance(value, bool) for value in exact):
        return known([left[1]], False)
    return binary(exp.EQ, left[1], constant(dialect, left[0].type, tuple(exact)))


def member(dialect: Dialect, value: tuple[ir.Node, SQL], items: tuple[ir.Node, SQL]) -> SQL:
    """`value in items`."""
    if isinstance(items[0], ir.Const):
        return _member_of_constants(dialect, value, items[0])
    element = items[0].type.element
    assert element is not None
    if element.name == "nothing":
        return known([value[1], items[1]], False)
    if element == value[0].type and not _holds_double(element):
        return dialect.array_contains(items[1], _plain(dialect, *value))
    if element == DOUBLE == value[0].type:
        return _double_member(dialect, value[1], items[1])
    return _member_by_each(dialect, value, items)


def _double_member(dialect: Dialect, value: SQL, items: SQL) -> SQL:
    def found(v: SQL, array: SQL) -> SQL:
        return case((dialect.is_nan(v), known([array], False)), otherwise=dialect.array_contains(array, v))

    return dialect.let(value, lambda v: dialect.let(items, lambda array: found(v, array)))


def _member_by_each(dialect: Dialect, value: tuple[ir.Node, SQL], items: tuple[ir.Node, SQL]) -> SQL:
    element = items[0].type.element
    assert element is not None
    if element.element is not None:
        raise NoExactFormError("in for a list of lists")
    variable = ir.Variable(element, "")

    def found(v: SQL) -> SQL:
        def step(carried: SQL, item: SQL) -> SQL:
            same = compare(dialect, "==", (variable, item), (ir.Variable(value[0].type, ""), v))
            return exp.Or(this=carried, expression=exp.Paren(this=same))

        return case((known([v], True), dialect.reduce(items[1], boolean(False), step)))

    return dialect.let(value[1], found)


def _member_of_constants(dialect: Dialect, value: tuple[ir.Node, SQL], items: ir.Const) -> SQL:
    type_, term = value[0].type, value[1]
    if type_.element is not None:
        raise NoExactFormError("in for a list of lists")
    element = items.type.element
    exact: list[object] = list(items.value)
    if type_.is_numeric and element is not None and element.is_numeric:
        exact = [at_constant("==", type_, item)[1] for item in items.value]
        exact = [item for item in exact if not isinstance(item, bool)]
    if not exact:
        return known([term], False)
    if isinstance(value[0], ir.Const):
        term = cast(term, type_name(type_))
    return exp.In(this=group(term), expressions=[constant(dialect, type_, item) for item in exact])
