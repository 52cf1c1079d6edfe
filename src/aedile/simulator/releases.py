"""Which strategies decide in a simulated marketplace, and when does a broken one?

Those of the example `examples/marketplace`; in a wheel they lie beside this file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from aedile.engine.release import read_world
from aedile.engine.strategy import Strategy
from aedile.engine.strategy_read import parse_strategy
from aedile.language.schema import Schema
from aedile.simulator.incidents import Planned

BROKEN = "bait-prices-exclude"
#: Numbers of releases: before the broken one, with it, and after it was rolled back.
BEFORE, WITH, AFTER = 1, 2, 3
_INSTALLED = Path(__file__).parent / "example"
_CHECKOUT = Path(__file__).parents[3] / "examples" / "marketplace"


@dataclass(frozen=True, slots=True)
class Ruling:
    """The strategies of a release, from a moment on (microseconds since 1970)."""

    number: int
    since: int
    strategies: Sequence[Strategy]


def example() -> Path:
    """The folder of the example."""
    return _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT


def load_example() -> tuple[Schema, list[Strategy]]:
    """The example's schema and strategies."""
    schema, strategies, _ = read_world(example() / "schema.yaml", example() / "strategies", None)
    return schema, list(strategies)


def rulings(strategies: Sequence[Strategy], schema: Schema, broken: Planned | None) -> list[Ruling]:
    """Which strategies decide from when on; three releases where an incident breaks one."""
    first = Ruling(BEFORE, 0, strategies)
    if broken is None:
        return [first]
    other = parse_strategy(broken_text(broken.market), schema, f"{BROKEN}.yaml", frozenset())
    changed = [other if one.id == BROKEN else one for one in strategies]
    return [first, Ruling(WITH, broken.starts, changed), Ruling(AFTER, broken.ends, strategies)]


def broken_text(market: str) -> str:
    """The strategy with a bound a hundred times too high in a market: minor units were multiplied once more."""
    path = next((example() / "strategies").rglob(f"{BROKEN}.yaml"))
    said: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    params: Mapping[str, Mapping[str, int]] = said["params"]
    bound = params.get(market, params["default"])["bound"]
    said["params"] = {**params, market: {"bound": bound * 100}}
    del said["examples"]
    return str(yaml.safe_dump(said, sort_keys=False, allow_unicode=True))
