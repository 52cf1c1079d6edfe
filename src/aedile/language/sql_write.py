"""Which SQL means exactly what a condition means?

`to_sql` gives text a warehouse runs (`SELECT count(*) … WHERE …`): TRUE, FALSE and NULL where the condition is true,
false and unknown, on every row, and never an error. It is made to be run; `sql_face.to_sql_face` gives the text people
read and edit, and `sql_read.from_sql` reads the latter back.

Values lie in the warehouse as `sql_terms` says (durations as BIGINT microseconds, timestamps as TIMESTAMP in UTC, lists
without NULLs). Named lists are one table `aedile_list(list_name VARCHAR, entry VARCHAR, expires TIMESTAMP)`. A time
zone's changes are written out, so that an engine with another edition of the zones answers alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from aedile.errors import LanguageError, Place, define
from aedile.language import ir
from aedile.language.sql_calls import say_call
from aedile.language.sql_compare import NoExactFormError, constant
from aedile.language.sql_duckdb import DuckDB
from aedile.language.sql_spark import Spark
from aedile.language.sql_terms import (
    SQL,
    Dialect,
    bigint,
    binary,
    boolean,
    case,
    cast,
    double,
    group,
    integer,
    is_null,
    negate,
    null,
    type_name,
    when_true_false,
)
from aedile.language.types import DOUBLE, INT, Type

NO_EXACT_SQL = define(
    "AED-LANG-090",
    "A part of a condition has no SQL that means exactly the same.",
    'normalized(item.title).contains("free")',
)
UNKNOWN_DIALECT = define("AED-LANG-091", "SQL was asked for an engine it is not written for.", 'to_sql(node, "sqlite")')
OPEN_PARAMETER = define(
    "AED-LANG-092", "SQL was asked for a condition whose parameters have no values.", "item.price < param.threshold"
)
TOO_DEEP_FOR_SQL = define(
    "AED-LANG-093", "A condition is nested too deeply to be written as SQL.", "((((… item.price …) + 1) * 2) …"
)

DIALECTS: Mapping[str, type[Dialect]] = {"duckdb": DuckDB, "spark": Spark}
LIST_TABLE = "aedile_list"


def feature_column(name: str) -> SQL:
    """The default place of a feature: one column named as the feature, `"item.price"`."""
    return exp.column(name, quoted=True)


def to_sql(node: ir.Node, dialect: str = "duckdb", column: Callable[[str], SQL] = feature_column) -> str:
    """The condition as one SQL expression for `duckdb` or `spark`; parameters must be bound.

    column: the SQL of a feature by its name, e.g. `lambda name: exp.column(name.split(".")[1], table="i")`.

    Raises LanguageError AED-LANG-090 for what has no exact form, never writes an approximation.
    """
    engine = DIALECTS.get(dialect)
    if engine is None:
        raise LanguageError(
            UNKNOWN_DIALECT, f'"{dialect}" is not an engine SQL is written for', fix="use " + " or ".join(DIALECTS)
        )
    try:
        tree = _Writer(engine(), column).write(node, {})
        _refuse_queries_in_lambdas(tree)
        return tree.sql(dialect=dialect)
    except RecursionError as error:
        raise LanguageError(
            TOO_DEEP_FOR_SQL,
            "the condition is nested too deeply to be written as SQL",
            hint="split it into several conditions, or compute a part of it as a feature",
        ) from error
    except NoExactFormError as error:
        raise _no_exact_sql(str(error), dialect, node) from error


def _no_exact_sql(what: str, dialect: str, node: ir.Node) -> LanguageError:
    return LanguageError(
        NO_EXACT_SQL,
        f"{what} has no {dialect} SQL with exactly the same meaning",
        place=Place(span=node.span),
        hint="evaluate the condition with `aedile decide`, or materialise this part as a feature",
    )


def _refuse_queries_in_lambdas(tree: SQL) -> None:
    for function in tree.find_all(exp.Lambda):
        if function.find(exp.Select) is not None:
            raise NoExactFormError("in_list() inside exists, all, filter, map or a computation over a list")


class _Writer:
    """One walk over the condition; `scope` maps the variables of enclosing comprehensions to lambda variables."""

    def __init__(self, dialect: Dialect, column: Callable[[str], SQL]) -> None:
        self.dialect = dialect
        self.column = column

    def write(self, node: ir.Node, scope: Mapping[str, str]) -> SQL:
        if isinstance(node, ir.Const):
            return self._constant(node)
        if isinstance(node, ir.Feature):
            return self.column(node.name)
        if isinstance(node, ir.Variable):
            return exp.column(scope[node.name])
        if isinstance(node, ir.Param):
            raise LanguageError(
                OPEN_PARAMETER,
                f"param.{node.name} has no value here",
                place=Place(span=node.span),
                fix="bind the parameters of a market first",
            )
        if isinstance(node, ir.Has):
            return exp.Is(this=group(self.column(node.feature.name)), expression=exp.Not(this=exp.Null()))
        if isinstance(node, ir.Comprehension):
            return self._comprehension(node, scope)
        return self._compound(node, [self.write(child, scope) for child in node.children()])

    def _compound(self, node: ir.Node, terms: Sequence[SQL]) -> SQL:
        if isinstance(node, ir.And):
            return exp.and_(*[group(term) for term in terms], copy=False, wrap=False)
        if isinstance(node, ir.Or):
            return exp.or_(*[group(term) for term in terms], copy=False, wrap=False)
        if isinstance(node, ir.Not):
            return negate(terms[0])
        if isinstance(node, ir.Ternary):
            return when_true_false(*terms)
        if isinstance(node, ir.InList):
            return self._in_list(terms[0], node.list_name)
        if isinstance(node, ir.ListOf):
            return self._list(node, terms)
        assert isinstance(node, ir.Call)
        return say_call(self.dialect, node, terms)

    def _constant(self, node: ir.Const) -> SQL:
        if node.type == INT:
            return bigint(node.value)
        return double(node.value) if node.type == DOUBLE else constant(self.dialect, node.type, node.value)

    def _list(self, node: ir.ListOf, terms: Sequence[SQL]) -> SQL:
        element = node.type.element
        assert element is not None
        array = cast(exp.Array(expressions=list(terms)), type_name(node.type))
        return self.dialect.all_known(array)

    def _in_list(self, value: SQL, list_name: str) -> SQL:
        """Unknown for an unknown value, and for an entry that expires where request.time is unknown."""
        time = self.column("request.time")
        expires = exp.column("expires", table="_l")
        open_end = is_null(expires)
        listed = self._listed(value, list_name, exp.or_(open_end, binary(exp.GT, expires, time), copy=False))
        undecided = self._listed(value, list_name, exp.and_(negate(is_null(expires)), is_null(time), copy=False))
        unknown = null("BOOLEAN")
        return case((is_null(value), unknown), (listed, boolean(True)), (undecided, unknown), otherwise=boolean(False))

    def _listed(self, value: SQL, list_name: str, when: SQL) -> SQL:
        found = exp.and_(
            binary(exp.EQ, exp.column("list_name", table="_l"), self.dialect.string(list_name)),
            binary(exp.EQ, exp.column("entry", table="_l"), value),
            group(when),
            copy=False,
            wrap=False,
        )
        table = exp.to_table(LIST_TABLE, alias="_l")
        return exp.Exists(this=exp.select(exp.Literal.number("1")).from_(table).where(found, copy=False))

    def _comprehension(self, node: ir.Comprehension, scope: Mapping[str, str]) -> SQL:
        """An unknown element decides as in Or (`exists`) and And (`all`); elsewhere it makes the whole NULL."""
        source = self.write(node.source, scope)
        dialect = self.dialect
        if node.kind == "map":
            name = dialect.variable()
            body = self.write(node.body, {**scope, node.variable: name})
            return dialect.all_known(dialect.transform(source, name, body))

        def step(carried: SQL, element: SQL) -> SQL:
            body = self.write(node.body, {**scope, node.variable: element.name})
            if node.kind == "exists":
                return exp.Or(this=carried, expression=group(body))
            if node.kind == "all":
                return exp.And(this=carried, expression=group(body))
            if node.kind == "exists_one":
                return binary(exp.Add, carried, when_true_false(body, integer(1), integer(0)))
            one = cast(exp.Array(expressions=[element]), type_name(node.type))
            return dialect.array_concat(carried, when_true_false(body, one, _empty(node.type)))

        if node.kind == "exists_one":
            return binary(exp.EQ, dialect.reduce(source, integer(0), step), integer(1))
        start = _empty(node.type) if node.kind == "filter" else boolean(node.kind == "all")
        return dialect.reduce(source, start, step)


def _empty(type_: Type) -> SQL:
    return cast(exp.Array(expressions=[]), type_name(type_))
