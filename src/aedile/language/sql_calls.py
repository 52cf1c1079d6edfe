"""How is each function and operator of the language said in SQL, exactly?

One function a call, in the table `CALLS` by name and number of arguments; it gets the call's nodes and their SQL. What
SQL cannot say exactly raises NoExactFormError.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from aedile.language import ir, sql_texts
from aedile.language.sql_compare import NoExactFormError, compare, constant, member
from aedile.language.sql_spark import UnlikeJavaError
from aedile.language.sql_terms import (
    SQL,
    Dialect,
    bigint,
    binary,
    call,
    case,
    cast,
    double,
    integer,
    null,
)
from aedile.language.types import (
    BOOL,
    COMPUTED_DURATION_MAX,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
)
from aedile.language.zones import zone

Nodes = Sequence[ir.Node]
Terms = Sequence[SQL]
Say = Callable[[Dialect, Nodes, Terms], SQL]

_SECOND = 1_000_000
#: Microseconds of the 400 years after which the calendar, and every zone, repeats.
_CYCLE = 146_097 * 86_400 * _SECOND


def _comparison(operator: str) -> Say:
    return lambda dialect, nodes, terms: compare(dialect, operator, (nodes[0], terms[0]), (nodes[1], terms[1]))


def _in(dialect: Dialect, nodes: Nodes, terms: Terms) -> SQL:
    return member(dialect, (nodes[0], terms[0]), (nodes[1], terms[1]))


def _add(dialect: Dialect, nodes: Nodes, terms: Terms) -> SQL:
    left, right = nodes[0].type, nodes[1].type
    if left == INT:
        return dialect.arithmetic("+", *terms)
    if left == DOUBLE:
        return binary(exp.Add, *terms)
    if left == STRING:
        return binary(exp.DPipe, *terms)
    if TIMESTAMP in (left, right):
        moment, span = terms if left == TIMESTAMP else (terms[1], terms[0])
        return _moment(dialect, binary(exp.Add, dialect.micros(moment), span))
    if left == DURATION:
        return _duration(dialect, binary(exp.Add, *terms))
    if left != right:
        raise NoExactFormError(f"+ of {left} and {right}")
    return dialect.array_concat(*terms)


def _subtract(dialect: Dialect, nodes: Nodes, terms: Terms) -> SQL:
    left, right = nodes[0].type, nodes[1].type
    if left == INT:
        return dialect.arithmetic("-", *terms)
    if left == DOUBLE:
        return binary(exp.Sub, *terms)
    if left == TIMESTAMP and right == DURATION:
        return _moment(dialect, binary(exp.Sub, dialect.micros(terms[0]), terms[1]))
    if left == TIMESTAMP:
        return _duration(dialect, binary(exp.Sub, dialect.micros(terms[0]), dialect.micros(terms[1])))
    return _duration(dialect, binary(exp.Sub, *terms))


def _moment(dialect: Dialect, micros: SQL) -> SQL:
    return dialect.int_range(micros, TIMESTAMP_MIN, TIMESTAMP_MAX, dialect.moment)


def _duration(dialect: Dialect, micros: SQL) -> SQL:
    return dialect.int_range(micros, -COMPUTED_DURATION_MAX, COMPUTED_DURATION_MAX)


def _multiply(dialect: Dialect, nodes: Nodes, terms: Terms) -> SQL:
    return dialect.arithmetic("*", *terms) if nodes[0].type == INT else binary(exp.Mul, *terms)


def _divide(dialect: Dialect, nodes: Nodes, terms: Terms) -> SQL:
    divisor = nodes[1].value if isinstance(nodes[1], ir.Const) else 0
    if nodes[0].type == INT:
        return dialect.quotient(terms[0], divisor) if divisor not in (0, -1) else dialect.arithmetic("/", *terms)
    return binary(exp.Div, *terms) if divisor != 0 else dialect.divide_doubles(*terms)


def _remainder(dialect: Dialect, nodes: Nodes, terms: Terms) -> SQL:
    divisor = nodes[1].value if isinstance(nodes[1], ir.Const) else 0
    if divisor not in (0, -1):
        return binary(exp.Mod, terms[0], integer(divisor))
    return dialect.arithmetic("%", *terms)


def _sign(dialect: Dialect, nodes: Nodes, terms: Terms) -> SQL:
    if nodes[0].type == INT:
        return dialect.arithmetic("-", bigint(0), terms[0])
    # Not 0 - x, which would lose the sign of a zero.
    return binary(exp.Mul, terms[0], double(-1.0))


def _element(dialect: Dialect, nodes: Nodes, terms: Terms) -> SQL:
    index = nodes[1]
    if index.type != INT:
        raise NoExactFormError(f"an index of type {index.type}")
    return dialect.element(terms[0], constant(dialect, INT, index.value) if isinstance(index, ir.Const) else terms[1])


def _size(dialect: Dialect, nodes: Nodes, terms: Terms) -> SQL:
    return dialect.length(terms[0]) if nodes[0].type == STRING else dialect.array_size(terms[0])


def _matches(dialect: Dialect, nodes: Nodes, terms: Terms) -> SQL:
    pattern = nodes[1]
    if not isinstance(pattern, ir.Const):
        raise NoExactFormError("matches() with a pattern that is not constant")
    if not sql_texts.is_pattern(pattern.value):
        return null("BOOLEAN")
    try:
        return dialect.matches(terms[0], pattern.value)
    except UnlikeJavaError as error:
        raise NoExactFormError(f"matches() with {error} in its pattern") from error


def _bucket(dialect: Dialect, _nodes: Nodes, terms: Terms) -> SQL:
    text = binary(exp.DPipe, binary(exp.DPipe, terms[1], dialect.nul()), terms[0])

    def drawn(n: SQL) -> SQL:
        return case((binary(exp.GT, n, integer(0)), dialect.bucket(text, n)))

    return dialect.let(terms[2], drawn)


def _to_int(dialect: Dialect, nodes: Nodes, terms: Terms) -> SQL:
    type_, term = nodes[0].type, terms[0]
    if type_ == INT:
        return term
    if type_ == DOUBLE:
        return dialect.let(term, lambda d: _truncated(dialect, d))
    if type_ == TIMESTAMP:
        # Seconds are rounded down, also before 1970.
        return dialect.let(
            dialect.micros(term),
            lambda t: binary(exp.Sub, dialect.quotient(t, _SECOND), _one_where_below(t, _SECOND)),
        )
    if type_ == STRING:
        return sql_texts.read_int(dialect, term)
    raise NoExactFormError(f"int() of a {type_}")


def _truncated(dialect: Dialect, term: SQL) -> SQL:
    edge = 2.0**63
    inside = exp.And(
        this=binary(exp.GT, term, double(-edge)),
        expression=binary(exp.LT, term, double(edge)),
    )
    return case((inside, dialect.truncate(term)))


def _one_where_below(term: SQL, divisor: int) -> SQL:
    negative_rest = binary(exp.LT, binary(exp.Mod, term, integer(divisor)), integer(0))
    return case((negative_rest, integer(1)), otherwise=integer(0))


def _to_double(dialect: Dialect, nodes: Nodes, terms: Terms) -> SQL:
    if nodes[0].type == STRING:
        return sql_texts.read_double(dialect, terms[0])
    return cast(terms[0], "DOUBLE") if nodes[0].type == INT else terms[0]


def _to_string(dialect: Dialect, nodes: Nodes, terms: Terms) -> SQL:
    type_ = nodes[0].type
    if type_ == STRING:
        return terms[0]
    if type_ in (INT, BOOL):
        return cast(terms[0], "VARCHAR")
    if type_ == TIMESTAMP:
        return sql_texts.write_timestamp(dialect, terms[0])
    if type_ == DURATION:
        return sql_texts.write_duration(dialect, terms[0])
    raise NoExactFormError(f"string() of a {type_}")


def _to_bool(dialect: Dialect, nodes: Nodes, terms: Terms) -> SQL:
    return terms[0] if nodes[0].type == BOOL else sql_texts.read_bool(dialect, terms[0])


def _to_timestamp(dialect: Dialect, nodes: Nodes, terms: Terms) -> SQL:
    if nodes[0].type == TIMESTAMP:
        return terms[0]
    if nodes[0].type == INT:
        low, high = TIMESTAMP_MIN // _SECOND, TIMESTAMP_MAX // _SECOND
        micros = bigint(_SECOND)
        return dialect.int_range(terms[0], low, high, lambda seconds: dialect.moment(binary(exp.Mul, seconds, micros)))
    raise NoExactFormError("timestamp() of a string that is not constant")


def _to_duration(_dialect: Dialect, nodes: Nodes, terms: Terms) -> SQL:
    if nodes[0].type == DURATION:
        return terms[0]
    raise NoExactFormError("duration() of a string that is not constant")


#: Getters of a timestamp: SQL's function, and what to take away from it.
_CALENDAR = {
    "getFullYear": ("YEAR", 0),
    "getMonth": ("MONTH", 1),
    "getDate": ("DAY", 0),
    "getDayOfMonth": ("DAY", 1),
    "getDayOfYear": ("DAYOFYEAR", 1),
    "getDayOfWeek": ("DAYOFWEEK", 0),
    "getHours": ("HOUR", 0),
    "getMinutes": ("MINUTE", 0),
    "getSeconds": ("SECOND", 0),
}
_UNITS = {"getHours": 3_600 * _SECOND, "getMinutes": 60 * _SECOND, "getSeconds": _SECOND, "getMilliseconds": 1000}


def _getter(name: str) -> Say:
    def say(dialect: Dialect, nodes: Nodes, terms: Terms) -> SQL:
        if nodes[0].type == DURATION:
            return _part_of_duration(dialect, name, terms[0])
        moment = _local(dialect, nodes[1], terms[0]) if len(nodes) == 2 else terms[0]
        if name == "getMilliseconds":
            return _milliseconds(dialect, moment)
        function, less = _CALENDAR[name]
        if function == "DAYOFWEEK":
            less = dialect.sunday
        value = cast(call(function, moment), "BIGINT")
        return binary(exp.Sub, value, integer(less)) if less else value

    return say


def _part_of_duration(dialect: Dialect, name: str, term: SQL) -> SQL:
    whole = dialect.quotient(term, _UNITS[name])
    return binary(exp.Mod, whole, integer(1000)) if name == "getMilliseconds" else whole


def _milliseconds(dialect: Dialect, moment: SQL) -> SQL:
    rest = binary(exp.Mod, dialect.micros(moment), integer(_SECOND))
    from_zero = binary(exp.Mod, exp.Paren(this=binary(exp.Add, rest, integer(_SECOND))), integer(_SECOND))
    return dialect.quotient(from_zero, 1000)


def _local(dialect: Dialect, zone_name: ir.Node, moment: SQL) -> SQL:
    """What the clock of a zone shows, as TIMESTAMP; NULL where there is no such zone.

    The zone's changes of offset are written out, from the very data the language uses: an engine's own zones may be of
    another edition, and then differ by an hour where a country has changed its mind.
    """
    if not isinstance(zone_name, ir.Const):
        raise NoExactFormError("a getter with a zone that is not constant")
    place = zone(zone_name.value)
    if place is None:
        return null("TIMESTAMP")
    changes, offsets = place.changes.tolist(), [offset * _SECOND for offset in place.offsets.tolist()]
    if offsets == [0]:
        return moment
    cycle = place.cycle

    def shown(micros: SQL) -> SQL:
        if not changes:
            return binary(exp.Add, micros, integer(offsets[0]))
        at = micros if cycle is None else _in_cycle(dialect, micros, (cycle + 1) * _SECOND)
        offset = dialect.let(at, lambda t: _offset_at(t, changes, offsets))
        return binary(exp.Add, micros, offset)

    return dialect.moment(dialect.let(dialect.micros(moment), shown))


def _in_cycle(dialect: Dialect, micros: SQL, end: int) -> SQL:
    """The instant, or from `end` on as many times 400 years earlier as bring it before."""
    beyond = binary(exp.Sub, micros, integer(end - _CYCLE))
    cycles = dialect.quotient(call("GREATEST", beyond, integer(0)), _CYCLE)
    return binary(exp.Sub, micros, binary(exp.Mul, cycles, integer(_CYCLE)))


def _offset_at(micros: SQL, changes: list[int], offsets: list[int]) -> SQL:
    """The offset by bisection: a CASE as deep as the logarithm of the changes."""
    if not changes:
        return integer(offsets[0])
    middle = len(changes) // 2
    before = _offset_at(micros, changes[:middle], offsets[: middle + 1])
    after = _offset_at(micros, changes[middle + 1 :], offsets[middle + 1 :])
    return case((binary(exp.LT, micros, integer(changes[middle] * _SECOND)), before), otherwise=after)


CALLS: dict[str, Say] = {
    **{operator: _comparison(operator) for operator in ("==", "!=", "<", "<=", ">", ">=")},
    **{name: _getter(name) for name in (*_CALENDAR, "getMilliseconds")},
    "in": _in,
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "%": _remainder,
    "neg": _sign,
    "[]": _element,
    "size": _size,
    "startsWith": lambda dialect, _, terms: dialect.starts_with(*terms),
    "endsWith": lambda dialect, _, terms: dialect.ends_with(*terms),
    "contains": lambda dialect, _, terms: dialect.contains(*terms),
    "matches": _matches,
    "lowerAscii": lambda dialect, _, terms: dialect.lower_ascii(*terms),
    "bucket": _bucket,
    "int": _to_int,
    "double": _to_double,
    "string": _to_string,
    "bool": _to_bool,
    "timestamp": _to_timestamp,
    "duration": _to_duration,
}


def say_call(dialect: Dialect, node: ir.Call, terms: Terms) -> SQL:
    """The call's SQL from its arguments' SQL; NoExactFormError where there is none."""
    say = CALLS.get(node.function)
    if say is None:
        raise NoExactFormError(f"{node.function}()")
    return say(dialect, node.args, terms)
