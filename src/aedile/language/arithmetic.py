"""What do `+ - * / %` and the sign give, and where do they fail?

Ints are exact in 64 bits: what overflows or divides by zero is unknown. Doubles follow IEEE 754. A timestamp or
duration out of range is unknown.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aedile.language import sequences, shapes, strings
from aedile.language.columns import Bools, Column, Ints
from aedile.language.types import (
    COMPUTED_DURATION_MAX,
    DOUBLE,
    DURATION,
    INT,
    INT_MIN,
    STRING,
    TIMESTAMP,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
    Type,
)

Numbers = npt.NDArray[Any]

#: Products of two factors below this cannot overflow.
_SAFE_FACTOR = 2**31
#: A product whose double is below this has not overflowed: the error of that double is under 2^11.
_SAFE_PRODUCT = float(2**62)
_RANGES = {
    TIMESTAMP: (TIMESTAMP_MIN, TIMESTAMP_MAX),
    DURATION: (-COMPUTED_DURATION_MAX, COMPUTED_DURATION_MAX),
}


def add(a: Column, b: Column) -> Column:
    """`+` of numbers, times, strings and lists."""
    if a.type == STRING:
        return strings.join(a, b)
    if a.type.element is not None:
        return sequences.join(a, b)
    if a.type in (TIMESTAMP, DURATION):
        result = TIMESTAMP if TIMESTAMP in (a.type, b.type) else DURATION
        return _in_range(result, shapes.both_known(a, b), a.values + b.values)
    values = a.values + b.values
    bad = ((a.values ^ values) & (b.values ^ values)) < 0 if a.type == INT else None
    return _number(a, b, values, bad)


def subtract(a: Column, b: Column) -> Column:
    """`-` of numbers and times; the difference of two timestamps is a duration."""
    if a.type in (TIMESTAMP, DURATION):
        result = TIMESTAMP if a.type == TIMESTAMP and b.type == DURATION else DURATION
        return _in_range(result, shapes.both_known(a, b), a.values - b.values)
    values = a.values - b.values
    bad = ((a.values ^ b.values) & (a.values ^ values)) < 0 if a.type == INT else None
    return _number(a, b, values, bad)


def multiply(a: Column, b: Column) -> Column:
    values = a.values * b.values
    return _number(a, b, values, _overflown_products(a.values, b.values, values) if a.type == INT else None)


def divide(a: Column, b: Column) -> Column:
    """Ints: truncated towards zero, unknown for a zero divisor and for the one quotient that overflows."""
    if a.type == DOUBLE:
        return _number(a, b, a.values / b.values, None)
    bad, divisor = _bad_divisor(a.values, b.values)
    remainder = np.fmod(a.values, divisor)
    return _number(a, b, (a.values - remainder) // divisor, bad)


def modulo(a: Column, b: Column) -> Column:
    """The remainder of the truncated division: it has the sign of the dividend."""
    bad, divisor = _bad_divisor(a.values, b.values)
    return _number(a, b, np.fmod(a.values, divisor), bad)


def negate(a: Column) -> Column:
    known = a.known & (a.values != INT_MIN) if a.type == INT else a.known
    return Column(a.type, known, -a.values)


def _number(a: Column, b: Column, values: Numbers, bad: Bools | None) -> Column:
    known = shapes.both_known(a, b)
    if bad is not None and bad.any():
        known = known & ~bad
    return Column(a.type, known, values)


def _in_range(type_: Type, known: Bools, values: Ints) -> Column:
    # No sum of two values in range can overflow 64 bits.
    low, high = _RANGES[type_]
    return Column(type_, known & (values >= low) & (values <= high), values)


def _overflown_products(a: Ints, b: Ints, products: Ints) -> Bools | None:
    if len(products) == 0 or (_magnitude(a) < _SAFE_FACTOR and _magnitude(b) < _SAFE_FACTOR):
        return None
    suspect = np.abs(a.astype(np.float64) * b.astype(np.float64)) >= _SAFE_PRODUCT
    if suspect.any():
        a, b = np.broadcast_arrays(a, b)
        x, y, product = a[suspect], b[suspect], products[suspect]
        # Neither factor is zero here. Dividing back finds every overflow but -2^63 × -1, whose quotient wraps as well.
        wraps = ((x == INT_MIN) & (y == -1)) | ((y == INT_MIN) & (x == -1))
        divisor = np.where(wraps, 1, x)
        suspect[suspect] = wraps | ((product // divisor) != y) | (np.fmod(product, divisor) != 0)
    return np.asarray(suspect)


def _magnitude(values: Ints) -> int:
    return max(-int(values.min()), int(values.max()))


def _bad_divisor(a: Ints, b: Ints) -> tuple[Bools, Ints]:
    bad = (b == 0) | ((b == -1) & (a == INT_MIN))
    return np.asarray(bad), np.where(bad, 1, b)
