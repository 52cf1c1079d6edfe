"""Who asks for what in a day? Shoppers come on visits, and ask some times in each, in the market's channels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from aedile.simulator.calendars import DAY, HOUR, MICRO, begin_of, demand_on, seasons_on, shares_by_hour
from aedile.simulator.chance import Reals, Wholes, spread
from aedile.simulator.incidents import Planned
from aedile.simulator.items import HOT_CATEGORY
from aedile.simulator.market import Place
from aedile.simulator.parameters import Market, World
from aedile.simulator.shoppers import FAVOURITES
from aedile.simulator.words import CATEGORIES

#: Requests a visit, on average, and seconds between them.
A_VISIT, BETWEEN = 3.0, 45.0
#: Of searches in ordinary times, how many a hot search adds.
HEAT = 1.2
#: How much a day's demand strays from what the calendar says.
WEATHER = 0.02
SEARCHES = ("search", "mall_search")


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """n requests of a day, by time. number: of each in its day. visit: whose requests belong together. query: its
    place, -1 for none; brand: that is meant, -1 for any."""

    day: date
    at: Wholes
    number: Wholes
    channel: npt.NDArray[np.int8]
    shopper: Wholes
    visit: Wholes
    query: Wholes
    category: Wholes
    brand: Wholes

    def __len__(self) -> int:
        return len(self.at)

    def take(self, rows: Wholes | slice) -> Asked:
        names = ("at", "number", "channel", "shopper", "visit", "query", "category", "brand")
        return Asked(self.day, *(getattr(self, name)[rows] for name in names))


def shown_a_request(world: World) -> float:
    """How many candidates of a page a shopper scrolls to, on average; `behaviour.depths` draws them."""
    return min(float(world.limit), 6.0 + min(9.0, 0.45 * world.limit))


def requests_on(world: World, market: Market, day: date) -> int:
    """How many requests a market expects on a day: the exposures of all days, dealt by demand."""
    days = [world.start + timedelta(days=number) for number in range(world.days)]
    shares = sum(one.share for one in world.markets)
    mine = demand_on(day, market) / sum(demand_on(one, market) for one in days)
    return max(1, round(world.shown / shown_a_request(world) * market.share / shares * mine))


def ask(place: Place, day: date) -> Asked:
    """The requests of a day in a market."""
    world, market, rng = place.world, place.market, place.chance("demand", day)
    n = max(1, int(rng.poisson(requests_on(world, market, day) * np.exp(rng.normal(0, WEATHER)))))
    visits = max(1, round(n / A_VISIT))
    starts, shares = shares_by_hour(day, market)
    begins = starts[spread(rng, shares, visits)] + rng.integers(0, HOUR, visits)
    visit = np.sort(rng.integers(0, visits, n))
    order = np.arange(n) - np.searchsorted(visit, visit)
    at = begins[visit] + ((order * BETWEEN + 30.0 * rng.random(n)) * MICRO).astype(np.int64)
    last = begin_of(day + timedelta(days=1), market.zone) - 1
    at = np.minimum(at, last - rng.integers(0, 60 * MICRO, n))  # a visit that would outlast the day ends with it
    shopper = spread(rng, place.shoppers.activity, visits)[visit]
    channel = spread(rng, np.array([one.share for one in world.channels.values()]), n)
    asked = Asked(day, at, at, channel.astype(np.int8), shopper, visit, *_wanted(place, day, rng, shopper, channel, at))
    if "hot_search" in place.planned:
        asked = _with_heat(place, place.planned["hot_search"], asked, rng)
    asked = asked.take(np.lexsort((asked.visit, asked.at)))
    return Asked(day, asked.at, np.arange(len(asked)), *(
        getattr(asked, name) for name in ("channel", "shopper", "visit", "query", "category", "brand")
    ))  # fmt: skip


def ask_now(place: Place, day: date, at: Wholes, number: int, rng: np.random.Generator) -> Asked:
    """Requests of shoppers who come just then, each on a visit of its own. number: of the first of them in its day."""
    n, world = len(at), place.world
    shopper = spread(rng, place.shoppers.activity, n)
    channel = spread(rng, np.array([one.share for one in world.channels.values()]), n)
    query, category, brand = _wanted(place, day, rng, shopper, channel, at)
    hot = place.planned.get("hot_search")
    if hot is not None:
        heated = (query >= 0) & (at >= hot.starts) & (at < hot.ends) & (rng.random(n) < HEAT / (1 + HEAT))
        query[heated], category[heated] = place.queries.hot, HOT_CATEGORY
        brand[heated] = place.queries.brand[place.queries.hot]
    numbers = number + np.arange(n)
    return Asked(day, at, numbers, channel.astype(np.int8), shopper, numbers, query, category, brand)


def _wanted(
    place: Place, day: date, rng: np.random.Generator, shopper: Wholes, channel: Wholes, at: Wholes
) -> tuple[Wholes, Wholes, Wholes]:
    """Query, category and brand of each request."""
    n, names, boost = len(shopper), list(place.world.channels), _boosts(place.market, day)
    weights = np.array([one.weight for one in CATEGORIES]) * boost
    favourite = place.shoppers.favourites[shopper, rng.integers(0, FAVOURITES, n)].astype(np.int64)
    category = np.where(rng.random(n) < 0.65, favourite, spread(rng, weights, n))
    query, brand = np.full(n, -1, np.int64), np.full(n, -1, np.int64)
    searching = np.isin(channel, [names.index(name) for name in SEARCHES if name in names])
    query[searching] = _queries(place, rng, boost, category[searching])
    category[searching] = place.queries.category[query[searching]]
    brand[searching] = place.queries.brand[query[searching]]
    if "campaign" in names:
        rows = np.flatnonzero(channel == names.index("campaign"))
        category[rows] = _campaigned(place, rng, at[rows])
    return query, category, brand


def _queries(place: Place, rng: np.random.Generator, boost: Reals, wanted: Wholes) -> Wholes:
    """What is typed: mostly what is popular these days, and for some something of their favourites."""
    queries, n = place.queries, len(wanted)
    drawn = spread(rng, queries.popularity * boost[queries.category], n)
    order = np.argsort(queries.category, kind="stable")
    starts = np.searchsorted(queries.category[order], np.arange(len(CATEGORIES) + 1))
    sizes = np.diff(starts)[wanted]
    own = order[starts[wanted] + (sizes * rng.random(n) ** 3).astype(np.int64)]
    return np.where(rng.random(n) < 0.4, own, drawn)


def _campaigned(place: Place, rng: np.random.Generator, at: Wholes) -> Wholes:
    """A category of a campaign that is on."""
    campaigns = place.campaigns
    on = np.flatnonzero(
        (campaigns.starts <= at.min(initial=campaigns.starts[0])) & (campaigns.ends > at.max(initial=0))
    )
    chosen = on[rng.integers(0, len(on), len(at))]
    drawn = rng.random(len(at))
    found = np.zeros(len(at), np.int64)
    for number in on.tolist():
        mine, categories = chosen == number, campaigns.categories[number]
        found[mine] = categories[(drawn[mine] * len(categories)).astype(np.int64)]
    return found


def _boosts(market: Market, day: date) -> Reals:
    """How much more each category is asked for on a day; bit by bit with the weeks, too."""
    boost = np.ones(len(CATEGORIES))
    for season in seasons_on(day, market):
        boost *= np.array([1.6 if one.department in season.departments else 1.0 for one in CATEGORIES])
    phase = 2 * np.pi * (day.timetuple().tm_yday / 365.25 + np.arange(len(CATEGORIES)) / len(CATEGORIES))
    return np.asarray(boost * (1.0 + 0.25 * np.sin(phase)))


def _with_heat(place: Place, incident: Planned, asked: Asked, rng: np.random.Generator) -> Asked:
    """What a hot search adds to a day: shoppers who come for it alone, most of them at first."""
    first, after = asked.at.min(), begin_of(asked.day + timedelta(days=1), place.market.zone)
    from_, to = max(incident.starts, begin_of(asked.day, place.market.zone)), min(incident.ends, after)
    names = list(place.world.channels)
    if to <= from_ or "search" not in names or first >= after:
        return asked
    searches = (asked.channel == names.index("search")).sum() * (to - from_) / DAY
    n = max(30, round(incident.strength * HEAT * searches))
    at = from_ + ((to - from_ - 60 * MICRO) * rng.random(n) ** 1.5).astype(np.int64)
    added = (
        at, at, np.full(n, names.index("search"), np.int8), rng.integers(0, len(place.shoppers), n),
        asked.visit.max() + 1 + np.arange(n), np.full(n, place.queries.hot), np.full(n, HOT_CATEGORY),
        np.full(n, place.queries.brand[place.queries.hot]),
    )  # fmt: skip
    names_ = ("at", "number", "channel", "shopper", "visit", "query", "category", "brand")
    return Asked(
        asked.day, *(np.concatenate((getattr(asked, name), one)) for name, one in zip(names_, added, strict=True))
    )
