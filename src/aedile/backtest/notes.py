"""What must a reader know before trusting the numbers?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aedile.backtest.plan import Plan, Side
from aedile.engine.actions import WindowCap
from aedile.engine.blind import SHOPPER
from aedile.engine.strategy import Strategy
from aedile.language.features import BUILT_IN
from aedile.language.ir import features_of

#: Strategies that a note names; of more it says how many.
MOST_NAMED = 5


def notes(plan: Plan, counts: Mapping[str, int], exposures: int) -> list[str]:
    """What is not known, or assumed, as sentences. counts: of the table `limits`."""
    sides = [side for side in (plan.before, plan.after) if side is not None]
    requests, in_full = counts.get("requests", 0), counts.get("in_full", 0)
    found = []
    if requests == 0:
        return ["No request was logged in that time, market and channel."]
    brief = requests - in_full
    callers = _named(sides, _asks_caller)
    if brief and callers:
        found.append(
            f"{brief:,} of {requests:,} requests were logged in brief: context, and features sent with candidates, are "
            f"unknown for them. That concerns {callers}."
        )
    drawn = _named(sides, _asks_for_shopper)
    if drawn:
        found.append(f"Shoppers are known by pseudonym alone: for {drawn} others are drawn than at the time, as many.")
    capped = _named(sides, lambda s, _: isinstance(s.action, WindowCap))
    if capped:
        found.append(f"What caps over a window had counted is known of {in_full:,} requests; else {capped} start at 0.")
    candidates, lacking = counts.get("candidates", 0), counts.get("not_in_catalogue", 0)
    if lacking:
        found.append(f"{lacking:,} of {candidates:,} candidates are not in the catalogue: nothing is known of them.")
    if counts.get("known_later"):
        found.append(
            f"Of {counts['known_later']:,} of {candidates:,} candidates the catalogue says only what was known after "
            "their request: it counts as unknown. Features may be taken as they are today instead."
        )
    if not plan.at_the_time:
        found.append("Features are those the catalogue has now, not those known at the time.")
    compared, same = counts.get("compared_with_log", 0), counts.get("as_logged", 0)
    if compared and same < compared:
        found.append(
            f"Decided again, {plan.before.name if plan.before else ''} gives {same:,} of {compared:,} candidates what "
            "they got at the time; the others rest on what is not known any more."
        )
    if plan.bad_updates:
        found.append(f"{plan.bad_updates:,} changes of features had values that are none: they count as unknown.")
    if exposures == 0:
        found.append("There are no exposures among the facts of that time: nothing is at stake, and nothing estimated.")
    elif plan.examination.told == 0:
        found.append("Nobody said how likely places are looked at: 1 / place is assumed in every channel.")
    if counts.get("strangers"):
        found.append(f"{counts['strangers']:,} facts name a request and an entity that was no candidate of it.")
    if counts.get("looked_at_closely", 0) < requests:
        found.append(
            f"Strategies were left out one by one, and counted in pairs, for {counts.get('looked_at_closely', 0):,} "
            "requests drawn at random."
        )
    return found


def _named(sides: Iterable[Side], asks: object) -> str:
    """The strategies of these sides that do, as a sentence has them; an empty text where none does."""
    assert callable(asks)
    names = sorted({s.id for side in sides for s in side.strategies if s.stage != "paused" and asks(s, side)})
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED:,} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def _asks_caller(strategy: Strategy, side: Side) -> bool:
    """Whether the condition asks for a feature that only the caller knows."""
    specs = side.schema.features
    return any(
        name not in BUILT_IN and name in specs and specs[name].source == "request"
        for name in features_of(strategy.node)
    )


def _asks_for_shopper(strategy: Strategy, _: Side) -> bool:
    by_shopper = strategy.stage == "canary" and strategy.canary is not None and strategy.canary.unit == "shopper"
    return by_shopper or SHOPPER in features_of(strategy.node)
