"""Do the examples a strategy brings come out as written?

An example gives the features it cares about; every other feature is unknown. The canary's draw is left out: an
example says what the condition and the scope mean, not who is in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from aedile.engine.axes import TRUE
from aedile.engine.conditions import compile_tables, decide
from aedile.engine.program import condition_in_market
from aedile.engine.strategy import Example, Strategy
from aedile.errors import Place, StrategyError, define
from aedile.language.columns import column_from_python
from aedile.language.evaluation import Table
from aedile.language.lists import Lists
from aedile.language.schema import Schema

EXAMPLE_FAILS = define(
    "AED-STRAT-030",
    "An example of a strategy does not come out as it says.",
    "examples: [{given: {item.price: 5.0}, market: ID, channel: live, fires: true}]",
)


@dataclass(frozen=True, slots=True)
class ExampleOutcome:
    """An example and whether the strategy fires for it."""

    strategy: Strategy
    number: int
    example: Example
    fires: bool

    @property
    def holds(self) -> bool:
        return self.fires == self.example.fires


def run_examples(strategy: Strategy, schema: Schema, lists: Lists) -> list[ExampleOutcome]:
    """Every example of the strategy, decided by the tables its condition compiles to."""
    return [
        ExampleOutcome(strategy, number, example, _fires(strategy, example, schema, lists))
        for number, example in enumerate(strategy.examples, 1)
    ]


def _fires(strategy: Strategy, example: Example, schema: Schema, lists: Lists) -> bool:
    if not (strategy.in_market(example.market) and strategy.in_channel(example.channel)):
        return False
    types = schema.visible_for(strategy.applies_to)
    given = dict(example.given) | {"request.market": example.market, "request.channel": example.channel}
    # An example without a time is about a moment at which no entry of a list has expired yet.
    given.setdefault("request.time", strategy.starts if strategy.starts is not None else 0)
    if not _in_time(strategy, given["request.time"]):
        return False
    columns = {name: column_from_python(type_, [given.get(name)]) for name, type_ in types.items()}
    tables = compile_tables(condition_in_market(strategy, example.market), types, lists)
    return bool(np.all(decide(tables, Table(columns, 1), lists) == TRUE))


def _in_time(strategy: Strategy, time: int | None) -> bool:
    """Whether the strategy has started and not expired; an unknown time is inside where there is no bound."""
    if time is None:
        return strategy.starts is None and strategy.expires is None
    started = strategy.starts is None or time >= strategy.starts
    return started and (strategy.expires is None or time < strategy.expires)


def example_errors(strategies: Iterable[Strategy], schema: Schema, lists: Lists) -> list[StrategyError]:
    """An error for each example that does not come out as written."""
    return [
        _error(outcome)
        for strategy in strategies
        for outcome in run_examples(strategy, schema, lists)
        if not outcome.holds
    ]


def _error(outcome: ExampleOutcome) -> StrategyError:
    said, found = ("fires", "does not fire") if outcome.example.fires else ("does not fire", "fires")
    return StrategyError(
        EXAMPLE_FAILS,
        f"example {outcome.number} of `{outcome.strategy.id}` says that the strategy {said}, and it {found}",
        place=Place(outcome.strategy.file, outcome.example.line, field=f"examples[{outcome.number - 1}]"),
        hint="features an example does not give are unknown, and an unknown condition does not fire",
        fix="correct the example or the condition",
    )
