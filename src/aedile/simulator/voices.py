"""What do shoppers say? Reviews, complaints, reports and answers to surveys, after what happened to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aedile.simulator.behaviour import Shown
from aedile.simulator.calendars import DAY, HOUR, begin_of
from aedile.simulator.chance import Flags, Wholes, chance, numbered
from aedile.simulator.demand import Asked
from aedile.simulator.incidents import Planned
from aedile.simulator.items import WAVE
from aedile.simulator.known import NEVER, Known
from aedile.simulator.naming import Named
from aedile.simulator.orders import Orders
from aedile.simulator.parcels import Parcels
from aedile.simulator.retrieval import Offered
from aedile.simulator.tables import MOMENT, fact_table, suffixed
from aedile.simulator.voices_words import COMPLAINTS, FAKES, REPORTS, REVIEWS, TOPICS

REVIEWING, ANSWERING, ANSWERING_COMPLAINTS = 0.22, 0.06, 0.4
OUTCOMES = ("refunded", "replaced", "rejected", "other")
#: Of clicks on what breaks a policy, how many are reported; of others.
REPORTING, REPORTING_WRONGLY = 0.03, 0.0006
#: Of clicks on a wave of counterfeits, of which the brand warns its followers.
WARNED = 0.15
#: Shoppers that a review ring hires, and reviews that each writes, on average.
HIRED, EACH = 40, 4.0


def _line_ids(orders: Orders) -> pa.StringArray:
    return suffixed(orders.ids, orders.line)


def reviews(known: Known, orders: Orders, parcels: Parcels, names: Named, rng: np.random.Generator) -> pa.Table:
    """Some of who got something judge it."""
    place, language, n = known.place, known.place.market.language, len(orders)
    quality = place.items.quality[orders.item]
    felt = 1.2 + 4.2 * quality - 1.2 * parcels.is_late - 2.0 * parcels.hurts + rng.normal(0, 0.9, n)
    stars = np.clip(np.round(felt), 1, 5).astype(np.int64)
    at = parcels.delivered + (1 + rng.exponential(30.0, n) * HOUR).astype(np.int64)
    rows = np.flatnonzero((parcels.delivered < NEVER) & (rng.random(n) < REVIEWING))
    good, fair, bad = REVIEWS[language]
    words = [*good, *fair, *bad]
    starts, sizes = np.array([0, len(good), len(good) + len(fair)]), np.array([len(good), len(fair), len(bad)])
    mood = np.where(stars >= 4, 0, np.where(stars == 3, 1, 2))
    said = starts[mood] + (rng.random(n) * sizes[mood]).astype(np.int64)
    taken = pa.array(rows)
    return fact_table("reviews", place.market, at[rows], {
        "id": suffixed(_line_ids(orders).take(taken), np.full(len(rows), 1)),
        "shopper": names.of(orders.shopper[rows], at[rows]), "kind": "item",
        "entity": place.items.ids.take(pa.array(orders.item[rows])), "order_id": orders.ids.take(taken),
        "seller": place.sellers.ids.take(pa.array(orders.seller[rows])), "stars": stars[rows],
        "text": pa.array(words).take(pa.array(said[rows])), "language": language,
        "is_verified": np.ones(len(rows), np.bool_),
    })  # fmt: skip


def ring_members(known: Known) -> tuple[Wholes, Wholes]:
    """Of a review ring: the rows of its shops, and of the shoppers it hires."""
    place = known.place
    shops = np.flatnonzero(place.sellers.ring == 0)
    rng = chance(place.seed, place.market.code, "review ring")
    return shops, rng.permutation(len(place.shoppers))[:HIRED]


def ring_reviews(known: Known, incident: Planned, names: Named) -> pa.Table:
    """What a review ring writes while it is on."""
    place, rng = known.place, known.place.chance("ring reviews")
    shops, hired = ring_members(known)
    offered = np.flatnonzero(np.isin(place.items.seller, shops))
    n = round(incident.strength * HIRED * EACH) if len(offered) else 0
    item, who = offered[rng.integers(0, max(1, len(offered)), n)], hired[rng.integers(0, len(hired), n)]
    at = np.sort(incident.starts + (rng.random(n) * (incident.ends - incident.starts)).astype(np.int64))
    return fact_table("reviews", place.market, at, {
        "id": numbered(f"{place.market.code.lower()}-r", np.arange(n), 8), "shopper": names.of(who, at), "kind": "item",
        "entity": place.items.ids.take(pa.array(item)),
        "seller": place.sellers.ids.take(pa.array(place.items.seller[item])), "stars": np.full(n, 5),
        "text": FAKES[place.market.language], "language": place.market.language, "is_verified": rng.random(n) < 0.3,
    })  # fmt: skip


def complaints(known: Known, orders: Orders, parcels: Parcels, names: Named, rng: np.random.Generator) -> pa.Table:
    """Who waits in vain, was hurt, got a counterfeit, or something else than was shown."""
    place, items, n = known.place, known.place.items, len(orders)
    got, draw = parcels.delivered < NEVER, rng.random((len(TOPICS), n))
    fake, quality = items.truths["IPR-02"].is_violation[orders.item], items.quality[orders.item]
    waits = (parcels.dispatched < NEVER) & (parcels.delivered > parcels.expected)
    because = {
        "not_received": waits & (draw[0] < 0.35), "counterfeit": got & fake & (draw[1] < 0.15),
        "injury": got & parcels.hurts & (draw[2] < 0.7), "not_as_described": got & (draw[3] < 0.05 * (1 - quality)),
        "damaged": got & (draw[4] < 0.008),
    }  # fmt: skip
    topic = np.full(n, -1, np.int64)
    for number, name in reversed(list(enumerate(TOPICS))):
        topic[because[name]] = number
    after = (rng.gamma(1.5, 10.0, n) * HOUR).astype(np.int64)
    at = (
        np.where(
            topic == TOPICS.index("not_received"), np.minimum(parcels.expected, NEVER - DAY * 90), parcels.delivered
        )
        + after
    )
    rows = np.flatnonzero(topic >= 0)
    resolved = at[rows] + (rng.exponential(36.0, len(rows)) * HOUR).astype(np.int64)
    outcome = rng.integers(0, len(OUTCOMES), len(rows))
    is_open = resolved >= begin_of(place.world.last + timedelta(days=1), place.market.zone)
    taken, language = pa.array(rows), place.market.language
    return fact_table("complaints", place.market, at[rows], {
        "id": suffixed(_line_ids(orders).take(taken), np.full(len(rows), 2)),
        "shopper": names.of(orders.shopper[rows], at[rows]), "order_id": orders.ids.take(taken),
        "item": items.ids.take(pa.array(orders.item[rows])),
        "seller": place.sellers.ids.take(pa.array(orders.seller[rows])),
        "topic": pa.array(TOPICS).take(pa.array(topic[rows])),
        "text": pa.array([COMPLAINTS[name][language] for name in TOPICS]).take(pa.array(topic[rows])),
        "language": language, "resolved_at": pa.array(resolved, mask=is_open).cast(MOMENT),
        "outcome": pa.array(OUTCOMES).take(pa.array(outcome, mask=is_open)),
    })  # fmt: skip


def surveys(known: Known, orders: Orders, parcels: Parcels, names: Named, rng: np.random.Generator) -> pa.Table:
    """How likely they would recommend the marketplace, from 0 to 10, some days after delivery."""
    n = len(orders)
    quality = known.place.items.quality[orders.item]
    felt = 1.8 + 8.5 * quality - 3.0 * parcels.is_late - 4.0 * parcels.hurts + rng.normal(0, 1.6, n)
    at = parcels.delivered + DAY + (rng.exponential(20.0, n) * HOUR).astype(np.int64)
    rows = np.flatnonzero((parcels.delivered < NEVER) & (rng.random(n) < ANSWERING))
    return fact_table("survey_answers", known.place.market, at[rows], {
        "id": suffixed(_line_ids(orders).take(pa.array(rows)), np.full(len(rows), 3)),
        "shopper": names.of(orders.shopper[rows], at[rows]), "survey": "after-delivery-v1", "measure": "nps",
        "score": np.clip(np.round(felt), 0, 10).astype(np.int64)[rows], "about_kind": "item",
        "about": known.place.items.ids.take(pa.array(orders.item[rows])), "language": known.place.market.language,
    })  # fmt: skip


def satisfaction(known: Known, complained: pa.Table, rng: np.random.Generator) -> pa.Table:
    """How content some are with how their complaint was settled, from 1 to 5."""
    some = rng.random(len(complained)) < ANSWERING_COMPLAINTS
    told = complained.filter(pc.and_(pa.array(some, pa.bool_()), complained["resolved_at"].is_valid())).combine_chunks()
    at = np.asarray(told["resolved_at"].cast(pa.int64())) + (rng.gamma(2.0, 6.0, len(told)) * HOUR).astype(np.int64)
    mean = np.array([4.3, 3.9, 1.6, 3.0])[
        np.asarray(pc.index_in(told["outcome"], value_set=pa.array(OUTCOMES)), np.int64)
    ]
    return fact_table("survey_answers", known.place.market, at, {
        "id": pc.binary_join_element_wise(told["id"], "csat", "-"), "shopper": told["shopper"],
        "survey": "after-complaint-v1", "measure": "csat",
        "score": np.clip(np.round(mean + rng.normal(0, 0.8, len(told))), 1, 5).astype(np.int64),
        "about_kind": "seller", "about": told["seller"], "language": known.place.market.language,
    })  # fmt: skip


def reports(
    known: Known, asked: Asked, offered: Offered, shown: Shown, exposure_ids: pa.StringArray, names: Named,
    rng: np.random.Generator,
) -> pa.Table:  # fmt: skip
    """Who opens what breaks a policy reports it now and then; some report what does not."""
    place = known.place
    clicked = np.flatnonzero(shown.clicks)
    request, row = shown.request[clicked], shown.row[clicked]
    is_content = offered.is_content[request]
    policies = list(place.world.policies)
    breaks = np.full(len(clicked), len(policies), np.int64)
    for number, name in enumerate(policies):
        truth, mine = place.truth(name), is_content == (place.world.policies[name].kind == "content")
        breaks[mine & truth.is_violation[np.where(mine, row, 0)]] = number
    share = np.where(breaks < len(policies), REPORTING, REPORTING_WRONGLY)
    share = np.where(~is_content & (place.items.part[np.where(is_content, 0, row)] == WAVE), WARNED, share)
    rows = np.flatnonzero(rng.random(len(clicked)) < share)
    guess = rng.integers(0, len(policies) + 1, len(clicked))  # who reports may be wrong about what it breaks
    breaks = np.where((breaks < len(policies)) & (rng.random(len(clicked)) < 0.85), breaks, guess)
    at = shown.at[clicked[rows]] + (30_000_000 + rng.exponential(90e6, len(rows))).astype(np.int64)
    item = offered.item_of(known, request[rows], row[rows])
    said: dict[str, Any] = {
        "id": exposure_ids.take(pa.array(clicked[rows])), "shopper": names.of(asked.shopper[request[rows]], at),
        "kind": _kinds(is_content[rows]), "entity": entities(known, is_content[rows], row[rows]),
        "seller": place.sellers.ids.take(pa.array(place.items.seller[item])),
        "policy": pa.array([*policies, None]).take(pa.array(breaks[rows])),
        "reason": pa.array([*(REPORTS[name] for name in policies), REPORTS["none"]]).take(pa.array(breaks[rows])),
        "language": place.market.language,
    }  # fmt: skip
    channels = pa.array(list(place.world.channels))
    return fact_table(
        "reports", place.market, at, {**said, "channel": channels.take(pa.array(asked.channel[request[rows]]))}
    )


def _kinds(is_content: Flags) -> pa.StringArray:
    return pa.array(["item", "content"]).take(pa.array(is_content.astype(np.int8)))


def entities(known: Known, is_content: Flags, row: Wholes) -> pa.StringArray:
    """The ids of candidates."""
    place = known.place
    both = pa.concat_arrays([place.items.ids, place.contents.ids])
    return both.take(pa.array(row + is_content * len(place.items)))
