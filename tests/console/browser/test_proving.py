"""A condition is typed and backtested, winners and losers are read, and a sampled item is explained."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.console.browser.seen import WAYS, Seen
from tests.console.browser.test_editor import write
from tests.console.decisions.conftest import Desk, desk, empty_log, request, text  # noqa: F401  fixtures

Open = Callable[..., Seen]
IDS = ("dear", "fake", "fair", "new")


@pytest.fixture
def worker(console: Any) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "aedile.console.worker"])
    yield
    process.terminate()
    process.wait(30)


@pytest.fixture
def decided(desk: Desk) -> Desk:  # noqa: F811
    desk.decide([request(f"id-{n}", "ID", *IDS, limit=3) for n in range(60)])
    desk.decide([request(f"my-{n}", "MY", *IDS, limit=3) for n in range(20)], in_full=False)
    return desk


def test_a_condition_is_typed_and_backtested(browser_of: Open, decided: Desk, worker: None) -> None:
    from aedile.console.strategies.actions import create_draft

    version = create_draft(decided.author, text("dear-boost", "item.price > 5000.0", {"boost": {"factor": 10.0}}))
    seen = browser_of(decided.author.person)
    page = seen.page
    page.goto(f"/strategies/{version.strategy_id}/{version.number}/edit")
    page.get_by_role("tab", name="CEL").click()
    write(page, "item.price > 500.0")
    expect(page.locator("[data-condition-state]")).to_have_text("The condition is well-formed.")
    page.get_by_role("button", name="Save and backtest").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Backtest of")
    expect(page.locator("[data-backtest=done]")).to_be_visible(timeout=60_000)  # the page changes by itself
    expect(page.locator("[data-backtest=done]")).to_contain_text("80")
    expect(page.get_by_role("region", name="Winners").first).to_contain_text("item:dear")
    expect(page.get_by_role("region", name="Losers").first).to_contain_text("item:fair")
    seen.is_settled()
    seen.is_accessible()
    seen.screenshot("proving-backtest-light-1440")
    page.get_by_role("link", name="Why").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Why did this appear here?")


def test_results_and_readouts_fit_and_are_accessible(browser_of: Open, decided: Desk, worker: None) -> None:
    from aedile.console.proving.actions import begin
    from aedile.console.strategies.actions import create_draft

    version = create_draft(decided.author, text("dear-exclude", "item.price > 500.0", {"exclude": {}}))
    found = begin(decided.author, version)
    paths = {
        "backtest": f"-/backtests/{found.pk}/", "version-readout": "dear-demote/1/", "shadow-readout": "fair-watch/1/",
        "dossier-backtest": f"{version.strategy_id}/1/dossier",
    }  # fmt: skip
    for theme, width, language in WAYS:
        seen = browser_of(decided.author.person, width=width, theme=theme, language=language)
        page = seen.page
        page.goto(f"/strategies/-/backtests/{found.pk}/")
        expect(page.locator("[data-backtest=done]")).to_be_visible(timeout=60_000)
        for name, path in paths.items():
            page.goto(f"/strategies/{path}")
            if "readout" in name:
                expect(page.locator("#readout")).to_contain_text("Agreement with others" if language == "en" else "%")
            seen.is_settled()
            seen.is_accessible()
            seen.has_no_side_scroll()
            seen.screenshot(f"proving-{name}-{theme}-{width}-{language}")


def test_a_backtest_that_waits_can_be_cancelled(browser_of: Open, decided: Desk) -> None:
    from aedile.console.proving.actions import begin
    from aedile.console.strategies.actions import create_draft

    version = create_draft(decided.author, text("dear-exclude", "item.price > 500.0", {"exclude": {}}))
    found = begin(decided.author, version)
    seen = browser_of(decided.author.person)
    seen.page.goto(f"/strategies/-/backtests/{found.pk}/")
    seen.page.get_by_role("button", name="Cancel the backtest").click()
    expect(seen.page.get_by_text("It was cancelled. Nothing of it is kept.")).to_be_visible()
