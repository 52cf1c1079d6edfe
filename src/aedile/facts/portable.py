"""How is one query asked of every engine, and means the same on each?

As a syntax tree of a subset of SQL on which engines agree (docs/warehouse.md): `check` refuses what they answer
differently and says what takes its place; `render` writes the engine's SQL. What is checked is put into one form:
NULL sorts last, numbers with a point are doubles, sums of whole numbers stay whole and fail when they overflow.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

import pyarrow as pa
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from aedile.errors import DataError, Place, define
from aedile.facts.portable_dialect import PortableSubset, parse, too_deep
from aedile.facts.portable_functions import OwnCall
from aedile.facts.portable_rules import check_nodes
from aedile.facts.portable_types import check_types, group, sql_type
from aedile.facts.portable_values import bind
from aedile.fields import listing, suggestion

NO_SUCH_TABLE = define("AED-DATA-145", "A query names a table or column that there is not.", "SELECT x FROM exposures")
ENGINES = ("duckdb", "spark")
#: Parts of a query at most, its values not counted.
MOST = 5_000
#: The columns of the tables that may be asked, by name.
Tables = Mapping[str, pa.Schema]

__all__ = ["ENGINES", "Tables", "check", "parse", "render", "spell"]


def check(query: exp.Query, tables: Tables, values: Mapping[str, Any] | None = None) -> exp.Query:
    """The query with its values and every column's table and type; a `DataError` for what is not portable."""
    if sum(1 for _ in islice(query.walk(), MOST + 1)) > MOST:
        raise too_deep()
    tree = bind(query, values or {})
    check_nodes(tree)
    _check_tables(tree, tables)
    tree = _standard(tree)
    schema: dict[str, object] = {
        name: {field.name: sql_type(field.type) for field in columns} for name, columns in tables.items()
    }
    try:
        tree = qualify(tree, schema=schema, dialect=PortableSubset)
        annotate_types(tree, schema=schema, dialect=PortableSubset)
        check_types(tree)
    except SqlglotError as error:
        raise _unresolved(str(error), tables) from None
    except RecursionError:
        raise too_deep() from None
    return tree


def render(query: exp.Query, engine: str, tables: Tables, values: Mapping[str, Any] | None = None) -> str:
    """The SQL of one of `ENGINES`."""
    return spell(check(query, tables, values), engine)


def spell(tree: exp.Query, engine: str) -> str:
    """The SQL of a query that was checked."""
    tree = tree.copy()
    for node in reversed([node for node in tree.find_all(exp.Sum) if group(node) == "whole"]):
        summed = node.parent if isinstance(node.parent, exp.Window) and node.arg_key == "this" else node
        summed.replace(exp.Cast(this=summed.copy(), to=exp.DataType.build("BIGINT")))
    return _spelt(tree, engine).sql(engine, comments=False)


def _standard(tree: exp.Query) -> exp.Query:
    """Functions of our own that are standard SQL as such; numbers with a point as doubles; division of doubles."""
    tree = tree.copy()
    for node in reversed(list(tree.find_all(OwnCall))):
        if node.own.standard is not None:
            node.replace(node.own.standard(*(part.copy() for part in node.expressions)))
    for number in list(tree.find_all(exp.Literal)):
        if not number.is_string and not number.is_int and "e" not in number.name.lower():
            number.replace(exp.Literal.number(f"{number.name}e0"))
    for division in list(tree.find_all(exp.Div)):
        for name in ("this", "expression"):
            part = division.args[name]
            if not (isinstance(part, exp.Cast) and part.to.this is exp.DType.DOUBLE):
                division.set(name, exp.Cast(this=part.copy(), to=exp.DataType.build("DOUBLE")))
    return tree


def _spelt(tree: exp.Query, engine: str) -> exp.Query:
    """Functions of our own as the engine has them, the innermost first."""
    tree = tree.copy()
    for node in reversed(list(tree.find_all(OwnCall))):
        spelt = node.own.spellings[engine](*(part.copy() for part in node.expressions))
        node.replace(spelt)
    return tree


def _check_tables(tree: exp.Query, tables: Tables) -> None:
    named = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if table.name.lower() not in named and table.name.lower() not in tables:
            raise DataError(
                NO_SUCH_TABLE,
                f"there is no table `{table.name[:60]}`",
                place=Place(field="query"),
                hint=suggestion(table.name, tables) or f"there are {listing(sorted(tables), 30)}",
                fix="name one of them",
            )


def _unresolved(said: str, tables: Tables) -> DataError:
    columns = {field.name for schema in tables.values() for field in schema}
    quoted = said.split("'")
    name = quoted[1].replace('"', "").split(".")[-1] if len(quoted) > 2 else ""
    return DataError(
        NO_SUCH_TABLE,
        f"the query's columns cannot be told: {said.splitlines()[0].rstrip('.')}",
        place=Place(field="query"),
        hint=suggestion(name, columns) if name else None,
        fix="name columns of the tables after FROM, with the table's name where two have one",
    )
