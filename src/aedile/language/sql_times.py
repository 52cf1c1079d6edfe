"""How are SQL's intervals, casts and parts of times said in the language?"""

from __future__ import annotations

from sqlglot import exp

from aedile.language.faults import Span
from aedile.language.sql_case import Reader
from aedile.language.sql_guard import refuse
from aedile.language.sql_literals import read_interval, read_timestamp
from aedile.language.sql_words import BAD_LITERAL, CASTS, OTHER_MEANING, PART_FUNCTIONS, PARTS, TIMES, cut
from aedile.language.syntax import Binary, Invocation, Literal, Syntax
from aedile.language.types import DOUBLE
from aedile.language.values import format_duration, format_timestamp


def read_duration(reader: Reader, node: exp.Expr, sign: int) -> Syntax:
    unit = node.args.get("unit")
    name = unit.name if isinstance(unit, exp.Var) else None
    text = node.this.this if isinstance(node.this, exp.Literal) else None
    micros = read_interval(text, name) if text is not None and (unit is None or name is not None) else None
    if micros is None:
        raise refuse(
            BAD_LITERAL,
            f"INTERVAL '{cut(f'{node.name} {name}' if name else node.name)}' is no length of time.",
            reader.span(node),
            hint="Write INTERVAL '36 hours', in weeks, days (of 24 hours), hours, minutes or seconds.",
        )
    return _made("duration", format_duration(sign * micros), reader.span(node))


def _made(function: str, text: str, span: Span) -> Syntax:
    return Invocation(*span, None, function, [Literal(*span, "string", text)], span)


def read_cast(reader: Reader, node: exp.Expr) -> Syntax:
    target, inner = node.args["to"], node.this
    wanted = target.this.value if isinstance(target.this, exp.DType) else ""
    if isinstance(inner, exp.Literal) and inner.is_string and wanted in TIMES:
        micros = read_timestamp(inner.this)
        if micros is None:
            raise refuse(
                BAD_LITERAL,
                f"'{cut(inner.this)}' is no point in time.",
                reader.span(inner),
                hint="Write TIMESTAMP '2026-11-25 07:30:00', in UTC, at most microseconds.",
            )
        return _made("timestamp", format_timestamp(micros), reader.span(node))
    function, takes = CASTS.get(wanted, ("", ()))
    truncated = function == "int" and isinstance(inner, exp.Trunc) and inner.args.keys() <= {"this"}
    operand = reader.read(inner.this if truncated else inner)
    type_ = reader.type_of(operand)
    if type_ not in ((DOUBLE,) if truncated else takes):
        raise refuse(
            OTHER_MEANING,
            f"CAST of a {type_} AS {cut(target.sql('duckdb'))} has no exact equal.",
            reader.span(node),
            hint="CAST(TRUNC(x) AS BIGINT) truncates; int(x), double(x), string(x), bool(x) convert as CEL does.",
        )
    return Invocation(*reader.span(node), None, function, [operand], reader.span(node))


def read_part(reader: Reader, node: exp.Expr) -> Syntax:
    """`hour(t)` and `EXTRACT(HOUR FROM t)`."""
    extract = isinstance(node, exp.Extract)
    unit = node.name.upper() if extract else PART_FUNCTIONS[type(node)]
    name, add = PARTS.get(unit, ("", 0))
    if not name:
        raise reader.refused(node)
    span = reader.span(node)
    value = Invocation(*span, reader.read(node.expression if extract else node.this), name, [], span)
    return Binary(*span, "+", value, Literal(*span, "int", add), span) if add else value
