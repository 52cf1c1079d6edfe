"""Which kinds of value does a condition speak of?

Times are int64 microseconds since 1970-01-01T00:00:00Z, durations int64 microseconds: the resolution of
DuckDB's and Spark's own timestamps, so that one condition means the same in all three.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Type:
    """A type of the language; `element` is set for lists alone."""

    name: str
    element: Type | None = None

    @property
    def is_numeric(self) -> bool:
        return self.name in ("int", "double")

    def __str__(self) -> str:
        return f"list({self.element})" if self.element is not None else self.name


BOOL = Type("bool")
INT = Type("int")
DOUBLE = Type("double")
STRING = Type("string")
TIMESTAMP = Type("timestamp")
DURATION = Type("duration")
SCALARS: dict[str, Type] = {t.name: t for t in (BOOL, INT, DOUBLE, STRING, TIMESTAMP, DURATION)}


def list_of(element: Type) -> Type:
    """The type of lists whose elements are all of one type."""
    return Type("list", element)


#: The element type of `[]`: it fits every list.
NOTHING = Type("nothing")

TIMESTAMP_MIN = -62_135_596_800_000_000
"""0001-01-01T00:00:00Z in microseconds, the first instant of CEL's range."""
TIMESTAMP_MAX = 253_402_300_799_999_999
"""9999-12-31T23:59:59.999999Z in microseconds, the last instant of CEL's range."""
DURATION_MAX = 315_576_000_000_000_000
"""About 10,000 years in microseconds, the bound of CEL's durations in either direction."""
COMPUTED_DURATION_MAX = (2**63 - 1) // 1000
"""About 292 years: the bound of a duration that `+` or `-` gives, for CEL computes in int64 nanoseconds."""
INT_MIN, INT_MAX = -(2**63), 2**63 - 1


def parse_type(text: str) -> Type | None:
    """`"list(string)"` → `list_of(STRING)`; None where the text names no type."""
    text = text.strip()
    if text.startswith("list(") and text.endswith(")"):
        element = parse_type(text[5:-1])
        return list_of(element) if element is not None else None
    return SCALARS.get(text)
