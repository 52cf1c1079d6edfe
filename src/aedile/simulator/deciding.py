"""What does the decision server answer, and what does it log? The engine itself decides, request by request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from aedile.engine.decide import Decider, Decision
from aedile.engine.engine import Engine
from aedile.engine.requests import Candidates, Request
from aedile.language.columns import Column
from aedile.language.ir import features_of
from aedile.language.schema import Schema
from aedile.simulator.chance import Reals, Wholes, numbered
from aedile.simulator.demand import Asked
from aedile.simulator.known import COLUMNS, Known, ids_of
from aedile.simulator.releases import Ruling
from aedile.simulator.retrieval import Offered

#: Microseconds from a request to its decision.
TOOK = 2_000


class Log(Protocol):
    """Where decisions are put, in order; `aedile.store.decision_batch.Batch` is one."""

    def add(self, decision: Decision, release: int, shopper: str | None, decided_at: int) -> None: ...
    def to_arrow(self) -> pa.RecordBatch: ...


#: Makes a log for strategies of these names.
MakeLog = Callable[[pa.StringArray], Log]


@dataclass(frozen=True, slots=True, eq=False)
class Slates:
    """What was answered to n requests: `places` are the candidates of each, in order; request i owns
    places[offsets[i]:offsets[i + 1]]."""

    offsets: Wholes
    places: Wholes


class Court:
    """The engine over what is known of a market. Releases follow one another; entities are put as they change."""

    def __init__(self, known: Known, schema: Schema, rulings: Sequence[Ruling]) -> None:
        self.known = known
        self.rulings = rulings
        self._engine = Engine(schema, rulings[0].strategies)
        self._deciders: dict[int, Decider] = {}
        self._used = {name for one in rulings for s in one.strategies for name in features_of(s.node)}
        self._used |= {key for one in rulings for s in one.strategies if (key := getattr(s.action, "key", None))}
        for kind in ("seller", "item", "content"):
            rows = np.arange(len(ids_of(known.place, kind)))
            self._engine.load(kind, ids_of(known.place, kind).cast(pa.large_string()), self._columns(kind, rows))
        self._ids = np.array(
            [*ids_of(known.place, "item").to_pylist(), *ids_of(known.place, "content").to_pylist()], object
        )
        self.names = {
            one.number: pa.array([s.id for s in self._decider(one).engine.strategies], pa.string()) for one in rulings
        }

    def put(self, kind: str, rows: Wholes) -> None:
        """Tell the engine what is known of these entities by now."""
        if len(rows):
            ids = ids_of(self.known.place, kind).take(pa.array(rows)).cast(pa.large_string())
            self._engine.put(kind, ids, self._columns(kind, rows))

    def _columns(self, kind: str, rows: Wholes) -> dict[str, Column]:
        joins = {"item.seller_id"}
        columns = {f"{kind}.{name}": column for name, column in COLUMNS[kind](self.known, rows).items()}
        return {name: column for name, column in columns.items() if name in self._used | joins}

    def _decider(self, ruling: Ruling) -> Decider:
        if ruling.number not in self._deciders:
            engine = self._engine if ruling is self.rulings[0] else self._engine.replace(ruling.strategies)
            self._deciders[ruling.number] = Decider(engine)
        return self._deciders[ruling.number]

    def ruling_at(self, at: int) -> Ruling:
        return next(one for one in reversed(self.rulings) if one.since <= at)

    def decide(
        self, asked: Asked, offered: Offered, ids: list[str], add: Callable[[Decision, int, int], None]
    ) -> Slates:
        """Decide requests in order. ids: of the requests. add: takes decision, release and the request's place."""
        place, limit = self.known.place, self.known.place.world.limit
        shopper_ids = place.shoppers.ids.take(pa.array(asked.shopper)).to_pylist()
        queries = place.queries.texts.take(pa.array(asked.query, mask=asked.query < 0)).to_pylist()
        channels = [list(place.world.channels)[number] for number in asked.channel.tolist()]
        counts = (offered.rows >= 0).sum(axis=1).tolist()
        named = self._ids[offered.rows + (offered.is_content * len(place.items))[:, None]].tolist()
        is_new = place.shoppers.is_new[asked.shopper].tolist()
        kinds = {(of, n): [of] * n for of in ("item", "content") for n in {*counts}}
        kind = ["content" if one else "item" for one in offered.is_content.tolist()]
        pages: list[Wholes] = []
        for i, at in enumerate(asked.at.tolist()):
            n, ruling = counts[i], self.ruling_at(at)
            request = Request(
                ids[i], place.market.code, channels[i], at,
                Candidates(kinds[kind[i], n], named[i][:n], offered.score[i, :n].copy(), {}), shopper_ids[i],
                queries[i], {"request.is_new_shopper": is_new[i]}, 0, limit,
            )  # fmt: skip
            decision = self._deciders[ruling.number].decide(request, with_unknown=False)
            add(decision, ruling.number, i)
            pages.append(decision.slate.page)
        sizes = np.array([len(page) for page in pages], np.int64)
        offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        return Slates(offsets, np.concatenate(pages) if pages else np.zeros(0, np.int64))


def request_ids(market: str, asked: Asked) -> pa.StringArray:
    """The ids of a day's requests, in the order in which they come."""
    return numbered(f"{market.lower()}-{asked.day:%Y%m%d}-", asked.number, 8)


def worth_of(offered: Offered, slates: Slates) -> tuple[Wholes, Reals, Wholes]:
    """Of all places of pages: the entity's row, its worth, and the request's place."""
    request = np.repeat(np.arange(len(slates.offsets) - 1), np.diff(slates.offsets))
    return offered.rows[request, slates.places], offered.worth[request, slates.places], request
