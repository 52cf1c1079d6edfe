"""How is an explanation told in words?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aedile.cli.screen import say
from aedile.cli.show_decisions import reasons

if TYPE_CHECKING:
    from aedile.engine.explanation import Explanation
    from aedile.engine.flip import Flip
    from aedile.engine.requests import Request


def show_candidate(row: Mapping[str, Any], request: Request) -> None:
    """Where the candidate stood and stands; `row` is its decision's."""
    query = f", “{request.query}”" if request.query else ""
    say(f"{row['kind']} {row['id']} in {row['request_id']} ({row['market']}, {row['channel']}{query})")
    after = f"place {row['rank_after']}" if row["rank_after"] else "excluded"
    say(f"  sent at place {row['rank_before']} → {after}, score {row['score']:.6g}")
    if why := reasons(row):
        say(f"  {why}")


def show_strategy(explanation: Explanation, flip: Flip) -> None:
    """One strategy for this candidate: scope, condition, literals, and what would turn it around."""
    fires = "fires" if explanation.fires else f"does not fire: its condition is {explanation.outcome}"
    outside = [f"{part.name}: {part.why}" for part in explanation.scope if not part.inside]
    if outside:
        fires = f"does not fire: {'; '.join(outside)}"
    say(f"\n{explanation.strategy} ({explanation.stage}) {fires}")
    inside = "; ".join(part.why for part in explanation.scope if part.inside)
    say(f"  scope      {inside or '–'}")
    say(f"  condition  {explanation.condition}")
    for literal in explanation.to_json()["literals"]:
        values = ", ".join(f"{name} = {_value(value)}" for name, value in literal["values"].items())
        marks = " (decides)" if literal["decided"] else ""
        if literal["unknown"]:
            marks += f" (unknown: {literal['unknown']['code']} {', '.join(literal['unknown']['features'])})"
        if literal["stale"]:
            marks += f" (too old: {', '.join(literal['stale'])})"
        say(f"    {literal['outcome']:<8} {literal['literal']}{marks}")
        if values:
            say(f"             {values}")
    say(f"  to turn it around: {_flip(flip)}")


def _flip(flip: Flip) -> str:
    changes = flip.to_json()["changes"]
    said = [f"{name} from {_value(before)} to {_value(after)}" for name, (before, after) in changes.items()]
    return ", ".join(said) or flip.why_not or "nothing"


def _value(value: Any) -> str:
    text = "unknown" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:99]}…"
