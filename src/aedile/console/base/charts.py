"""How is a trend drawn? From one record: a finding as title, values with units, intervals as bands, a table behind it.

    {% chart chart %}                      (and {% block scripts %}{% charts_script %}{% endblock %} once on the page)

with `Chart(_("Requests doubled after noon"), x=times, x_name=_("time"), series=[Series(_("requests"), values)],
unit=_("a second"))`. The browser draws it with the colours of the theme (assets/src/charts.js).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise

from aedile.console.base import figures


@dataclass(frozen=True, slots=True)
class Series:
    """low, high: the interval of each value, drawn as a band."""

    name: str | Promise
    values: Sequence[float | None]
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """title: says the finding. x: moments, or names. shares: values are fractions, shown as per cent.

    kind: `line`, `area` or `bar`. table_every: the table behind it shows each so many-th row.
    """

    title: str | Promise
    x: Sequence[datetime] | Sequence[str]
    x_name: str | Promise
    series: Sequence[Series]
    unit: str | Promise = ""
    kind: str = "line"
    shares: bool = False
    table_every: int = 1

    def data(self) -> dict[str, Any]:
        """What the browser draws from."""
        times = bool(self.x) and isinstance(self.x[0], datetime)
        return {
            "kind": self.kind,
            "times": times,
            "x": [one.isoformat() if isinstance(one, datetime) else str(one) for one in self.x],
            "xName": str(self.x_name),
            "unit": str(self.unit),
            "shares": self.shares,
            "zone": timezone.get_current_timezone_name(),
            "series": [
                {"name": str(one.name), "values": list(one.values), "low": _list(one.low), "high": _list(one.high)}
                for one in self.series
            ],
        }

    def heads(self) -> list[str]:
        return [str(self.x_name), *(f"{one.name} ({self.unit})" if self.unit else str(one.name) for one in self.series)]

    def rows(self) -> Iterator[list[str]]:
        for at in range(0, len(self.x), self.table_every):
            yield [_written(self.x[at]), *(self._cell(one, at) for one in self.series)]

    def _cell(self, one: Series, at: int) -> str:
        write = figures.share if self.shares else figures.number
        text = write(one.values[at])
        if one.low is None or one.high is None:
            return text
        return f"{text} ({write(one.low[at])} – {write(one.high[at])})"


def _list(values: Sequence[float | None] | None) -> list[float | None] | None:
    return None if values is None else list(values)


def _written(x: datetime | str) -> str:
    return f"{timezone.localtime(x):%Y-%m-%d %H:%M:%S}" if isinstance(x, datetime) else str(x)
