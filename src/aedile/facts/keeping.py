"""For how long are facts kept, by kind and market?

A line of rules with commas: `*=400, exposures=90, exposures/DE=30`. What is named more closely counts; what no rule
names is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aedile.errors import DataError, Place, define
from aedile.facts.schemas import KINDS
from aedile.fields import listing, suggestion

BAD_RULE = define("AED-DATA-146", "A rule for how long facts are kept cannot be read.", "exposures=90 days")
_RULE = re.compile(r"(?:(\*|[a-z_]+))(?:/([A-Z]{2}))?=(\d{1,5})")
#: Facts are never deleted sooner, whatever a rule says: budgets and caps look back as far.
LEAST = 1


@dataclass(frozen=True, slots=True)
class Keeping:
    """days: (kind or *, market or None) → days."""

    days: Mapping[tuple[str, str | None], int]

    def of(self, kind: str, market: str) -> int | None:
        """Days for which facts are kept; None for ever."""
        for key in ((kind, market), (kind, None), ("*", market), ("*", None)):
            if key in self.days:
                return self.days[key]
        return None


def read_keeping(text: str) -> Keeping:
    """The rules of a line; a `DataError` for one that cannot be read."""
    days: dict[tuple[str, str | None], int] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        found = _RULE.fullmatch(part)
        if found is None or int(found[3]) < LEAST:
            raise _bad(part, "a rule is kind=days or kind/MARKET=days, such as exposures/DE=30")
        if found[1] != "*" and found[1] not in KINDS:
            raise _bad(part, suggestion(found[1], KINDS) or f"kinds are {listing(KINDS, 20)}")
        if (found[1], found[2]) in days:
            raise _bad(part, "there are two rules for the same")
        days[found[1], found[2]] = int(found[3])
    return Keeping(days)


def _bad(part: str, hint: str) -> DataError:
    return DataError(
        BAD_RULE,
        f"`{part[:60]}` is no rule for how long facts are kept",
        place=Place(field="facts.keep"),
        hint=hint,
        fix="correct it, or leave it out to keep them",
    )
