"""How does the decision server stand? Its rate and latency, what it refuses, and whom budgets and switches pause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from aedile.console.base import figures
from aedile.console.base.charts import Chart, Series
from aedile.console.settings import HOME
from aedile.server.gather import gathered


@dataclass(frozen=True, slots=True)
class Muted:
    """A strategy of the release that does not act: by the kill switch, or over its budget."""

    strategy: str
    by_budget: bool


@dataclass(frozen=True, slots=True)
class ServerState:
    """workers: processes that answer; none where no server runs. refused: why newer releases are not taken."""

    workers: int
    release: int | None
    rate: float | None
    p50_ms: float | None
    p99_ms: float | None
    refusals: int
    refused: Sequence[str]
    killed: str
    muted: Sequence[Muted]
    chart: Chart | None


def server_state() -> ServerState:
    """From what the processes of the server last wrote of themselves."""
    told = gathered(HOME.workers)
    rates = told["rates"]
    return ServerState(
        workers=len(told["workers"]),
        release=(told["release"] or {}).get("number"),
        rate=_rate(rates),
        p50_ms=told["p50_ms"],
        p99_ms=told["p99_ms"],
        refusals=int(sum(told["refusals"].values())),
        refused=_refused(told),
        killed=told["killed"] or "",
        muted=[Muted(id_, why == "over its budget") for id_, why in told["muted"].items()],
        chart=_chart(rates),
    )


def _rate(rates: Sequence[Sequence[float]]) -> float | None:
    """Requests a second over the last ten whole seconds; of the newest not all workers have told yet."""
    whole = [requests for _at, requests, _candidates in rates[-11:-1]]
    return sum(whole) / len(whole) if whole else None


def _refused(told: Mapping[str, Any]) -> list[str]:
    keeper = (told["keeper"] or {}).get("refused")
    by_keeper = [f"{keeper['kind']} {keeper['release']}: {keeper['error']}"] if keeper else []
    return list(dict.fromkeys([*by_keeper, *(str(one["refused"]) for one in told["workers"] if one["refused"])]))


def _chart(rates: Sequence[Sequence[float]]) -> Chart | None:
    if len(rates) < 3:
        return None
    shown = rates[:-1]
    values = [float(requests) for _at, requests, _candidates in shown]
    least, most = figures.number(round(min(values))), figures.number(round(max(values)))
    title = _("%(least)s to %(most)s requests a second in the last minute") % {"least": least, "most": most}
    times = [datetime.fromtimestamp(row[0], UTC) for row in shown]
    unit = _("requests a second")
    return Chart(title, times, _("time"), [Series(_("requests"), values)], unit=unit, kind="area", table_every=5)
