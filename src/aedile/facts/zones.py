"""Which day is it in a market when something happens?

A market that spans zones has one here: the first that `zone.tab` of the time zone database lists for it, unless most of
its people live in another. Whoever counts otherwise says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.errors import DataError, Place, define
from aedile.fields import suggestion
from aedile.language.markets import MARKET_MISTAKES, MARKETS
from aedile.language.zones import Zone, zone, zone_names

NO_SUCH_MARKET = define("AED-DATA-071", "A market is none of ISO 3166.", '{"market": "UK"}')
NO_SUCH_ZONE = define("AED-DATA-072", "A time zone is none of the time zone database.", "ID=Asia/Jakata")

#: Where the first zone that is listed is not the one in which most people live, this one is taken.
_MOST_LIVE_IN = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CD": "Africa/Kinshasa",
    "CL": "America/Santiago",
    "FM": "Pacific/Pohnpei",
    "GL": "America/Nuuk",
    "KI": "Pacific/Tarawa",
    "KZ": "Asia/Almaty",
    "MX": "America/Mexico_City",
    "NZ": "Pacific/Auckland",
    "PF": "Pacific/Tahiti",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "US": "America/New_York",
}
_DAY = 86_400_000_000


def zone_of(market: str, zones: Mapping[str, str] | None = None) -> str:
    """The name of a market's zone. zones: market → zone, where it is not the usual one. Raises a `DataError`."""
    if market not in MARKETS:
        raise no_such_market(market)
    return (zones or {}).get(market) or _MOST_LIVE_IN.get(market) or _first_listed().get(market, "Etc/UTC")


def no_such_market(market: Any) -> DataError:
    """What is said of a market that is none."""
    capital = str(market).strip().upper()
    meant = MARKET_MISTAKES.get(capital) or (capital if capital in MARKETS else None)
    return DataError(
        NO_SUCH_MARKET,
        f"`{str(market)[:40]}` is not a market",
        place=Place(field="market"),
        hint=f"did you mean `{meant}`?" if meant else "markets are two capital letters of ISO 3166",
        fix="send a code such as ID",
    )


def local_date(
    at: pa.Array | pa.ChunkedArray | npt.NDArray[Any], market: str, zones: Mapping[str, str] | None = None
) -> pa.Array:
    """The day, as date32, on which each instant falls in a market.

    at: timestamps with a zone, or microseconds since 1970 as whole numbers or datetime64. A null stays null. Raises a
    `DataError` for a market or a zone that is none.
    """
    place = zone_named(zone_of(market, zones))
    if isinstance(at, np.ndarray):
        micros, known = at.astype("datetime64[us]").astype(np.int64) if at.dtype.kind == "M" else at, None
    else:
        flat = at.combine_chunks() if isinstance(at, pa.ChunkedArray) else at
        known = np.asarray(flat.is_valid()) if flat.null_count else None
        micros = np.asarray(flat.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).fill_null(0))
    days = (place.local(micros.astype(np.int64)) // _DAY).astype(np.int32)
    return pa.array(days, pa.int32(), mask=None if known is None else ~known).cast(pa.date32())


def local_dates(at: pa.Array, market: pa.Array, zones: Mapping[str, str] | None = None) -> pa.Array:
    """The same where every instant has its own market; both without nulls."""
    coded = market.dictionary_encode()
    names = coded.dictionary.to_pylist()
    if len(names) == 1:
        return local_date(at, names[0], zones)
    codes = np.asarray(coded.indices)
    micros = np.asarray(at.cast(pa.int64()))
    days = np.zeros(len(codes), np.int32)
    for code, name in enumerate(names):
        rows = np.flatnonzero(codes == code)
        days[rows] = zone_named(zone_of(name, zones)).local(micros[rows]) // _DAY
    return pa.array(days, pa.int32()).cast(pa.date32())


def read_zones(text: str) -> dict[str, str]:
    """Zones as a setting says them, `ID=Asia/Jakarta,RU=Asia/Yekaterinburg`; a `DataError` where it does not."""
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        market, _, name = (word.strip() for word in part.partition("="))
        if market not in MARKETS:
            raise no_such_market(market)
        zone_named(name)
        found[market] = name
    return found


def zone_named(name: str) -> Zone:
    found = zone(name)
    if found is None:
        raise DataError(
            NO_SUCH_ZONE,
            f"`{name[:60]}` is not a time zone",
            place=Place(field="zone"),
            hint=suggestion(name, zone_names()) or "zones have names such as Asia/Jakarta",
            fix="name one of the time zone database",
        )
    return found


@cache
def _first_listed() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for line in files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            market, _, name = line.split("\t")[:3]
            found.setdefault(market, name)
    return found
