"""How are numbers written for people? With the viewer's separators, as few digits as will do, and their unit."""

from __future__ import annotations

import math
from collections.abc import Sequence

from django.utils.formats import number_format

NONE = "–"
_LARGE = ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"))


def number(value: float | None, digits: int | None = None) -> str:
    """1234567 as 1,234,567; a fraction with `digits` places, by default three significant ones."""
    if value is None or math.isnan(value):
        return NONE
    if isinstance(value, int) or digits is not None:
        return number_format(value, digits, use_l10n=True, force_grouping=True)
    return number_format(value, _places(value), use_l10n=True, force_grouping=True)


def short(value: float | None) -> str:
    """1234567 as 1.23 M, where the place is narrow; the whole number belongs on hover."""
    if value is None:
        return NONE
    for size, letter in _LARGE:
        if abs(value) >= size:
            return f"{number(float(value / size))}\N{NO-BREAK SPACE}{letter}"
    return number(value)


def share(value: float | None, digits: int | None = None) -> str:
    """A fraction as per cent: 0.1234 as 12.3 %."""
    if value is None or math.isnan(value):
        return NONE
    percent = 100 * value
    return f"{number(float(percent), _places(percent) if digits is None else digits)}\N{NO-BREAK SPACE}%"


def interval(value: Sequence[float] | None) -> str:
    """(low, high) as per cent: 10.1–14.9 %."""
    if value is None:
        return NONE
    low, high = (100 * bound for bound in value)
    places = max(_places(low), _places(high))
    return f"{number(float(low), places)}–{number(float(high), places)}\N{NO-BREAK SPACE}%"


def _places(value: float) -> int:
    """Decimal places for three significant digits, without zeros that say nothing."""
    if value == 0:
        return 0
    places = min(max(2 - math.floor(math.log10(abs(value))), 0), 6)
    while places and math.isclose(round(value, places), round(value, places - 1), rel_tol=1e-12):
        places -= 1
    return places
