"""Which column of a file holds which feature, and how is a bad cell reported?"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aedile.errors import DataError, Place, define
from aedile.fields import listing, suggestion
from aedile.language.schema import RESERVED, FeatureSpec, Schema
from aedile.language.types import STRING, TIMESTAMP, Type

WRONG_FORMAT = define(
    "AED-DATA-020", "A file of entities is not of a format that can be read.", "--entities item=items.xls"
)
NOT_READABLE = define(
    "AED-DATA-021", "A file of entities is damaged or not of the format its name says.", "a CSV called items.parquet"
)
NO_ID = define("AED-DATA-022", "A file of entities has no column of ids.", "a CSV with the header sku,price")
COLUMN_TWICE = define("AED-DATA-023", "Two columns hold one feature.", "a CSV with the header id,price,item.price")
NO_COLUMN = define(
    "AED-DATA-024", "A column the schema requires is missing.", "no price although price is `missing: never`"
)
WRONG_TYPE = define("AED-DATA-025", "A value in a file of entities is not of its feature's type.", 'a price of "cheap"')
MISSING_VALUE = define(
    "AED-DATA-026", "A value the schema requires is missing.", "an empty price although it is `missing: never`"
)
BAD_ID = define("AED-DATA-027", "An id is missing, empty, or longer than 128 bytes.", "a row without an id")
DUPLICATE_ID = define("AED-DATA-028", "Two rows have one id.", "the item 4711 in the rows 2 and 9")

ID = "id"
AS_OF = "as_of"

#: What to write, for each type, in a file of text and in one of typed columns.
_FIXES = {
    "bool": "write true or false",
    "int": "write whole numbers of at most 64 bits, without a point",
    "double": "write numbers that a double holds exactly, with a point, without a unit",
    "string": "write texts in UTF-8",
    "timestamp": "write timestamps, or texts such as 2026-11-25T08:30:00Z",
    "duration": "write durations, or texts such as 240h",
    "list": 'write lists of texts, in CSV as JSON such as ["a","b"]',
}


@dataclass(frozen=True, slots=True)
class Target:
    """A column of a file that is wanted: its name there, its full name here, and its type."""

    file: str
    column: str
    name: str
    type: Type

    def bad_cell(self, row: int, value: Any, hint: str | None = None) -> DataError:
        """The error for a value that is not of the type; `row` counts from 0, the message from 1."""
        shown = json.dumps(value, ensure_ascii=False, default=str)
        shown = shown if len(shown) <= 60 else f"{shown[:59]}…"
        declared = self.name.partition(".")[2] not in RESERVED
        other = f"; or declare `{self.name}` with another type in the schema" if declared else ""
        return DataError(
            WRONG_TYPE,
            f"row {row + 1:,} of column `{self.column}` holds {shown}, which is not a value of type {self.type}",
            place=Place(self.file, field=self.name),
            hint=hint,
            fix=_FIXES[self.type.name] + other,
        )


@dataclass(slots=True)
class Layout:
    """Finds the columns of one kind of entity by their names, `price` or `item.price`, and notes the others."""

    file: str
    kind: str
    schema: Schema
    ignored: list[str] = field(default_factory=list)

    def wanted(self) -> dict[str, FeatureSpec]:
        """The features that come from files, by full name."""
        return {spec.name: spec for spec in self.schema.features_of(self.kind) if spec.source == "entity"}

    def _types(self) -> dict[str, Type]:
        types = {name: spec.type for name, spec in self.wanted().items()}
        return types | {f"{self.kind}.{ID}": STRING, f"{self.kind}.{AS_OF}": TIMESTAMP}

    def possible(self) -> list[Target]:
        """All columns a file could have, under both of their names."""
        return [
            Target(self.file, column, name, type_)
            for name, type_ in self._types().items()
            for column in (name, name.partition(".")[2])
        ]

    def targets(self, columns: list[str]) -> list[Target]:
        """The wanted ones of a file's columns. A `DataError` where two hold one feature or there are no ids."""
        types = self._types()
        found: dict[str, Target] = {}
        for column in columns:
            name = column if column.startswith(f"{self.kind}.") else f"{self.kind}.{column}"
            if name not in types:
                self.ignored.append(column)
            elif name in found:
                raise DataError(
                    COLUMN_TWICE,
                    f"the columns `{found[name].column}` and `{column}` both hold `{name}`",
                    place=Place(self.file, field=name),
                    fix="keep one of them",
                )
            else:
                found[name] = Target(self.file, column, name, types[name])
        if f"{self.kind}.{ID}" not in found:
            raise self._no_id(columns)
        self._require(found, columns)
        return list(found.values())

    def _no_id(self, columns: list[str]) -> DataError:
        one = columns[0] if len(columns) == 1 else ""
        hint = suggestion(ID, columns) or f"it has the columns {listing(columns)}"
        if ";" in one or "\t" in one or "|" in one:
            hint = "CSV separates columns by commas, this file seems to use another character"
        return DataError(
            NO_ID,
            "the file has no column `id`",
            place=Place(self.file, field=f"{self.kind}.{ID}"),
            hint=hint,
            fix=f"name the column that holds the ids of the {self.kind}s `id`",
        )

    def _require(self, found: dict[str, Target], columns: list[str]) -> None:
        for name, spec in self.wanted().items():
            if name not in found and not spec.missing:
                raise self._no_column(
                    name,
                    suggestion(spec.own_name, columns) or "the schema says that it is never missing",
                    f"add the column `{spec.own_name}`, or write `missing: allowed` in the schema",
                )
            if name in found and spec.freshness is not None and f"{self.kind}.{AS_OF}" not in found:
                raise self._no_column(
                    f"{self.kind}.{AS_OF}",
                    f"`{name}` has a freshness: without the time it is of, it would always be too old",
                    "add the column `as_of`, the time at which a row's values were known",
                )

    def _no_column(self, name: str, hint: str, fix: str) -> DataError:
        own = name.partition(".")[2]
        return DataError(
            NO_COLUMN, f"the file has no column `{own}`", place=Place(self.file, field=name), hint=hint, fix=fix
        )
