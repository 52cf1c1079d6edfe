"""How is a query of the portable subset read? By a dialect that knows the functions of the subset and no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.generator import Generator as _Generator
from sqlglot.parser import Parser as _Parser

from aedile.errors import DataError, Place, define
from aedile.facts.portable_functions import OWN, OwnAggregate, OwnCall, own_call
from aedile.fields import shorten

NOT_SQL = define("AED-DATA-140", "A query cannot be read as SQL.", "SELECT market, FROM exposures WHERE")
NOT_ONE_SELECT = define("AED-DATA-141", "A query is not one SELECT.", "DELETE FROM exposures")

#: Functions of standard SQL that mean the same on every engine.
STANDARD = (
    "COUNT", "SUM", "AVG", "MIN", "MAX", "ABS", "SIGN", "COALESCE", "NULLIF", "LENGTH", "LEAST", "GREATEST",
    "ROW_NUMBER", "RANK", "DENSE_RANK", "LAG", "LEAD", "VAR_SAMP", "STDDEV_SAMP",
)  # fmt: skip
_TYPED = (exp.DType.UNKNOWN, exp.DType.NULL)
#: Texts longer than this are no queries that a person wrote.
LONGEST = 100_000


def _own(name: str) -> Callable[[list[Any]], exp.Expr]:
    return lambda arguments: own_call(name, arguments)


def _type_of(annotator: Any, node: OwnCall) -> OwnCall:
    """Says an own call's type; its arguments have theirs by then."""
    said = node.own.type
    first = node.expressions[0].type if node.expressions else None
    known = first is not None and first.this not in _TYPED
    if said is None:
        annotator._set_type(node, first if known else exp.DType.UNKNOWN)
    elif said == "list":
        kind = exp.DataType(this=exp.DType.ARRAY, expressions=[first.copy()] if first and known else [], nested=True)
        annotator._set_type(node, kind)
    else:
        annotator._set_type(node, exp.DataType.build(said))
    return node


class PortableSubset(Dialect):
    """NULL comes last, however sorted; names are what they are in small letters."""

    NULL_ORDERING = "nulls_are_last"
    EXPRESSION_METADATA = {  # noqa: RUF012
        **Dialect.EXPRESSION_METADATA,
        OwnCall: {"annotator": _type_of},
        OwnAggregate: {"annotator": _type_of},
    }

    class Parser(_Parser):
        FUNCTIONS = {  # noqa: RUF012
            **{name: _Parser.FUNCTIONS[name] for name in STANDARD},
            **{name.upper(): _own(name) for name in OWN},
        }

    class Generator(_Generator):
        TRANSFORMS = {  # noqa: RUF012
            **_Generator.TRANSFORMS,
            OwnCall: lambda self, node: self.func(node.this, *node.expressions, normalize=False),
            OwnAggregate: lambda self, node: self.func(node.this, *node.expressions, normalize=False),
        }


def parse(text: str) -> exp.Query:
    """The tree of one SELECT, or of several joined by UNION and the like; not yet checked."""
    if len(text) > LONGEST:
        raise _not_sql(f"the query has {len(text):,} letters", "a query has at most 100,000")
    try:
        trees = [tree for tree in sqlglot.parse(text, read=PortableSubset) if tree is not None]
    except SqlglotError as error:
        raise _not_sql(*_told(error)) from None
    except RecursionError:
        raise too_deep() from None
    if len(trees) != 1 or not isinstance(trees[0], exp.Query) or isinstance(trees[0], exp.Subquery):
        raise DataError(
            NOT_ONE_SELECT,
            f"this is not one SELECT: {shorten(' '.join(text.split()))}",
            place=Place(field="query"),
            hint="facts are only read here, by one query at a time",
            fix="begin with SELECT or WITH, and leave out whatever follows a semicolon",
        )
    return trees[0]


def _told(error: SqlglotError) -> tuple[str, str | None]:
    found = getattr(error, "errors", None)
    if not found:
        return str(error).splitlines()[0][:200], None
    first = found[0]
    at = f"line {first['line']}, column {first['col']}, at `{first['highlight']}`"
    return f"{first['description'].rstrip('.').lower()} ({at})", None


def too_deep() -> DataError:
    hint = "a list of values goes into one :placeholder after IN"
    return _not_sql("the query has too many parts, or too deep ones", hint)


def _not_sql(what: str, hint: str | None) -> DataError:
    return DataError(NOT_SQL, f"the query is not SQL: {what}", place=Place(field="query"), hint=hint, fix="correct it")
