"""Does a cap leave a reserve too few candidates?

It does where the cap has precedence, fires for all the reserve fires for, and these candidates can have so few values
of the cap's key that the places left are fewer than the reserve asks for. Anything weaker depends on who is sent and is
not reported.
"""

from __future__ import annotations

import math
from typing import Any

from aedile.engine.actions import Cap, Reserve
from aedile.engine.conflicts.meetings import Matcher
from aedile.language.schema import REQUEST


def cap_prevents(cap: Cap, reserve: Reserve, reserving: int, matcher: Matcher) -> bool:
    """Whether a cap that fires for all candidates of strategy `reserving` leaves it too few of the first places."""
    most = cap.max.at_most(cap.first_n)
    values = _key_values(cap.key, reserving, matcher)
    if values is None:
        return False
    allowed = 0 if most == 0 else values * most
    behind = max(0, reserve.first_n - cap.first_n)
    return allowed + behind < reserve.min.at_least(reserve.first_n)


def _key_values(key: str, reserving: int, matcher: Matcher) -> float | None:
    """How many values of the key the strategy's candidates can have in one request: infinity where it is not bounded,
    None where it may be unknown, for then the cap does not hold."""
    space = matcher.space
    unit_number = space.unit_of.get(key)
    if unit_number is None:
        if not _is_always_known(key, reserving, matcher):
            return None
        return 1 if key.startswith("request.") else math.inf
    unit = space.units[unit_number]
    seen: set[Any] = set()
    bounded = True
    for mode in range(len(space.modes)):
        viable = matcher.overlaps.viable(mode).open
        for clause in matcher.clauses_of(reserving):
            if not viable[clause]:
                continue
            row = int(unit.row[clause])
            points = unit.feasible[mode] & (unit.table[row] if row >= 0 else True)
            if row >= 0 and (unit.finite[row] or not unit.inexact[row]):
                points = points & unit.true[row]
            for point in points.nonzero()[0].tolist():
                value = unit.values[key][point]
                if value is None:
                    return None
                seen.add(value)
                bounded = bounded and (bool(unit.closed[point]) or (row >= 0 and bool(unit.finite[row])))
    if key.startswith(("request.", "query.")):
        return 1
    return len(seen) if bounded and key != f"{space.program.kind}.id" else math.inf


def _is_always_known(key: str, reserving: int, matcher: Matcher) -> bool:
    """Whether a feature that no strategy speaks of has a value for every candidate the strategy fires for."""
    space = matcher.space
    if key in (f"{space.program.kind}.id", "request.market", "request.channel", "request.time", "request.id"):
        return True
    spec = space.schema.features.get(key)
    if spec is None or spec.missing:
        return False
    clauses = matcher.clauses_of(reserving)
    modes = (mode for n, mode in enumerate(space.modes) if matcher.overlaps.viable(n).open[clauses].any())
    return spec.kind == REQUEST or (spec.kind == space.program.kind and all(spec.kind in m.known for m in modes))
