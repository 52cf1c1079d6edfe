"""What acts on this entity now, and what has this strategy done? Pages of one entity, and of a strategy in the log."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from aedile.console.accounts.actor import Actor
from aedile.console.base.charts import Chart, Series
from aedile.console.base.context import actor_of
from aedile.console.decisions import questions
from aedile.console.decisions.codes import NO_SUCH
from aedile.console.decisions.form import PART_NAMES
from aedile.console.decisions.now import OTHERS, Act, member_ids, standing
from aedile.console.decisions.readout import SPANS, readout_of
from aedile.console.settings import HOME
from aedile.errors import ConsoleError
from aedile.language.schema import CANDIDATE_KINDS
from aedile.store.decision_counts import Counted, Exposed, counts_of_strategy, exposures_of
from aedile.store.decision_flat import Part
from aedile.store.decision_index import HOUR
from aedile.store.decision_search import Hit, Sought, oldest, search
from aedile.store.decision_units import DAY, Within

#: Hours that counts go back, decisions listed, and strategies whose first decision is looked for.
HOURS, LISTED, FIRSTS = 48, 10, 8


@dataclass(frozen=True, slots=True)
class Since:
    """first: the oldest decision in the log in which the strategy had its part for the entity."""

    act: Act
    first: Hit | None
    is_partial: bool

    @property
    def at(self) -> datetime | None:
        return questions.moment(self.first.decided_at) if self.first is not None else None


def entity(request: HttpRequest, kind: str, entity_id: str) -> HttpResponse:
    """An item's page, a seller's page: what acts on it by the running release, and its latest decisions."""
    actor = actor_of(request)
    found = standing(actor, kind, entity_id)
    within = Within(markets=questions.theirs(actor))
    is_candidate = kind in CANDIDATE_KINDS
    recent = search(HOME, Sought(entity=(kind, entity_id), within=within), limit=LISTED) if is_candidate else None
    told = {
        "found": found, "acts": list(since_of(found.acts, kind, entity_id, within)), "recent": recent,
        "others": OTHERS, "is_candidate": is_candidate, "asked": None, "next": None, "reached": None,
        "answer": recent,
    }  # fmt: skip
    return render(request, "decisions/entity.html", told)


def exposures(request: HttpRequest, kind: str, entity_id: str) -> HttpResponse:
    """How often it was shown lately, and what acted on it then; a fragment, for it takes longer than the page."""
    actor = actor_of(request)
    within = lately(actor)
    own: list[tuple[str, list[str]]] = [(kind, [entity_id])] if kind in CANDIDATE_KINDS else []
    counted = [(of, exposures_of(HOME, of, ids, within, seconds=1.0)) for of, ids in own + member_ids(kind, entity_id)]
    told = [(of, _exposed(one, within)) for of, one in counted if one.cells] or [
        (of, _exposed(one, within)) for of, one in counted[-1:]
    ]
    return render(request, "decisions/_exposures.html", {"told": told, "hours": HOURS})


def strategy(request: HttpRequest, strategy_id: str) -> HttpResponse:
    """What a strategy did in the log, by market, channel and hour, with its latest decisions."""
    actor = actor_of(request)
    within = lately(actor)
    counted = counts_of_strategy(HOME, strategy_id, within)
    sought = Sought(strategy=strategy_id, within=Within(markets=within.markets))
    recent = search(HOME, sought, limit=LISTED)
    if not counted.counts and not recent.hits and not recent.is_partial and not counted.is_partial:
        fired = search(HOME, Sought(strategy=strategy_id, part="shadow", within=sought.within), limit=LISTED)
        if not fired.hits and not fired.is_partial:
            raise ConsoleError(
                NO_SUCH, f"the log holds nothing of a strategy {strategy_id[:100]!r}",
                hint="or it is of markets that you may not look into", fix="search the log",
            )  # fmt: skip
        recent = fired
    told = {
        "strategy_id": strategy_id, "counted": counted, "rows": places_of(counted), "chart": _chart(counted, within),
        "answer": recent, "asked": None, "next": None, "reached": None, "hours": HOURS,
    }  # fmt: skip
    return render(request, "decisions/strategy.html", told)


def readout(request: HttpRequest, strategy_id: str) -> HttpResponse:
    """What it did where it stands, for the strategy's page; a fragment, for counting takes longer than the page."""
    told = readout_of(actor_of(request), strategy_id, request.GET.get("days", "1"))
    return render(request, "decisions/_readout.html", {"told": told, "strategy_id": strategy_id, "spans": SPANS})


def lately(actor: Actor) -> Within:
    """The span that counts go back, in the markets that somebody may look into."""
    now = time.time_ns() // 1000
    return Within(since=(now // HOUR - HOURS + 1) * HOUR, until=now + DAY, markets=questions.theirs(actor))


def since_of(acts: Sequence[Act], kind: str, id_: str, within: Within) -> Iterator[Since]:
    """The acts, for the first of them with their first decision in the log."""
    for number, act in enumerate(acts):
        if number >= FIRSTS or act.how == "depends" or kind not in CANDIDATE_KINDS:
            yield Since(act, None, is_partial=act.how != "depends")
            continue
        part: Part = "shadow" if act.how == "shadow" else "acted"
        sought = Sought(entity=(kind, id_), strategy=act.strategy.id, part=part, within=within)
        yield Since(act, *oldest(HOME, sought, seconds=0.1))


def places_of(counted: Counted) -> list[tuple[str, str, Any, int, int]]:
    """Market, channel, what it did, decisions and candidates of the span, the most first."""
    sums: dict[tuple[str, str, Part], list[int]] = {}
    for one in counted.counts:
        cell = sums.setdefault((one.market, one.channel, one.part), [0, 0])
        cell[0] += one.decisions
        cell[1] += one.candidates
    rows = [(m, c, PART_NAMES[part], decisions, candidates) for (m, c, part), (decisions, candidates) in sums.items()]
    return sorted(rows, key=lambda row: (-row[4], row[0], row[1]))


def _hours(within: Within) -> list[int]:
    return [within.since + number * HOUR for number in range(HOURS)]


def _chart(counted: Counted, within: Within) -> Chart | None:
    """Candidates it acted on by the hour, a line a market."""
    cells: dict[str, dict[int, int]] = {}
    for one in counted.counts:
        if one.part == "acted":
            of_market = cells.setdefault(one.market, {})
            of_market[one.hour] = of_market.get(one.hour, 0) + one.candidates
    if not cells:
        return None
    hours = _hours(within)
    series = [Series(market, [of.get(hour, 0) for hour in hours]) for market, of in sorted(cells.items())]
    return Chart(
        _("Candidates it acted on, by market"), [questions.moment(hour) for hour in hours], _("hour"), series,
        unit=_("an hour"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """An entity's exposures for the page. since: how far they were counted, where the time was up."""

    exposed: Exposed
    chart: Chart | None

    @property
    def share(self) -> float | None:
        return self.exposed.touched / self.exposed.shown if self.exposed.shown else None

    @property
    def since(self) -> datetime | None:
        return questions.moment(self.exposed.since) if self.exposed.since is not None else None

    @property
    def by_strategy(self) -> list[tuple[str, int, float]]:
        pairs = list(self.exposed.by_strategy.items())[:20]
        return [(name, count, count / self.exposed.shown) for name, count in pairs]

    @property
    def by_place(self) -> list[tuple[str, str, int, int]]:
        sums: dict[tuple[str, str], list[int]] = {}
        for cell in self.exposed.cells:
            found = sums.setdefault((cell.market, cell.channel), [0, 0])
            found[0] += cell.shown
            found[1] += cell.touched
        rows = [(market, channel, shown, touched) for (market, channel), (shown, touched) in sums.items()]
        return sorted(rows, key=lambda row: -row[2])


def _exposed(exposed: Exposed, within: Within) -> Shown:
    by_hour: dict[int, list[int]] = {}
    for cell in exposed.cells:
        found = by_hour.setdefault(cell.hour, [0, 0])
        found[0] += cell.shown
        found[1] += cell.touched
    if not by_hour:
        return Shown(exposed, None)
    hours = _hours(within)
    series = [
        Series(name, [by_hour.get(hour, (0, 0))[place] for hour in hours])
        for place, name in enumerate((_("shown"), _("of these touched")))
    ]
    times = [questions.moment(hour) for hour in hours]
    return Shown(exposed, Chart(_("Exposures by the hour"), times, _("hour"), series, unit=_("an hour")))
