"""Is the generated reference complete, and is it what the code says today?"""

from typing import get_args

import pytest

from aedile.engine.action_read import ACTIONS
from aedile.engine.actions import Action
from aedile.engine.strategy_read import parse_strategy
from aedile.errors import CODES
from aedile.language.functions import FUNCTIONS
from aedile.language.schema import parse_schema
from docs.generate import ACTIONS as DESCRIBED
from docs.generate import FOLDER, PAGES, import_all

SCHEMA = parse_schema(
    "entities: {item: {meaning: A listing., features: {seller_id: {type: string, meaning: Who sells it.}}}}"
)
STRATEGY = """\
id: example
title: An example
why: The reference shows it.
owner: docs
policy: DOC-1
tier: quality
applies_to: item
markets: [all]
channels: [all]
condition: "true"
expires: 2027-01-01T00:00:00Z
stage: live
"""


@pytest.mark.parametrize("name", PAGES)
def test_each_page_is_as_fresh_as_the_code(name):
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_no_page_is_left_of_code_that_is_gone():
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)


def test_the_collector_found_modules_functions_and_codes():
    assert len(import_all()) >= 50
    assert len(CODES) >= 80
    assert len(FUNCTIONS) >= 40
    functions = PAGES["functions.md"]()
    assert functions.count("\n## ") == len(FUNCTIONS)
    assert PAGES["errors.md"]().count("| `AED-") == len(CODES)


def test_all_nine_actions_are_described():
    page = PAGES["actions.md"]()
    assert all(f"## {name}\n" in page for name in ACTIONS)
    assert len(DESCRIBED) == len(get_args(Action)) == 10


@pytest.mark.parametrize("action", DESCRIBED, ids=lambda action: action.__name__)
def test_the_line_shown_for_an_action_is_one_that_can_be_written(action):
    line = DESCRIBED[action][1]
    strategy = parse_strategy(STRATEGY + line + "\n", SCHEMA, "example.yaml")
    assert type(strategy.action) is action


def test_the_command_line_page_has_every_verb():
    page = PAGES["cli.md"]()
    for verb in ("check", "decide", "explain", "conflicts", "diff", "eval", "candidates", "bench"):
        assert f"## aedile {verb}\n" in page
    assert "## aedile release build\n" in page
    assert "## aedile release inspect\n" in page
    assert "## aedile simulate electronics\n" in page
