"""Does `aedile check` find every mistake at once, and count what is there?"""

from __future__ import annotations

from tests.cli.conftest import STRATEGIES, Market, run


def test_strategies_that_compile_are_counted(market: Market):
    market.write_strategy(
        "with-example",
        "tier: growth\ncondition: item.price > 1.0\naction: {badge: {key: good}}\n"
        "examples: [{given: {item.price: 2.0}, market: ID, channel: live, fires: true}]",
    )
    told = run("check", *market.world, "--format", "json")
    assert told.code == 0
    assert told.json["strategies"] == len(STRATEGIES) + 1
    assert told.json["examples"] == 1
    assert told.json["by_action"]["boost"] == 2
    assert list(told.json["by_tier"]) == ["legal", "safety", "quality", "experience", "growth"]
    assert told.json["by_stage"] == {"live": 6, "shadow": 1}
    assert told.json["by_market"] == {"ID": 1, "all": 6}
    assert told.json["lists"] == {"recalled": 2}
    text = run("check", *market.world)
    assert text.code == 0
    assert "7 strategies compile, and 1 examples hold." in text.out
    assert "By tier" in text.out


def test_errors_of_lists_strategies_and_examples_come_all_at_once(market: Market):
    market.write_strategy("bad-name", "tier: growth\ncondition: item.prise > 1.0\naction: exclude")
    market.write_strategy("bad-tier", "tier: top\ncondition: 'true'\naction: exclude")
    market.write_strategy(
        "bad-example",
        "tier: growth\ncondition: item.price > 1.0\naction: exclude\n"
        "examples: [{given: {item.price: 0.5}, market: ID, channel: live, fires: true}]",
    )
    told = run("check", *market.world, "--format", "json")
    assert told.code == 1
    assert len(told.json["errors"]) == 3
    assert {"AED-LANG-020", "AED-STRAT-030"} < set(told.codes)
    (market.folder / "lists" / "bad.txt").write_text("a\n\nb\n")
    assert "AED-DATA-052" in run("check", *market.world, "--format", "json").codes


def test_an_error_shows_code_place_line_caret_hint_and_fix(market: Market):
    path = market.write_strategy("bad-name", "tier: growth\ncondition: item.prise > 1.0\naction: exclude")
    told = run("check", *market.world)
    assert told.code == 1
    assert told.out == ""
    assert f"error AED-LANG-020: {path}:" in told.err
    lines = told.err.splitlines()
    number = next(place for place, line in enumerate(lines) if "| condition: item.prise > 1.0" in line)
    shown, caret = lines[number], lines[number + 1]
    assert caret.index("^") == shown.index("item.prise")
    assert caret.count("^") == len("item.prise")
    assert "  fix: item.price > 1.0" in lines


def test_names_of_lists_are_not_held_against_strategies_while_a_list_is_broken(market: Market):
    (market.folder / "lists" / "recalled.txt").write_text("a\n\n")
    told = run("check", *market.world, "--format", "json")
    assert told.code == 1
    assert told.codes == ["AED-DATA-052"]


def test_without_schema_or_strategies_the_call_is_wrong(market: Market):
    for arguments in ((), ("--schema", market.folder / "schema.yaml"), ("--strategies", market.folder / "strategies")):
        told = run("check", *arguments, "--format", "json")
        assert (told.code, told.codes) == (2, ["AED-USE-002"])


def test_an_empty_folder_of_strategies_is_no_error(market: Market):
    (market.folder / "none").mkdir()
    told = run("check", "--schema", market.folder / "schema.yaml", "--strategies", market.folder / "none")
    assert told.code == 0
    assert "0 strategies compile" in told.out


def test_control_characters_of_a_file_do_not_reach_the_terminal(market: Market):
    market.write_strategy("evil", 'tier: growth\ncondition: item.brand == "\\u001b[31m" && \x85\naction: exclude')
    (market.folder / "schema.yaml").write_text("entities: {item: {meaning: x, features: {a: {type: '\u202eevil'}}}}")
    told = run("check", *market.world)
    assert told.code == 1
    assert "\u202e" not in told.err
    assert "\\u202e" in told.err
