"""What has a strategy done where it stands, or what would it have done? For its page, from the log.

In shadow, what it would have done; in canary and live, what it did; with both where it stood in several stages lately.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aedile.console.accounts.actor import Actor
from aedile.console.base.charts import Chart, Series
from aedile.console.decisions import questions
from aedile.console.decisions.codes import BAD_SEARCH
from aedile.console.settings import HOME
from aedile.errors import ConsoleError, Place
from aedile.fields import listing
from aedile.store.decision_company import Company, company_of
from aedile.store.decision_counts import Counted, counts_of_strategy
from aedile.store.decision_flat import Part
from aedile.store.decision_index import HOUR
from aedile.store.decision_units import DAY, Within

#: Spans to choose from, in days, and how many hours a point of the chart stands for.
SPANS: Mapping[int, int] = {1: 1, 7: 6, 28: 24}
#: The parts that are told of, in this order, by what is said of them.
PARTS: Mapping[Part, Any] = {
    "acted": gettext_lazy("acted"), "fired": gettext_lazy("fired"), "shadow": gettext_lazy("would have fired"),
}  # fmt: skip
OTHERS = 12


@dataclass(frozen=True, slots=True)
class Where:
    """Candidates of a market and channel, by part; decisions in which it fired, or would have."""

    market: str
    channel: str
    decisions: int
    by_part: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Readout:
    """part: the one that `company` is about. parts: those that it played; totals: of each its name and candidates."""

    days: int
    part: Part
    parts: tuple[Part, ...]
    counted: Counted
    company: Company
    chart: Chart | None

    @property
    def heads(self) -> list[Any]:
        return [PARTS[part] for part in self.parts]

    @property
    def totals(self) -> list[tuple[Any, int]]:
        return [(PARTS[part], sum(one.candidates for one in self._of(part))) for part in self.parts]

    @property
    def places(self) -> list[Where]:
        """Where it did most first."""
        found: dict[tuple[str, str], dict[Part, int]] = {}
        decisions: dict[tuple[str, str], int] = {}
        for part in self.parts:
            for one in self._of(part):
                cell = found.setdefault((one.market, one.channel), {})
                cell[part] = cell.get(part, 0) + one.candidates
                if part in ("fired", "shadow"):
                    decisions[one.market, one.channel] = decisions.get((one.market, one.channel), 0) + one.decisions
        rows = [
            Where(*where, decisions.get(where, 0), tuple(cell.get(part, 0) for part in self.parts))
            for where, cell in found.items()
        ]
        return sorted(rows, key=lambda row: (-max(row.by_part), row.market, row.channel))

    @property
    def others(self) -> list[tuple[str, int, float]]:
        """Strategies that acted on the same candidates: how many, and of all of them which share."""
        return [(name, count, count / self.company.candidates) for name, count in self.company.others[:OTHERS]]

    @property
    def more_others(self) -> int:
        return max(0, len(self.company.others) - OTHERS)

    @property
    def alone_share(self) -> float | None:
        return self.company.alone / self.company.candidates if self.company.candidates else None

    @property
    def absent_share(self) -> float | None:
        return self.company.absent / self.company.candidates if self.company.candidates else None

    @property
    def since(self) -> datetime | None:
        """How far back the company was counted, where the time was up."""
        return questions.moment(self.company.since) if self.company.since is not None else None

    def _of(self, part: Part) -> list[Any]:
        return [one for one in self.counted.counts if one.part == part]


def readout_of(actor: Actor, strategy_id: str, typed: str) -> Readout:
    """Of the last days, as somebody typed them, in the markets that they may look into."""
    days = next((days for days in SPANS if str(days) == typed), None)
    if days is None:
        choice = listing(map(str, SPANS))
        raise ConsoleError(BAD_SEARCH, f"{typed[:20]!r} is no span", place=Place(field="days"), fix=f"one of {choice}")
    now = time.time_ns() // 1000
    step = SPANS[days] * HOUR
    since = (now // step + 1) * step - days * DAY
    within = Within(since=since, until=now + DAY, markets=questions.theirs(actor))
    counted = counts_of_strategy(HOME, strategy_id, within)
    parts = tuple(part for part in PARTS if any(one.part == part for one in counted.counts))
    part: Part = "fired" if "fired" in parts else "shadow"
    company = company_of(HOME, strategy_id, part, within) if parts else Company()
    return Readout(days, part, parts, counted, company, _chart(counted, parts, since, step, days))


def _chart(counted: Counted, parts: tuple[Part, ...], since: int, step: int, days: int) -> Chart | None:
    if not parts:
        return None
    points = list(range(since, since + days * DAY, step))
    series = []
    for part in parts:
        of_point = dict.fromkeys(points, 0)
        for one in counted.counts:
            if one.part == part and (at := since + (one.hour - since) // step * step) in of_point:
                of_point[at] += one.candidates
        series.append(Series(PARTS[part], list(of_point.values())))
    unit = {1: _("candidates an hour"), 6: _("candidates in six hours"), 24: _("candidates a day")}[SPANS[days]]
    moments = [questions.moment(point) for point in points]
    return Chart(_("What it did over time"), moments, _("time"), series, unit=unit, kind="bar")
