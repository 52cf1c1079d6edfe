"""What happens in a market, day after day? Shoppers ask, the engine decides, shoppers act, parcels go, people judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from aedile.engine.decide import Decision
from aedile.simulator import showing, voices
from aedile.simulator.behaviour import show
from aedile.simulator.chance import numbered
from aedile.simulator.deciding import TOOK, Court, MakeLog, Slates, request_ids
from aedile.simulator.demand import Asked, ask
from aedile.simulator.following import follow
from aedile.simulator.judging import by_models, by_people
from aedile.simulator.known import Known
from aedile.simulator.market import Place
from aedile.simulator.naming import Named, Pseudonyms
from aedile.simulator.releases import load_example, rulings
from aedile.simulator.retrieval import Offered, offer
from aedile.simulator.telling import tell_worth
from aedile.simulator.updating import change
from aedile.simulator.writing import Facts, write_decisions

#: Requests that are worked on at once: what bounds memory, however many there are in a day.
AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Folders:
    """Where everything goes: a home's folders of facts and decisions, and one for the truth."""

    facts: Path
    decisions: Path
    truth: Path


class Life:
    """A market as it goes on."""

    def __init__(self, place: Place, folders: Folders, make_log: MakeLog, pseudonyms: Pseudonyms) -> None:
        self.place, self.folders, self.make_log, self.pseudonyms = place, folders, make_log, pseudonyms
        self.known = Known.at_first(place)
        schema, strategies = load_example()
        self.court = Court(self.known, schema, rulings(strategies, schema, place.planned.get("broken_strategy")))
        self.facts = Facts(folders.facts, place.market.code, place.world.last)
        self.shoppers = Named(pseudonyms, place.shoppers.ids)
        devices = [f"{id_}-device" for id_ in place.shoppers.ids.to_pylist()]
        self.devices = Named(pseudonyms, pa.array(devices, pa.string()))
        self.decisions = self.candidates = 0

    def days(self) -> Iterator[date]:
        """Live through the days one by one."""
        if "review_ring" in self.place.planned:
            ring = voices.ring_reviews(self.known, self.place.planned["review_ring"], self.shoppers)
            self.facts.add("reviews", ring)
        for number in range(self.place.world.days):
            day = self.place.world.start + timedelta(days=number)
            self._day(day)
            yield day

    def _day(self, day: date) -> None:
        changed = change(self.known, day)
        for kind, table in changed.facts:
            self.facts.add(kind, table)
        self.court.put("item", changed.items)
        self.court.put("seller", changed.sellers)
        if day == self.place.world.start:
            self._first_labels(day)
        labels, penalties = by_people(self.known, day)
        self.facts.add("moderation_labels", labels)
        self.facts.add("penalties", penalties)
        asked = ask(self.place, day)
        for number, start in enumerate(range(0, len(asked), AT_ONCE)):
            self._part(asked.take(slice(start, start + AT_ONCE)), number)
            self.facts.write(day, number)

    def _first_labels(self, day: date) -> None:
        """What models say of contents, which they score once."""
        contents = np.arange(len(self.place.contents))
        at = np.full(len(contents), self.place.first)
        self.facts.add("moderation_labels", by_models(self.known, "CNT-06", contents, at, day))

    def _part(self, asked: Asked, number: int) -> None:
        rng = self.place.chance("part", asked.day, number)
        offered = offer(self.known, asked, rng)
        some = np.flatnonzero(offered.rows[:, 0] >= 0)
        asked, offered = asked.take(some), offered.take(some)
        ids = request_ids(self.place.market.code, asked)
        shoppers = self.shoppers.of(asked.shopper, asked.at)
        slates = self._decide(asked, offered, ids, shoppers, number)
        shown = show(rng, self.place.world, asked, offered, slates)
        part = showing.Part(self.known, asked, offered, shown, ids, shoppers, self._sessions(asked))
        for kind, table in follow(part, slates, rng, self.shoppers, self.devices):
            self.facts.add(kind, table)
        tell_worth(self.known, self.folders.truth, asked, offered, ids, number)

    def _decide(
        self, asked: Asked, offered: Offered, ids: pa.StringArray, shoppers: pa.StringArray, number: int
    ) -> Slates:
        """Decide and log; a log is of the strategies of one release."""
        logs = {release: self.make_log(names) for release, names in self.court.names.items()}
        named, used = shoppers.to_pylist(), set[int]()

        def add(decision: Decision, release: int, i: int) -> None:
            logs[release].add(decision, release, named[i], decision.request.time + TOOK)
            used.add(release)

        slates = self.court.decide(asked, offered, ids.to_pylist(), add)
        for release in sorted(used):
            name = f"sim-{asked.day:%Y%m%d}-{number:03d}-{release}"
            write_decisions(logs[release].to_arrow(), self.folders.decisions, self.place.market.code, name)
        self.decisions += len(asked)
        self.candidates += int((offered.rows >= 0).sum())
        return slates

    def _sessions(self, asked: Asked) -> pa.StringArray:
        """A pseudonym for each visit."""
        visits, firsts, place = np.unique(asked.visit, return_index=True, return_inverse=True)
        ids = numbered(f"{self.place.market.code.lower()}-{asked.day:%Y%m%d}-visit-", visits, 8)
        of_visits = Named(self.pseudonyms, ids).of(np.arange(len(visits)), asked.at[firsts])
        return of_visits.take(pa.array(place))
