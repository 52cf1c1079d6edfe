"""How do changes of entities come in, and into what decides?

A change is read and checked beside the deciding thread, logged, and answered. Every worker then reads the log, decodes
beside the deciding thread, and applies some rows at a time between two requests.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute

from aedile.engine.catalogue import concatenated
from aedile.engine.engine import Engine
from aedile.engine.entities import Entities
from aedile.engine.entity_batches import decode_entities, encode_entities, newer_only, read_entity_batch
from aedile.engine.request_place import TOO_LARGE, WRONG_KIND, Where
from aedile.engine.requests import candidate_kinds, id_of, one_of
from aedile.errors import StoreError
from aedile.language.columns import unknown_column
from aedile.language.schema import Schema
from aedile.language.types import TIMESTAMP
from aedile.server.http import ARROW, JSON, NDJSON
from aedile.store.entity_log import NOT_WRITTEN, EntityLog, Entry

#: Rows applied between two requests: a millisecond or so.
SLICE = 500
_SUFFIX = {JSON: ".json", NDJSON: ".ndjson", ARROW: ".arrow"}


class Ids(msgspec.Struct, forbid_unknown_fields=True):
    ids: list[str]


def accept_put(kind: str, body: bytes, media: str, schema: Schema, log: EntityLog, most: int) -> dict[str, int]:
    """Read, check and log entities; what is answered."""
    try:
        entities = read_entity_batch(body, _SUFFIX[media], kind, schema, most=most, now=time.time_ns() // 1000)
    except OSError as error:  # it is read by way of a file
        raise StoreError(
            NOT_WRITTEN,
            f"what was sent cannot be laid down: {error.strerror}",
            fix="make room on the disk, and send it again",
        ) from None
    return {"accepted": len(entities), "sequence": log.append(kind, "put", encode_entities(entities))}


def accept_delete(kind: str, body: bytes, schema: Schema, log: EntityLog, most: int) -> dict[str, int]:
    """Read, check and log the ids of entities to forget; what is answered."""
    where = Where()
    kind = one_of(kind, (*candidate_kinds(schema), "query"), where, "kind")
    try:
        ids = _IDS.decode(body).ids
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise where.error(
            WRONG_KIND, f"the body does not name ids: {error}", "ids", fix='send {"ids": ["4567968"]}'
        ) from None
    if not 0 < len(ids) <= most:
        raise where.error(
            TOO_LARGE if ids else WRONG_KIND,
            f"there are {len(ids):,} ids, the most is {most:,}",
            "ids",
            fix="send some",
        )
    for number, id_ in enumerate(ids):
        id_of(id_, where, f"ids[{number}]")
        if "\n" in id_:
            raise where.error(WRONG_KIND, "an id has more than one line", f"ids[{number}]", fix="leave it out")
    return {"accepted": len(ids), "sequence": log.append(kind, "withdraw", "\n".join(ids).encode())}


_IDS = msgspec.json.Decoder(Ids)


@dataclass(slots=True)
class EntityFeed:
    """What a worker has applied of the log. rows: applied, too_old (an older `as_of`), withdrawn."""

    log: EntityLog
    position: int = 0
    rows: dict[str, int] = field(default_factory=lambda: {"applied": 0, "too_old": 0, "withdrawn": 0})

    def load(self, engine: Engine) -> None:
        """Apply the whole log to an engine that decides nothing yet: each kind is loaded at once."""
        latest = Latest(engine.schema)
        while entries := self.log.after(self.position):
            for entry in entries:
                latest.add(entry)
                self.position = entry.sequence
        for entities in latest.found():
            engine.load(entities.kind, entities.ids, entities.columns)
            self.rows["applied"] += len(entities)

    def read(self, schema: Schema) -> list[tuple[Entry, Entities | None]]:
        """The next entries, decoded; runs beside the deciding thread."""
        return [
            (entry, decode_entities(entry.blob, entry.kind, schema) if entry.op == "put" else None)
            for entry in self.log.after(self.position)
            if entry.kind in schema.kinds
        ]

    def apply(self, engine: Engine, entry: Entry, entities: Entities | None) -> Iterator[None]:
        """Apply an entry in the deciding thread; whoever iterates may let requests pass between two slices."""
        if entities is None:
            ids = entry.blob.decode().split("\n")
            for start in range(0, len(ids), SLICE):
                engine.withdraw(entry.kind, ids[start : start + SLICE])
                yield
            self.rows["withdrawn"] += len(ids)
        else:
            for start in range(0, len(entities), SLICE):
                self._put(engine, _slice(entities, np.arange(start, min(start + SLICE, len(entities)))))
                yield
        self.position = entry.sequence

    def _put(self, engine: Engine, entities: Entities) -> None:
        catalogue = engine.store.catalogues.get(entities.kind)
        kept = entities
        if catalogue is not None and len(catalogue):
            rows = catalogue.index.find(entities.ids.to_pylist())
            kept = newer_only(entities, catalogue.column(f"{entities.kind}.as_of"), rows)
        self.rows["too_old"] += len(entities) - len(kept)
        self.rows["applied"] += len(kept)
        if len(kept):
            engine.put(kept.kind, kept.ids, kept.columns)


def _slice(entities: Entities, rows: Any) -> Entities:
    columns = {name: column.take(rows) for name, column in entities.columns.items()}
    return Entities(entities.kind, entities.ids.take(pa.array(rows)), columns)


class Latest:
    """What is left of many entries: of each entity the newest row that was put after it was last withdrawn."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._puts: dict[str, list[Entities]] = {}

    def add(self, entry: Entry) -> None:
        """The next entry, in the order of the log."""
        if entry.kind not in self._schema.kinds:
            return
        parts = self._puts.setdefault(entry.kind, [])
        if entry.op == "put":
            parts.append(decode_entities(entry.blob, entry.kind, self._schema))
        else:
            gone = pa.array(entry.blob.decode().split("\n"), pa.large_string())
            parts[:] = [_without(part, gone) for part in parts]

    def found(self) -> Iterator[Entities]:
        """The entities of each kind, each once."""
        for kind, parts in self._puts.items():
            if any(len(part) for part in parts):
                yield self._newest(kind, parts)

    def _newest(self, kind: str, parts: list[Entities]) -> Entities:
        types = {spec.name: spec.type for spec in self._schema.features_of(kind) if spec.source == "entity"}
        types[f"{kind}.as_of"] = TIMESTAMP
        columns = {
            name: concatenated([part.columns.get(name) or unknown_column(type_, len(part)) for part in parts])
            for name, type_ in types.items()
        }
        ids = pa.concat_arrays([part.ids for part in parts]).dictionary_encode()
        age = columns[f"{kind}.as_of"]
        order = np.lexsort((np.arange(len(ids)), np.where(age.known, age.values, -(2**63)), ids.indices))
        codes = np.asarray(ids.indices)[order]
        is_last = np.append(codes[1:] != codes[:-1], True)
        rows = np.sort(order[is_last])
        return _slice(Entities(kind, ids.dictionary_decode(), columns), rows)


def _without(entities: Entities, gone: pa.LargeStringArray) -> Entities:
    inside = pa.compute.is_in(entities.ids, value_set=gone).to_numpy(zero_copy_only=False)
    return _slice(entities, np.flatnonzero(~inside)) if inside.any() else entities


#: Seconds for which entries stay as they were written: a worker that is slower has been started anew.
UNFOLDED = 600.0
#: Entries that are worth folding, and rows of an entry that was folded.
WORTH, ROWS = 64, 100_000


def fold(log: EntityLog, schema: Schema) -> bool:
    """Put what is left of the older entries in their place; whether anything was folded. Run by the keeper."""
    upto = log.older_than(time.time() - UNFOLDED)
    latest = Latest(schema)
    position, count = 0, 0
    while entries := [entry for entry in log.after(position) if entry.sequence <= upto]:
        for entry in entries:
            latest.add(entry)
            position, count = entry.sequence, count + 1
    parts = [
        (entities.kind, encode_entities(_slice(entities, np.arange(start, min(start + ROWS, len(entities))))))
        for entities in latest.found()
        for start in range(0, len(entities), ROWS)
    ]
    if count - len(parts) < WORTH:
        return False
    log.fold(time.time() - UNFOLDED, parts, upto)
    return True


def entities_now(log: EntityLog, schema: Schema) -> list[Entities]:
    """All entities that are logged, as a schema sees them: what a worker that starts now would load."""
    latest, position = Latest(schema), 0
    while entries := log.after(position):
        for entry in entries:
            latest.add(entry)
            position = entry.sequence
    return list(latest.found())
