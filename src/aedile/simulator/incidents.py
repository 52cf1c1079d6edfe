"""What goes wrong, where, from when to when, and why? Planned before anything else, so that all parts know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from aedile.simulator.calendars import HOUR, begin_of
from aedile.simulator.parameters import INCIDENTS, Market, World

#: What is behind each.
CAUSES: Mapping[str, str] = {
    "counterfeit_wave": "A ring of sellers that have just opened lists counterfeits of one brand's handbags, under "
    "disguised titles.",
    "unsafe_product": "A batch of one charger, sold under several listings, overheats.",
    "carrier_failure": "The sorting centre of the carrier that brings half of the parcels stands still.",
    "review_ring": "Hired shoppers write five stars for the shops of a ring.",
    "hot_search": "A programme shows a product, and everybody looks for it.",
    "broken_strategy": "A new version of a strategy holds a bound in the wrong unit, and excludes what it should let "
    "through; the release is rolled back.",
}
WHERE_SEEN: Mapping[str, str] = {
    "counterfeit_wave": "reports with the reason counterfeit; complaints and returns some days later",
    "unsafe_product": "complaints with the topic injury; returns",
    "carrier_failure": "deliveries per day; complaints with the topic not_received",
    "review_ring": "reviews with five stars of few sellers by few shoppers",
    "hot_search": "searches of one text per hour",
    "broken_strategy": "decisions.candidates.excluded_by; exposures of the category in the market",
}


@dataclass(frozen=True, slots=True)
class Planned:
    """An incident of a market. starts, ends: microseconds since 1970, the end exclusive."""

    name: str
    market: str
    starts: int
    ends: int
    strength: float

    def is_on(self, at: int) -> bool:
        return self.starts <= at < self.ends


def plan(world: World, market: Market) -> dict[str, Planned]:
    """The incidents of a market, by name, each from a full hour to a full hour."""
    first = begin_of(world.start, market.zone)
    whole = begin_of(world.start + timedelta(days=world.days), market.zone) - first
    found = {}
    for name in INCIDENTS:
        one = world.incidents[name]
        if one.market != market.code or one.strength <= 0 or one.lasts <= 0:
            continue
        starts = first + int(whole * one.starts) // HOUR * HOUR
        ends = starts + max(HOUR * 6, int(whole * one.lasts) // HOUR * HOUR)
        if name == "hot_search":  # what people see in the evening
            day = world.start + timedelta(days=min(world.days - 1, int(one.starts * world.days)))
            starts = begin_of(day, market.zone) + 19 * HOUR
            ends = min(starts + max(HOUR * 4, int(whole * one.lasts) // HOUR * HOUR), first + whole)
        found[name] = Planned(name, market.code, starts, ends, one.strength)
    return found
