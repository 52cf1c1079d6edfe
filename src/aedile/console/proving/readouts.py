"""What does a running version do, or would do in shadow, by market and channel over time, and with whom?

Counts come from the index of the decision log, whose cost is that of the hours asked for; who acts on the same
candidates is looked up in the newest decisions, for half a second at most, and the answer says how many it saw.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.translation import gettext as _

from aedile.console.accounts.actor import Actor
from aedile.console.base.charts import Chart, Series
from aedile.console.settings import HOME
from aedile.console.strategies.models import RUNNING, Stage, Version
from aedile.console.strategies.world import acting_id
from aedile.engine.strategy import ALL
from aedile.store.agreement import Agreement, agreement_of
from aedile.store.decision_counts import counts_of_strategy
from aedile.store.decision_index import HOUR, Count
from aedile.store.decision_units import DAY, Within

#: Hours shown hour by hour, and days day by day.
HOURS, DAYS = 48, 14


@dataclass(frozen=True, slots=True)
class Place:
    """Of a market and channel: candidates for which it fired, acted, or would have fired in shadow."""

    market: str
    channel: str
    fired: int
    acted: int
    would: int


@dataclass(frozen=True, slots=True)
class Readout:
    """part: what its stage lets it do, `acted` or `shadow`. is_partial: the time was up before all was counted."""

    part: str
    fired: int
    acted: int
    would: int
    places: Sequence[Place]
    chart: Chart | None
    agreement: Agreement
    is_partial: bool
    damaged: int

    @property
    def is_empty(self) -> bool:
        return not (self.fired or self.would)

    @property
    def seen_since(self) -> datetime | None:
        since = self.agreement.since
        return datetime.fromtimestamp(since / 1e6, UTC) if since is not None else None


def readout_of(actor: Actor, version: Version, by: str) -> Readout | None:
    """What the log says of a version; None where it does not run. by: `hour` or `day`."""
    if version.stage not in RUNNING:
        return None
    name, part = acting_id(version), "shadow" if version.stage == Stage.SHADOW else "acted"
    within = _within(actor, by)
    counted = counts_of_strategy(HOME, name, within)
    agreement = agreement_of(HOME, name, part, within)  # type: ignore[arg-type]  # one of the two parts
    sums: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in counted.counts:
        sums[one.market, one.channel][one.part] += one.candidates
    places = [Place(market, channel, of["fired"], of["acted"], of["shadow"]) for (market, channel), of in sums.items()]
    places.sort(key=lambda place: (-(place.acted + place.would), place.market, place.channel))
    return Readout(
        part, sum(p.fired for p in places), sum(p.acted for p in places), sum(p.would for p in places), places,
        _chart(counted.counts, part, by, within), agreement, counted.is_partial, len(counted.damaged),
    )  # fmt: skip


def _within(actor: Actor, by: str) -> Within:
    now = time.time_ns() // 1000
    step, count = (HOUR, HOURS) if by == "hour" else (DAY, DAYS)
    markets = actor.markets_of("decision.view")
    return Within(since=(now // step - count + 1) * step, until=now + HOUR, markets=None if ALL in markets else markets)


def _chart(counts: Sequence[Count], part: str, by: str, within: Within) -> Chart | None:
    """Candidates over time, a line a market."""
    step, count = (HOUR, HOURS) if by == "hour" else (DAY, DAYS)
    cells: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for one in counts:
        if one.part == part:
            cells[one.market][one.hour // step * step] += one.candidates
    if not cells:
        return None
    times = [within.since + number * step for number in range(count)]
    series = [Series(market, [of.get(at, 0) for at in times]) for market, of in sorted(cells.items())]
    title = _("Candidates for which it would have fired") if part == "shadow" else _("Candidates it acted on")
    return Chart(
        title, [datetime.fromtimestamp(at / 1e6, UTC) for at in times], _("hour") if by == "hour" else _("day"), series,
        unit=_("an hour") if by == "hour" else _("a day"),
    )  # fmt: skip
