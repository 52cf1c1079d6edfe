"""What does this condition mean?

The public face of the room; everything else in it is private.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aedile.language.builder import BUILDER_SCHEMA, from_builder, to_builder
    from aedile.language.cel import to_cel
    from aedile.language.check import Environment, compile_condition, require_bool
    from aedile.language.columns import Column, Rows, column_from_python
    from aedile.language.evaluation import Table, evaluate, why_unknown
    from aedile.language.features import FeatureSpec, Join, Schema
    from aedile.language.lists import NamedList, read_list
    from aedile.language.schema import load_schema, parse_schema
    from aedile.language.sql_face import to_sql_face
    from aedile.language.sql_read import from_sql
    from aedile.language.sql_write import to_sql
    from aedile.language.text import normalize
    from aedile.language.types import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, Type, list_of, parse_type

__all__ = [
    "BOOL",
    "BUILDER_SCHEMA",
    "DOUBLE",
    "DURATION",
    "INT",
    "STRING",
    "TIMESTAMP",
    "Column",
    "Environment",
    "FeatureSpec",
    "Join",
    "NamedList",
    "Rows",
    "Schema",
    "Table",
    "Type",
    "column_from_python",
    "compile_condition",
    "evaluate",
    "from_builder",
    "from_sql",
    "list_of",
    "load_schema",
    "normalize",
    "parse_schema",
    "parse_type",
    "read_list",
    "require_bool",
    "to_builder",
    "to_cel",
    "to_sql",
    "to_sql_face",
    "why_unknown",
]

#: Where each name lives. Modules are loaded when a name of theirs is first asked for: `aedile --help` needs none.
_HOMES = {
    "builder": (
        "BUILDER_SCHEMA",
        "from_builder",
        "to_builder",
    ),
    "cel": ("to_cel",),
    "check": (
        "Environment",
        "compile_condition",
        "require_bool",
    ),
    "columns": (
        "Column",
        "Rows",
        "column_from_python",
    ),
    "evaluation": (
        "Table",
        "evaluate",
        "why_unknown",
    ),
    "features": (
        "FeatureSpec",
        "Join",
        "Schema",
    ),
    "lists": (
        "NamedList",
        "read_list",
    ),
    "schema": (
        "load_schema",
        "parse_schema",
    ),
    "sql_face": ("to_sql_face",),
    "sql_read": ("from_sql",),
    "sql_write": ("to_sql",),
    "text": ("normalize",),
    "types": (
        "BOOL",
        "DOUBLE",
        "DURATION",
        "INT",
        "STRING",
        "TIMESTAMP",
        "Type",
        "list_of",
        "parse_type",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
