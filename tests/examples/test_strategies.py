"""Are the electronics example's strategies what its README says, and do their examples come out as written?"""

from collections import Counter
from pathlib import Path

import pytest

from aedile.engine.action_read import ACTIONS, TIERS
from aedile.engine.actions import Amount, Cap, Exempt, Reserve, WindowCap
from aedile.engine.list_files import read_lists
from aedile.engine.strategy import STAGES, Example, Strategy
from aedile.engine.strategy_read import read_strategies
from aedile.language.columns import column_from_python
from aedile.language.evaluation import Table, evaluate
from aedile.language.features import BUILT_IN
from aedile.language.ir import InList, bind, features_of, walk
from aedile.language.markets import CHANNELS
from aedile.language.schema import load_schema
from aedile.language.text import normalize
from aedile.language.values import parse_timestamp

HERE = Path(__file__).parents[2] / "examples" / "electronics"
SCHEMA = load_schema(HERE / "schema.yaml")
LISTS = read_lists(HERE / "lists")
STRATEGIES = read_strategies(HERE / "strategies", SCHEMA, LISTS)
NOW = parse_timestamp("2020-06-15T13:30:00Z")


def fires(strategy: Strategy, example: Example) -> bool:
    """What semantics.md says of scope, time and condition, spelled out for one candidate."""
    given = {"request.time": NOW, **example.given}
    time = given["request.time"]
    in_time = (strategy.starts or time) <= time < (strategy.expires or time + 1)
    if not (in_time and strategy.in_market(example.market) and strategy.in_channel(example.channel)):
        return False
    types = {**SCHEMA.visible_for(strategy.applies_to), **BUILT_IN}
    columns = {name: column_from_python(type_, [given.get(name)]) for name, type_ in types.items()}
    node = bind(strategy.node, strategy.params_for(example.market))
    column = evaluate(node, Table(columns, 1), LISTS)
    return bool(column.known[0] and column.values[0])


def test_there_are_strategies_of_every_action_and_every_tier():
    assert len(STRATEGIES) >= 40
    assert {strategy.action.name for strategy in STRATEGIES} == set(ACTIONS)
    assert {str(strategy.tier) for strategy in STRATEGIES} == set(TIERS)
    assert {strategy.stage for strategy in STRATEGIES} == set(STAGES)


def test_both_kinds_of_cap_of_exempt_and_of_amount_occur():
    actions = [strategy.action for strategy in STRATEGIES]
    windows = {action.per for action in actions if isinstance(action, WindowCap)}
    amounts = [
        action.max if isinstance(action, Cap) else action.min for action in actions if isinstance(action, Cap | Reserve)
    ]
    exempts = [action for action in actions if isinstance(action, Exempt)]
    assert windows == {"shopper", "entity"}
    assert any(amount == Amount(count=amount.count) for amount in amounts)
    assert any(amount == Amount(share=amount.share) for amount in amounts)
    assert any(action.strategies for action in exempts)
    assert any(action.tier is not None for action in exempts)


def test_three_markets_differ_in_their_parameters_and_all_nine_channels_are_named():
    markets = {market for strategy in STRATEGIES for market in strategy.markets} - {"all"}
    channels = {channel for strategy in STRATEGIES for channel in strategy.channels} - {"all"}
    overriding = {market for strategy in STRATEGIES for market in strategy.params} - {"default"}
    assert markets == overriding == {"ID", "SA", "US"}
    assert channels == set(CHANNELS)


def test_the_canaries_draw_by_different_units():
    assert {s.canary.unit for s in STRATEGIES if s.canary} == {"item", "shopper", "request"}


def test_each_strategy_stands_in_the_folder_of_its_tier():
    for strategy in STRATEGIES:
        assert Path(strategy.file or "").parent.name == str(strategy.tier)


def test_every_list_is_asked_by_some_strategy():
    asked = {node.list_name for s in STRATEGIES for node in walk(s.node) if isinstance(node, InList)}
    assert asked == set(LISTS)


@pytest.mark.parametrize("name", ["recalled-models", "contained-models", "campaign-picks"])
def test_lists_of_names_hold_normalized_names_only(name):
    lines = (HERE / "lists" / f"{name}.txt").read_text().splitlines()
    for entry in (line.partition("\t")[0] for line in lines):
        assert normalize(entry) == entry


def test_features_that_only_a_caller_can_send_are_used_and_so_is_every_other():
    used = Counter(name for s in STRATEGIES for name in features_of(s.node))
    assert {name for name in SCHEMA.features if name not in used} == set()


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda strategy: strategy.id)
def test_its_examples_come_out_as_written(strategy):
    assert strategy.examples
    for example in strategy.examples:
        assert fires(strategy, example) == example.fires, f"{strategy.file}:{example.line}"
