"""Who asks in a marketplace just now, and what follows from what is answered? For whoever plays it in real time.

Nothing here knows the time: whoever plays it says it. What lies in the future waits until it is due.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aedile.facts import KINDS
from aedile.simulator import voices
from aedile.simulator.behaviour import show
from aedile.simulator.calendars import MICRO
from aedile.simulator.chance import chance, spread
from aedile.simulator.deciding import Slates, request_ids
from aedile.simulator.demand import Asked, ask_now
from aedile.simulator.following import follow
from aedile.simulator.judging import by_people
from aedile.simulator.known import COLUMNS, Known, as_table, campaigns_table, ids_of
from aedile.simulator.market import make_place
from aedile.simulator.naming import AsTheyAre, Named
from aedile.simulator.parameters import World
from aedile.simulator.retrieval import Offered, offer
from aedile.simulator.showing import Part
from aedile.simulator.tables import MOMENT
from aedile.simulator.updating import change


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Requests that wait for their answers. bodies: as a server takes them."""

    known: Known
    asked: Asked
    offered: Offered
    ids: pa.StringArray
    bodies: list[dict[str, Any]]


@dataclass(slots=True)
class Waiting:
    """Facts until they are due: (first moment, kind, table)."""

    tables: list[tuple[int, str, pa.Table]] = field(default_factory=list)

    def add(self, kind: str, table: pa.Table) -> None:
        if len(table):
            self.tables.append((pc.min(table["at"]).cast(pa.int64()).as_py(), kind, table))

    def due(self, now: int) -> list[tuple[str, pa.Table]]:
        """What has happened by now, by kind, and waits no longer."""
        found: dict[str, list[pa.Table]] = {}
        kept: list[tuple[int, str, pa.Table]] = []
        self.tables, tables = kept, self.tables
        for first, kind, table in tables:
            if first > now:
                kept.append((first, kind, table))
                continue
            is_due = pc.less_equal(table["at"], pa.scalar(now).cast(MOMENT))
            found.setdefault(kind, []).append(table.filter(is_due))
            self.add(kind, table.filter(pc.invert(is_due)))
        return [(kind, pa.concat_tables(parts)) for kind, parts in sorted(found.items())]


class Stream:
    """A marketplace that begins now. run: tells the ids of one playing from those of another."""

    def __init__(self, world: World, seed: int, now: int, run: str) -> None:
        self.world = replace(world, start=_day_of(now, world.markets[0].zone))
        self.run = run
        self.rng = chance(seed, "stream", run)
        self.waiting = Waiting()
        self.knowns = [Known.at_first(make_place(self.world, market, seed)) for market in self.world.markets]
        self._days: list[date | None] = [None] * len(self.knowns)
        self._numbers = [0] * len(self.knowns)
        for known in self.knowns:
            if "review_ring" in known.place.planned:
                ring = voices.ring_reviews(known, known.place.planned["review_ring"], self._shoppers(known))
                self._later("reviews", ring.filter(pc.greater(ring["at"], pa.scalar(now).cast(MOMENT))))

    def entities(self, now: int) -> Iterator[tuple[str, pa.Table]]:
        """All that is known of the entities, to be put before anybody asks."""
        moment = np.int64(now)
        for known in self.knowns:
            for kind in COLUMNS:
                rows = np.arange(len(ids_of(known.place, kind)))
                yield kind, as_table(known, kind, rows, np.full(len(rows), moment))
            yield "campaign", campaigns_table(known.place, now)

    def changes(self, now: int) -> list[tuple[str, pa.Table]]:
        """Entities that are other since a new day began in some market; their feature updates become facts."""
        found = []
        for number, known in enumerate(self.knowns):
            day = _day_of(now, known.place.market.zone)
            if day == self._days[number]:
                continue
            is_first, self._days[number] = self._days[number] is None, day
            labels, penalties = by_people(known, day)
            self._later("moderation_labels", labels)
            self._later("penalties", penalties)
            if is_first:
                continue
            changed = change(known, day)
            for kind, table in changed.facts:
                self._later(kind, table)
            for kind, rows in (("item", changed.items), ("seller", changed.sellers)):
                if len(rows):
                    found.append((kind, as_table(known, kind, rows, np.full(len(rows), now))))
        return found

    def ask(self, now: int, n: int) -> list[Question]:
        """n requests of this moment, by market."""
        shares = np.array([market.share for market in self.world.markets])
        markets = np.bincount(spread(self.rng, shares, n), minlength=len(shares))
        return [self._ask(number, now, int(some)) for number, some in enumerate(markets.tolist()) if some]

    def _ask(self, number: int, now: int, n: int) -> Question:
        known = self.knowns[number]
        day = _day_of(now, known.place.market.zone)
        asked = ask_now(known.place, day, np.full(n, now), self._numbers[number], self.rng)
        self._numbers[number] += n
        offered = offer(known, asked, self.rng)
        some = np.flatnonzero(offered.rows[:, 0] >= 0)
        asked, offered = asked.take(some), offered.take(some)
        ids = pc.binary_join_element_wise(request_ids(known.place.market.code, asked), self.run, "-")
        return Question(known, asked, offered, ids, _bodies(known, asked, offered, ids))

    def answered(self, question: Question, slates: Sequence[Sequence[str] | None]) -> None:
        """Let shoppers see what was answered: of each request the ids on the page, None where nothing was."""
        some = np.array([i for i, page in enumerate(slates) if page is not None], np.int64)
        if not len(some):
            return
        known, asked, offered = question.known, question.asked.take(some), question.offered.take(some)
        ids = question.ids.take(pa.array(some))
        places = [_places(question.bodies[i], slates[i] or ()) for i in some.tolist()]
        offsets = np.concatenate(([0], np.cumsum([len(one) for one in places]))).astype(np.int64)
        page = Slates(offsets, np.array([place for one in places for place in one], np.int64))
        shown = show(self.rng, self.world, asked, offered, page)
        shoppers, devices = self._shoppers(known), self._devices(known)
        sessions = pc.binary_join_element_wise(ids, "visit", "-")
        part = Part(known, asked, offered, shown, ids, shoppers.of(asked.shopper, asked.at), sessions)
        for kind, table in follow(part, page, self.rng, shoppers, devices):
            self._later(kind, table)

    def due(self, now: int) -> list[tuple[str, pa.Table]]:
        """Facts that have happened by now, as they are sent."""
        return self.waiting.due(now)

    def _later(self, kind: str, table: pa.Table) -> None:
        """Facts get ids of this playing, for another one begins with the same numbers."""
        sent = table.select([name.name for name in KINDS[kind].sent])
        for unknown in (
            ("resolved_at", "outcome") if kind == "complaints" else ()
        ):  # when it is sent, nothing is settled
            place = sent.schema.get_field_index(unknown)
            sent = sent.set_column(place, sent.schema.field(place), pa.nulls(len(sent), sent.schema.field(place).type))
        ids = pc.binary_join_element_wise(sent["id"], self.run, "-")
        self.waiting.add(kind, sent.set_column(0, sent.schema.field(0), ids))

    def _shoppers(self, known: Known) -> Named:
        return Named(AsTheyAre(), known.place.shoppers.ids)

    def _devices(self, known: Known) -> Named:
        return Named(AsTheyAre(), pc.binary_join_element_wise(known.place.shoppers.ids, "device", "-"))


def _day_of(now: int, zone: str) -> date:
    return datetime.fromtimestamp(now / MICRO, UTC).astimezone(ZoneInfo(zone)).date()


def _bodies(known: Known, asked: Asked, offered: Offered, ids: pa.StringArray) -> list[dict[str, Any]]:
    place, channels = known.place, list(known.place.world.channels)
    shoppers = place.shoppers.ids.take(pa.array(asked.shopper)).to_pylist()
    queries = place.queries.texts.take(pa.array(asked.query, mask=asked.query < 0)).to_pylist()
    names = {False: place.items.ids, True: place.contents.ids}
    found = []
    for i, id_ in enumerate(ids.to_pylist()):
        is_content = bool(offered.is_content[i])
        rows = offered.rows[i][offered.rows[i] >= 0]
        kind = "content" if is_content else "item"
        named, scores = names[is_content].take(pa.array(rows)).to_pylist(), offered.score[i, : len(rows)].tolist()
        candidates = [{"kind": kind, "id": one, "score": score} for one, score in zip(named, scores, strict=True)]
        moment = datetime.fromtimestamp(int(asked.at[i]) / MICRO, UTC)
        body = {
            "id": id_, "market": place.market.code, "channel": channels[asked.channel[i]],
            "time": moment.isoformat().replace("+00:00", "Z"), "shopper": shoppers[i], "candidates": candidates,
            "context": {"is_new_shopper": bool(place.shoppers.is_new[asked.shopper[i]])}, "limit": place.world.limit,
        }  # fmt: skip
        found.append(body if queries[i] is None else {**body, "query": queries[i]})
    return found


def _places(body: dict[str, Any], page: Sequence[str]) -> list[int]:
    """Which candidates stand on a page, by their places in the request."""
    places = {one["id"]: place for place, one in enumerate(body["candidates"])}
    return [places[id_] for id_ in page]
