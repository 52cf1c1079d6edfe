"""Over domains so small that every candidate and request can be tried, nothing is missed and nothing is made up."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from aedile.engine.actions import Boost, Exclude, Pin, Reserve
from aedile.engine.conflicts import find_conflicts
from aedile.engine.strategy import Strategy
from aedile.language.schema import parse_schema
from tests.engine.conflicts.worlds import fired_for, fires, strategy
from tests.oracles.rowwise import Rowwise

SMALL = parse_schema("""
entities:
  item:
    meaning: A product listing.
    features:
      stock: {type: int, meaning: Pieces.}
      rank: {type: int, meaning: Rank., missing: never}
      colour: {type: string, meaning: Colour.}
      official: {type: bool, meaning: Brand shop.}
      share: {type: double, meaning: Share.}
      heat: {type: int, meaning: Sent., source: request}
  request:
    features:
      segment: {type: string, meaning: Segment.}
""")
#: Every bucket that the constants 0, 1, 2, "red" and "blue" can make; NaN among the doubles, "reed" for beginnings.
DOMAIN: dict[str, list[Any]] = {
    "item.stock": [None, -1, 0, 1, 2, 3],
    "item.rank": [-1, 0, 1, 2, 3],
    "item.colour": [None, "red", "blue", "pink", "reed", "bloom"],
    "item.official": [None, False, True],
    "item.share": [None, float("nan"), -1.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5],
    "item.heat": [None, -1, 0, 1, 2, 3],
    "request.segment": [None, "red", "blue", "pink"],
}
MARKETS, CHANNELS = ["US", "ID", "DE"], ["live", "video", "search"]
TIMES = {"2026-01-01T00:00:00Z": 1_767_225_600_000_000, "2026-02-01T00:00:00Z": 1_769_904_000_000_000}
ACTIONS: list[Any] = [
    "exclude", "exclude", "exclude", {"boost": {"factor": 2.0}}, {"boost": {"factor": 2.0}},
    {"demote": {"factor": 0.5}}, {"pin": {"position": 1}}, {"pin": {"position": 1}},
    {"reserve": {"min": 1, "first_n": 10}}, {"cap": {"key": "item.colour", "max": 1, "first_n": 10}},
    {"badge": {"key": "new"}}, {"refer": {"queue": "people", "share": 0.5}},
]  # fmt: skip


def literal(rng: np.random.Generator, about: list[str]) -> str:
    number = int(rng.integers(3))
    op = str(rng.choice(["<", "<=", ">", ">=", "==", "!="]))
    colour = str(rng.choice(["red", "blue"]))
    options = [
        f"item.stock {op} {number}", f"item.rank {op} {number}", f"item.colour {rng.choice(['==', '!='])} '{colour}'",
        "item.official", "!item.official", f"item.share {op} {rng.choice(['0.0', '1.0', '0.5'])}", "has(item.stock)",
        "!has(item.colour)", f"item.colour in ['red', '{colour}']", f"request.segment == '{colour}'",
        f"item.heat {op} {number}", "has(item.heat)", f"item.stock in [{number}, 2]", "has(item.rank)",
        f"item.colour.startsWith('{colour[:2]}')", "item.share != item.share", "item.stock == param.limit",
    ]  # fmt: skip
    return str(rng.choice([option for option in options if any(name in option for name in about)]))


def condition(rng: np.random.Generator, about: list[str], depth: int = 2) -> str:
    if depth == 0 or rng.random() < 0.35:
        return literal(rng, about)
    parts = [condition(rng, about, depth - 1) for _ in range(int(rng.integers(2, 4)))]
    joined = str(rng.choice([" && ", " && ", " || "])).join(f"({part})" for part in parts)
    return f"!({joined})" if rng.random() < 0.15 else joined


def random_strategy(rng: np.random.Generator, number: int, about: list[str]) -> Strategy:
    keys: dict[str, Any] = {"rank": int(rng.integers(5)), "tier": str(rng.choice(["quality", "growth"]))}
    if rng.random() < 0.4:
        keys["markets"] = [str(m) for m in rng.choice(["US", "ID"], int(rng.integers(1, 3)), replace=False)]
    if rng.random() < 0.3:
        keys["channels"] = [str(c) for c in rng.choice(["live", "video"], int(rng.integers(1, 3)), replace=False)]
    if rng.random() < 0.3:
        keys["starts" if rng.random() < 0.5 else "expires"] = "2026-02-01T00:00:00Z"
    text = condition(rng, about)
    if "param." in text:
        keys["params"] = {"default": {"limit": 0}}
        if keys.get("markets", ["ID"]) != ["US"]:
            keys["params"]["ID"] = {"limit": 1}
    action = ACTIONS[int(rng.integers(len(ACTIONS)))]
    return strategy(f"s-{number:02d}", text, action, schema=SMALL, **keys)


def all_rows(about: list[str]) -> list[dict[str, Any]]:
    """Every request with every candidate, and with one the catalogue does not know, as far as these features go."""
    scopes = [
        {"request.market": m, "request.channel": c, "request.time": t}
        for m, c, t in product(MARKETS, CHANNELS, TIMES.values())
    ]
    sent = [name for name in about if name in ("item.heat", "request.segment")]
    rows = [
        dict(zip(names, values, strict=True))
        for names in (about, sent)
        for values in product(*(DOMAIN[name] for name in names))
    ]
    return [{**row, **scope} for row in rows for scope in scopes]


def plain_conflicts(strategies: list[Strategy], firing: np.ndarray) -> set[tuple[str, str, str | None]]:
    """What the page on semantics says, tried on every row: firing is bool (strategies, rows)."""
    found: set[tuple[str, str, str | None]] = set()
    alive = firing.any(axis=1)
    for i, one in enumerate(strategies):
        if not alive[i]:
            found.add(("dead", one.id, None))
        for j, other in enumerate(strategies):
            if i == j or not alive[i] or not alive[j]:
                continue
            together = bool((firing[i] & firing[j]).any())
            inside = not (firing[j] & ~firing[i]).any()
            earlier = one.precedence_key() < other.precedence_key()
            same = inside and not (firing[i] & ~firing[j]).any() and one.action == other.action
            if together and isinstance(one.action, Exclude) and isinstance(other.action, Boost | Pin | Reserve):
                found.add(("contradiction", one.id, other.id))
            if together and earlier and isinstance(one.action, Pin) and one.action == other.action:
                found.add(("pin_collision", one.id, other.id))
            if same and earlier:
                found.add(("duplicate", one.id, other.id))
            lost = other.action.name in ("demote", "boost", "pin", "cap", "reserve", "badge")
            weaker = isinstance(other.action, Exclude) and earlier and not same
            if inside and isinstance(one.action, Exclude) and (lost or weaker):
                found.add(("shadowed", one.id, other.id))
    return found


@pytest.mark.parametrize("seed", range(60))
def test_every_conflict_over_a_small_domain_is_found_and_no_other(seed: int) -> None:
    rng = np.random.default_rng([20_260_101, seed])
    about = [str(name) for name in rng.choice(list(DOMAIN), 2 + seed % 2, replace=False)]
    strategies = [random_strategy(rng, number, about) for number in range(6)]
    rows, rowwise = all_rows(about), Rowwise()
    firing = np.array([[fires(s, row, rowwise) for row in rows] for s in strategies])
    found = find_conflicts(strategies, SMALL)
    certain = {(c.kind, c.first, c.second) for c in found if c.certain and c.kind != "cap_reserve"}
    assert certain == plain_conflicts(strategies, firing)
    for conflict in found:
        if conflict.certain and conflict.second is not None:
            assert conflict.witness is not None
            assert {conflict.first, conflict.second} <= fired_for(conflict.witness, strategies, SMALL)


def test_the_small_domains_hold_conflicts_of_every_kind() -> None:
    seen: set[str] = set()
    for seed in range(60):
        rng = np.random.default_rng([20_260_101, seed])
        about = [str(name) for name in rng.choice(list(DOMAIN), 2 + seed % 2, replace=False)]
        found = find_conflicts([random_strategy(rng, number, about) for number in range(6)], SMALL)
        seen |= {conflict.kind for conflict in found}
    assert seen >= {"contradiction", "pin_collision", "shadowed", "dead"}
