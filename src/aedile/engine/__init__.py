"""Which strategies fire for these candidates, and what becomes of them?

The public face of the room; everything else in it is private.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aedile.engine.conflicts import Conflict, Witness, find_conflicts
    from aedile.engine.counterfactual import without
    from aedile.engine.decide import Decider, Decision
    from aedile.engine.engine import Engine
    from aedile.engine.entities import Entities, read_entities
    from aedile.engine.examples import run_examples
    from aedile.engine.explanation import Explanation, explain
    from aedile.engine.flip import Flip, least_change
    from aedile.engine.list_files import read_lists
    from aedile.engine.release import Release, build_release, read_release
    from aedile.engine.requests import Candidates, Request, parse_request, read_requests
    from aedile.engine.rows import DECISION_ROWS, decision_rows
    from aedile.engine.slate import Slate, build_slate
    from aedile.engine.strategy import Strategy
    from aedile.engine.strategy_read import parse_strategy, read_strategies, read_strategy
    from aedile.engine.summary import Summary
    from aedile.engine.verdicts import Verdicts

__all__ = [
    "DECISION_ROWS",
    "Candidates",
    "Conflict",
    "Decider",
    "Decision",
    "Engine",
    "Entities",
    "Explanation",
    "Flip",
    "Release",
    "Request",
    "Slate",
    "Strategy",
    "Summary",
    "Verdicts",
    "Witness",
    "build_release",
    "build_slate",
    "decision_rows",
    "explain",
    "find_conflicts",
    "least_change",
    "parse_request",
    "parse_strategy",
    "read_entities",
    "read_lists",
    "read_release",
    "read_requests",
    "read_strategies",
    "read_strategy",
    "run_examples",
    "without",
]

#: Where each name lives. Modules are loaded when a name of theirs is first asked for: `aedile --help` needs none.
_HOMES = {
    "conflicts": (
        "Conflict",
        "Witness",
        "find_conflicts",
    ),
    "counterfactual": ("without",),
    "decide": (
        "Decider",
        "Decision",
    ),
    "engine": ("Engine",),
    "entities": (
        "Entities",
        "read_entities",
    ),
    "examples": ("run_examples",),
    "explanation": (
        "Explanation",
        "explain",
    ),
    "flip": (
        "Flip",
        "least_change",
    ),
    "list_files": ("read_lists",),
    "release": (
        "Release",
        "build_release",
        "read_release",
    ),
    "requests": (
        "Candidates",
        "Request",
        "parse_request",
        "read_requests",
    ),
    "rows": (
        "DECISION_ROWS",
        "decision_rows",
    ),
    "slate": (
        "Slate",
        "build_slate",
    ),
    "strategy": ("Strategy",),
    "strategy_read": (
        "parse_strategy",
        "read_strategies",
        "read_strategy",
    ),
    "summary": ("Summary",),
    "verdicts": ("Verdicts",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
