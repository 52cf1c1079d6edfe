"""Who is the candidate that fires both, and what is the request?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from aedile.engine.conflicts.meetings import Meetings
from aedile.engine.conflicts.points import some_values
from aedile.engine.conflicts.space import Space
from aedile.engine.conflicts.units import Bools, Ints
from aedile.language.columns import Column, column_from_python
from aedile.language.evaluation import Table
from aedile.language.schema import REQUEST, Schema
from aedile.language.types import TIMESTAMP, Type
from aedile.language.values import format_timestamp, to_json

#: What a request is where no strategy asks.
_PLAIN = {
    "request.id": "request-1",
    "request.market": "ID",
    "request.channel": "search",
    "request.shopper": "shopper-1",
    "request.time": some_values(TIMESTAMP)[0].value,
}


@dataclass(frozen=True)
class Witness:
    """One candidate in one request.

    kind: the candidate's. values: every feature that has a value, by full name, as `Column.to_python` gives it; a
    feature that is not among them is unknown. known: the kinds of entity that are known.
    """

    kind: str
    values: Mapping[str, Any]
    known: frozenset[str]
    schema: Schema

    @property
    def id(self) -> str:
        return str(self.values[f"{self.kind}.id"])

    @property
    def market(self) -> str:
        return str(self.values["request.market"])

    @property
    def channel(self) -> str:
        return str(self.values["request.channel"])

    @property
    def time(self) -> int:
        """Microseconds since 1970."""
        return int(self.values["request.time"])

    @property
    def shopper(self) -> str | None:
        return self.values.get("request.shopper")

    @property
    def query(self) -> str | None:
        return self.values.get("request.query")

    @cached_property
    def context(self) -> dict[str, Any]:
        """What comes with the request beside its own fields, by full name."""
        return {
            name: value
            for name, value in self.values.items()
            if name in self.schema.features and self._is_sent(name) and name.partition(".")[0] in (REQUEST, "query")
        }

    @cached_property
    def sent(self) -> dict[str, Any]:
        """What comes with the candidate, by full name."""
        return {n: v for n, v in self.values.items() if self._is_sent(n) and n not in self.context}

    @cached_property
    def entities(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """The entities known: kind → (id, features by full name, `as_of` among them)."""
        found = {}
        for kind in sorted(self.known):
            own = {n: v for n, v in self.values.items() if n.partition(".")[0] == kind and not self._is_sent(n)}
            found[kind] = (str(own.pop(f"{kind}.id")), own)
        return found

    def _is_sent(self, name: str) -> bool:
        spec = self.schema.features.get(name)
        return spec is not None and spec.source == "request"

    def to_json(self) -> dict[str, Any]:
        """The request as it would be sent, with one candidate, and beside it the entities it leads to."""
        candidate: dict[str, Any] = {"kind": self.kind, "id": self.id}
        if self.sent:
            candidate["features"] = self._plain(self.sent)
        request: dict[str, Any] = {"id": self.values["request.id"], "market": self.market, "channel": self.channel}
        request["time"] = format_timestamp(self.time)
        request |= {
            key: value for key, value in (("shopper", self.shopper), ("query", self.query)) if value is not None
        }
        request["context"] = self._plain(self.context)
        request["candidates"] = [candidate]
        entities = {kind: {"id": id_, **self._plain(own)} for kind, (id_, own) in self.entities.items()}
        return {"request": request, "entities": entities}

    def _plain(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: to_json(value, self._type(name)) for name, value in values.items()}

    def _type(self, name: str) -> Type:
        spec = self.schema.features.get(name)
        return spec.type if spec is not None else TIMESTAMP


class Witnesses:
    """The witnesses of many meetings: one row each of one table."""

    def __init__(self, space: Space, meetings: Meetings) -> None:
        self._space = space
        self._modes = np.array(meetings.modes, np.int64)
        self._left, self._right = np.array(meetings.left, np.int64), np.array(meetings.right, np.int64)
        self._chosen = [self._choose(number) for number in range(len(space.units))]
        for row, points in meetings.forced.items():
            for number, point in points.items():
                self._chosen[number][row] = point

    def __len__(self) -> int:
        return len(self._modes)

    def _choose(self, number: int) -> Ints:
        """A point of the unit for each row, where both clauses hold."""
        unit = self._space.units[number]
        points = unit.true.shape[1]
        chosen = np.zeros(len(self), np.int64)
        for mode in np.unique(self._modes).tolist():
            rows = np.flatnonzero(self._modes == mode)
            feasible = unit.feasible[mode]
            left, right = unit.row[self._left[rows]], unit.row[self._right[rows]]
            chosen[rows] = feasible.argmax()
            holds = unit.true & feasible
            first = holds.argmax(axis=1) if points and len(holds) else np.zeros(0, np.int64)
            for one, other in ((left, right), (right, left)):
                alone = (one >= 0) & (other < 0)
                chosen[rows[alone]] = first[one[alone]]
            both = np.flatnonzero((left >= 0) & (right >= 0))
            if len(both):
                pairs, place = np.unique(left[both] * len(holds) + right[both], return_inverse=True)
                met = first_together(holds, pairs // len(holds), pairs % len(holds))
                chosen[rows[both]] = met[place]
        return chosen

    def table(self) -> Table:
        """Every feature of the space, one row for each witness."""
        columns: dict[str, Column] = {}
        for unit, chosen in zip(self._space.units, self._chosen, strict=True):
            for name in unit.features:
                columns[name] = column_from_python(self._space.program.types[name], unit.values[name]).take(chosen)
        return Table(columns, len(self))

    def both_fire(self) -> Bools:
        """Whether the tables say of each row that both clauses hold; bool (rows,)."""
        table = self.table()
        holds = np.ones(len(self), np.bool_)
        for clauses in (self._left, self._right):
            holds &= _bit(np.broadcast_to(self._space.alive, (len(self), len(self._space.alive))), clauses)
        for axis in self._space.program.axes:
            if axis.features:
                for assignment in axis.assign(table, self._space.lists):
                    for clauses in (self._left, self._right):
                        word = assignment.bits[assignment.codes, clauses >> 6]
                        holds &= (word >> (clauses & 63).astype(np.uint64)) & np.uint64(1) == 1
        return holds

    def witness(self, row: int) -> Witness:
        space = self._space
        known = space.modes[int(self._modes[row])].known
        values = {
            name: unit.values[name][int(chosen[row])]
            for unit, chosen in zip(space.units, self._chosen, strict=True)
            for name in unit.features
        }
        return Witness(space.program.kind, _completed(values, known, space), known, space.schema)


def _bit(words: npt.NDArray[np.uint64], clauses: Ints) -> Bools:
    found = words[np.arange(len(clauses)), clauses >> 6] >> (clauses & 63).astype(np.uint64)
    return np.asarray(found & np.uint64(1) == 1)


def first_together(holds: Bools, left: Ints, right: Ints) -> Ints:
    """For each pair of rows the first column where both are set."""
    found = np.empty(len(left), np.int64)
    step = max(1, (1 << 22) // max(1, holds.shape[1]))
    for start in range(0, len(left), step):
        part = slice(start, start + step)
        found[part] = (holds[left[part]] & holds[right[part]]).argmax(axis=1)
    return found


def _completed(values: dict[str, Any], known: frozenset[str], space: Space) -> dict[str, Any]:
    """The values with what no strategy asks for but every request and every known entity has; without unknowns."""
    schema, kind = space.schema, space.program.kind
    full: dict[str, Any] = dict(values)
    for name, plain in {**_PLAIN, f"{kind}.id": f"{kind}-1"}.items():
        full.setdefault(name, plain)
    for spec in schema.features.values():
        sent = spec.source == "request" and spec.kind in (REQUEST, kind)
        if not spec.missing and spec.name not in full and (sent or (spec.source != "request" and spec.kind in known)):
            full[spec.name] = some_values(spec.type)[0].value
    return {name: value for name, value in full.items() if value is not None}
