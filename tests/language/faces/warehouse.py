"""Rows in an embedded DuckDB as the SQL writer expects a warehouse to hold them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import pyarrow as pa

from aedile.language import ir
from aedile.language.sql_write import to_sql
from aedile.language.types import Type

_ARROW = {
    "bool": pa.bool_(),
    "int": pa.int64(),
    "double": pa.float64(),
    "string": pa.string(),
    "timestamp": pa.timestamp("us"),
    "duration": pa.int64(),
    "nothing": pa.string(),
}


class Warehouse:
    """One table `rows`, in the order given, and the table of named lists."""

    def __init__(
        self,
        types: Mapping[str, Type],
        data: Mapping[str, list[Any]],
        lists: Mapping[str, Mapping[str, int | None]] | None = None,
    ) -> None:
        self.connection = duckdb.connect(config={"threads": 1})
        length = len(next(iter(data.values())))
        columns = {name: pa.array(values, arrow_type(types[name])) for name, values in data.items()}
        self.connection.register("given", pa.table({**columns, "place": pa.array(range(length))}))
        self.connection.execute("CREATE TABLE rows AS SELECT * FROM given")
        self.connection.execute("CREATE TABLE aedile_list (list_name VARCHAR, entry VARCHAR, expires TIMESTAMP)")
        for name, entries in (lists or {}).items():
            for entry, expires in entries.items():
                self.connection.execute(
                    "INSERT INTO aedile_list VALUES (?, ?, make_timestamp(?::BIGINT))", [name, entry, expires]
                )

    def values(self, node: ir.Node, write: Callable[[ir.Node], str] = to_sql) -> list[Any]:
        """The expression at each row as Python values, microseconds for times; None where it is NULL."""
        query = f"SELECT {write(node)} AS answer FROM rows ORDER BY place"
        column = self.connection.sql(query).to_arrow_table().column("answer")
        return column.cast(_in_micros(arrow_type(node.type))).to_pylist()


def arrow_type(type_: Type) -> pa.DataType:
    return pa.list_(arrow_type(type_.element)) if type_.element is not None else _ARROW[type_.name]


def _in_micros(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_list(type_):
        return pa.list_(_in_micros(type_.value_type))
    return pa.int64() if pa.types.is_timestamp(type_) else type_
