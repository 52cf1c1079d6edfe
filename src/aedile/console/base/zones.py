"""Which time is it in a market? The zone that the time zone database names first for its country, its main one."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo


def market_zone(market: str) -> ZoneInfo | None:
    """A market's main zone by its ISO 3166 code; None for what is no country, such as `all`."""
    name = _zones().get(market)
    return ZoneInfo(name) if name else None


@cache
def _zones() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found.setdefault(country, zone)
    return found
