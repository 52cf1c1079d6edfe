"""What is added to facts when they arrive, and what is taken away? Their local day and the time of arrival are added;
shoppers become pseudonyms, in what is refused as well.

A pseudonym is of the month in which the fact happened, so that the same fact sent again is the same, however late.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from aedile.facts.kinds import FactKind, Field
from aedile.facts.reading import ReadFacts, Refused
from aedile.facts.zones import local_dates
from aedile.fields import suggestion
from aedile.store.fact_journal import DeadRow, Part
from aedile.store.pseudonyms import Pseudonyms

_PSEUDONYM = re.compile(r"\d{4}-\d\d\.[0-9a-f]{32}", re.ASCII)


#: Of the rows that are refused so many are told; all of them are kept.
TOLD = 20


class Arrival:
    """Makes facts that were read into what is kept.

    zones: market → zone where it is not the usual one. known: texts that are pseudonyms already stay as they are; only
    for what was kept here before, as a shopper could otherwise be called like another's pseudonym.
    """

    def __init__(self, pseudonyms: Pseudonyms, zones: Mapping[str, str], *, known: bool = False) -> None:
        self._pseudonyms = pseudonyms
        self._zones = zones
        self._known = known

    def part(self, read: ReadFacts, received: int, source: str) -> Part:
        """received: microseconds since 1970. source: who sends them, as it is told of what is refused."""
        return Part(
            read.kind.name,
            self.table(read.kind, read.table, received),
            [self.dead(read.kind, one, received, source) for one in read.refused],
        )

    def table(self, kind: FactKind, table: pa.Table, received: int) -> pa.Table:
        """The rows as the kind's `schema` says."""
        if len(table) == 0:
            return kind.schema.empty_table()
        at = table["at"].chunk(0)
        arrays = [
            self._hidden(table[field.name].chunk(0), at) if field.hashed else table[field.name].chunk(0)
            for field in kind.sent
        ]
        arrays.append(local_dates(at, table["market"].chunk(0), self._zones))
        arrays.append(pa.array(np.full(len(table), received), pa.int64()).cast(at.type))
        return pa.Table.from_arrays(arrays, schema=kind.schema)

    def dead(self, kind: FactKind, refused: Refused, received: int, source: str) -> DeadRow:
        raw = None if refused.raw is None else json.dumps(self.hide(kind, refused.raw, received), ensure_ascii=False)
        return DeadRow(kind.name, raw, json.dumps(refused.error.to_dict(), ensure_ascii=False), received, source)

    def hide(self, kind: FactKind, raw: Mapping[str, Any], now: int) -> dict[str, Any]:
        """A row as JSON with shoppers as pseudonyms; those of a column that is none, but was meant to be, as well."""
        fields: Mapping[str, Field] = kind.fields
        hashed = [field.name for field in kind.sent if field.hashed]
        found = {}
        for name, value in raw.items():
            is_meant = name not in fields and suggestion(str(name), hashed) is not None
            if isinstance(value, str) and value and (is_meant or (name in fields and fields[name].hashed)):
                found[name] = self._of(value, now)
            else:
                found[name] = value
        return found

    def _of(self, text: str, at: int) -> str:
        if self._known and _PSEUDONYM.fullmatch(text):
            return text
        return self._pseudonyms.of(text, at)

    def _hidden(self, column: pa.Array, at: pa.Array) -> pa.Array:
        if column.null_count == len(column):
            return column
        micros = np.asarray(at.cast(pa.int64()))
        months = micros.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
        if months.min() == months.max():
            coded = column.dictionary_encode()
            return self._named(coded.dictionary, int(micros[0])).take(coded.indices)
        hidden: list[str | None] = [None] * len(column)
        for month in np.unique(months).tolist():
            rows = np.flatnonzero(months == month)
            of_month = self._hidden(column.take(pa.array(rows)), at.take(pa.array(rows))).to_pylist()
            for row, name in zip(rows.tolist(), of_month, strict=True):
                hidden[row] = name
        return pa.array(hidden, pa.string())

    def _named(self, texts: pa.Array, at: int) -> pa.Array:
        names: Sequence[str] = [self._of(text, at) for text in texts.to_pylist()]
        return pa.array(names, pa.string())


def told(read: ReadFacts) -> dict[str, Any]:
    """What is answered. refused: the first of them, as errors with their row; dead: how many in all."""
    return {
        "accepted": len(read.table),
        "refused": [{"row": one.row, **one.error.to_dict()} for one in read.refused[:TOLD]],
        "dead": len(read.refused),
    }
