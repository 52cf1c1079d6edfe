"""What does a kind of fact hold?

A kind is named in the plural, as its table is. Its columns are those that every fact has, then its own. A kind has a
version: within one, columns may be added that may be missing; whatever else changes makes the next version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

TEXT = pa.string()
WHOLE = pa.int64()
REAL = pa.float64()
FLAG = pa.bool_()
MOMENT = pa.timestamp("us", "UTC")
DAY = pa.date32()
TEXTS = pa.list_(pa.string())


@dataclass(frozen=True, slots=True)
class Field:
    """A column.

    required: never null. values: the texts that it may hold, where there are only so many. unit: of a number. least:
    the least number that it may hold. hashed: it is sent as a shopper's own id, and kept as a pseudonym.
    """

    name: str
    type: pa.DataType
    meaning: str
    required: bool = False
    values: tuple[str, ...] = ()
    unit: str | None = None
    least: float | None = None
    hashed: bool = False

    def to_arrow(self) -> pa.Field:
        return pa.field(self.name, self.type, not self.required)


#: Every fact has these; they are sent.
SENT = (
    Field("id", TEXT, "What the sender calls it: the same id within a kind is the same fact.", required=True),
    Field("at", MOMENT, "When it happened.", required=True),
    Field("market", TEXT, "Where it happened: a code of ISO 3166.", required=True),
    Field("channel", TEXT, "Where in the shop it happened."),
    Field("surface", TEXT, "The place inside the channel."),
)
#: Every fact has these; they are added when it arrives.
ADDED = (
    Field("local_date", DAY, "The day of `at` in the market's time zone.", required=True),
    Field("received_at", MOMENT, "When it arrived.", required=True),
)


@dataclass(frozen=True)
class FactKind:
    """A kind of fact: `own` are its columns beside those that every fact has."""

    name: str
    version: int
    meaning: str
    own: tuple[Field, ...]

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """All columns by name, in order: sent, own, added."""
        return {field.name: field for field in (*SENT, *self.own, *ADDED)}

    @cached_property
    def sent(self) -> tuple[Field, ...]:
        """The columns that a sender may fill."""
        return (*SENT, *self.own)

    @cached_property
    def schema(self) -> pa.Schema:
        """As it is kept; the metadata says the kind and its version."""
        told = {b"aedile.kind": self.name.encode(), b"aedile.version": str(self.version).encode()}
        return pa.schema([field.to_arrow() for field in self.fields.values()], told)

    @cached_property
    def sent_schema(self) -> pa.Schema:
        """As it is sent by Arrow, where every column is there; one that may be null may be left out."""
        return pa.schema([field.to_arrow() for field in self.sent])
