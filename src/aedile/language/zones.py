"""How far is a zone's clock from UTC at each instant?

Zones come from the `tzdata` package, not from the host, so that one release decides alike on every machine. A zone's
file (TZif, RFC 9636) lists its changes of offset; after the last of them its POSIX rule goes on, and as the calendar
repeats every 400 years, one such cycle of changes tells all years to 9999.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files

import numpy as np

from aedile.language.columns import Ints

_FIXED = re.compile(r"([+-]?)(\d\d?):(\d\d)", re.ASCII)
_SECOND = 1_000_000
_DAY = 86_400
_CYCLE = 146_097 * _DAY
"""Seconds of 400 Gregorian years, a whole number of weeks."""
_EPOCH_DAY = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, eq=False)
class Zone:
    """Changes of offset by time.

    changes: int64 (n,), seconds since 1970, rising; offsets: int64 (n + 1,) seconds east of UTC, the first before all
    changes. cycle: after this second the zone repeats what it did 400 years before; None if the last offset stays.
    """

    changes: Ints
    offsets: Ints
    cycle: int | None

    def local(self, micros: Ints) -> Ints:
        """What the zone's clock shows at these instants (microseconds since 1970), as if it were UTC."""
        seconds = micros // _SECOND
        if self.cycle is not None:
            seconds = seconds - np.maximum(-((self.cycle - seconds) // _CYCLE), 0) * _CYCLE
        offsets = self.offsets[self.changes.searchsorted(seconds, side="right")]
        return np.asarray(micros + offsets * _SECOND)


@lru_cache(maxsize=1024)
def zone(name: str) -> Zone | None:
    """The zone of an IANA name such as `Asia/Jakarta` or of a fixed offset such as `+05:30`; None if there is none."""
    fixed = _FIXED.fullmatch(name)
    if fixed is not None:
        hours, minutes = int(fixed[2]), int(fixed[3])
        if hours > 23 or minutes > 59:
            return None
        seconds = (hours * 60 + minutes) * (-60 if fixed[1] == "-" else 60)
        return Zone(np.zeros(0, np.int64), np.array([seconds]), None)
    # Only names on the list are looked up: no name can lead out of the package.
    if name not in zone_names():
        return None
    return _read(files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes())


@cache
def zone_names() -> frozenset[str]:
    """Every IANA name, links such as `US/Central` included."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


def _read(data: bytes) -> Zone:
    """A zone from the second, 64-bit block of its TZif file."""
    first = _counts(data, 0)
    start = 44 + _block_length(first, 4)
    _, _, _, change_count, type_count, _ = counts = _counts(data, start)
    body = start + 44
    changes = np.frombuffer(data, ">i8", change_count, body).astype(np.int64)
    kinds = np.frombuffer(data, np.uint8, change_count, body + 8 * change_count)
    types_at = body + 9 * change_count
    all_offsets = [struct.unpack_from(">i", data, types_at + 6 * i)[0] for i in range(type_count)]
    offsets = np.array([all_offsets[0], *(all_offsets[kind] for kind in kinds)], np.int64)
    rule = data[body + _block_length(counts, 8) :].decode("ascii").strip("\n")
    return _with_rule(changes, offsets, rule)


def _counts(data: bytes, start: int) -> tuple[int, ...]:
    return struct.unpack_from(">6l", data, start + 20)


def _block_length(counts: tuple[int, ...], width: int) -> int:
    utc, standard, leaps, changes, types, letters = counts
    return changes * (width + 1) + types * 6 + letters + leaps * (width + 4) + standard + utc


_NAME = r"(?:<[^>]+>|[A-Za-z]+)"
_TIME = r"[+-]?\d+(?::\d+){0,2}"
_RULE = re.compile(
    rf"{_NAME}(?P<standard>{_TIME})(?:{_NAME}(?P<summer>{_TIME})?,(?P<begin>[^,]+),(?P<end>[^,]+))?", re.ASCII
)


def _with_rule(changes: Ints, offsets: Ints, rule: str) -> Zone:
    """The zone with the changes its rule makes in the 400 years after the last listed one."""
    match = _RULE.fullmatch(rule)
    if match is None or match["begin"] is None:
        return Zone(changes, offsets, None)
    standard = -_seconds(match["standard"])
    summer = -_seconds(match["summer"]) if match["summer"] else standard + 3600
    last = int(changes[-1])
    first_year = date.fromordinal(last // _DAY + _EPOCH_DAY).year
    added = []
    for year in range(first_year, first_year + 402):
        added.append((_rule_instant(match["begin"], year) - standard, summer))
        added.append((_rule_instant(match["end"], year) - summer, standard))
    added = sorted(change for change in added if change[0] > last)
    return Zone(
        np.concatenate([changes, [instant for instant, _ in added]]),
        np.concatenate([offsets, [offset for _, offset in added]]),
        last + _CYCLE,
    )


def _seconds(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    parts = [int(part) for part in text.lstrip("+-").split(":")]
    return sign * sum(part * scale for part, scale in zip(parts, (3600, 60, 1), strict=False))


def _rule_instant(rule: str, year: int) -> int:
    """When a rule such as `M3.2.0/2` strikes in a year, in seconds of the local clock as if it were UTC."""
    day_rule, _, time = rule.partition("/")
    seconds = _seconds(time) if time else 7200
    if day_rule.startswith("M"):
        month, week, weekday = (int(part) for part in day_rule[1:].split("."))
        first = date(year, month, 1).toordinal()
        day = first + (weekday - first) % 7 + 7 * (week - 1)
        following = date(year + month // 12, month % 12 + 1, 1).toordinal()
        while day >= following:  # the fifth stands for the last
            day -= 7
    else:
        number = int(day_rule.lstrip("J"))
        leap = date(year, 12, 31).timetuple().tm_yday == 366
        # Jn counts from 1 and skips 29 February, n counts from 0 and does not.
        number = number - 1 + (leap and number >= 60) if day_rule.startswith("J") else number
        day = date(year, 1, 1).toordinal() + number
    return (day - _EPOCH_DAY) * _DAY + seconds
