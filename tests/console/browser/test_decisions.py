"""A decision of a running server is found in the console, and why an item is not in its slate: as people do it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from bench.serving.processes import serving, until
from tests.console.browser.seen import WAYS, Seen
from tests.console.decisions.conftest import Desk, desk, empty_log, request  # noqa: F401  fixtures

Open = Callable[..., Seen]


@pytest.fixture
def decided(desk: Desk, console_home: Path) -> Desk:  # noqa: F811
    """Three requests that a server has decided by the console's release, all logged in full."""
    settings = {"AEDILE_LOG_FULL_SHARE": "1"}
    with serving(console_home.parent, workers=1, settings=settings, log=console_home / "server.log") as server:
        server.make_key()
        until(lambda: server.decides_by(3), "release 3")
        with server.client() as client:
            for number in range(3):
                said = {**request(f"shown-{number}"), "query": "סוודר handbag"}
                assert client.post("/v1/decisions", json=said).raise_for_status().json()["release"] == 3
        server.until_logged(3)
    return desk


def test_a_decision_and_its_why_are_found(decided: Desk, browser_of: Open, make_person: Any) -> None:
    seen = browser_of(make_person("analyst"))
    page = seen.page
    page.goto("/decisions/")
    page.get_by_label("Candidate's id").fill("fake")
    page.get_by_label("Strategy", exact=True).fill("fake-exclude")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(".log-table tbody tr")).to_have_count(3)
    page.get_by_role("link", name="shown-1").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("shown-1")
    expect(page.locator("section", has=page.locator("#side-slate"))).to_contain_text("fake-exclude")
    page.locator("section", has=page.locator("#side-slate")).get_by_role("link", name="Why fake?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Why did this not appear?")
    why = page.locator(".why-strategy", has_text="fake-exclude")
    expect(why).to_contain_text("seller.late")
    expect(why).to_contain_text("The least change that turns it around")
    page.get_by_role("link", name="The whole decision").click()
    page.get_by_label("Replay on release").select_option("1")
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page.locator(".card-title").first).to_contain_text("would be")
    page.get_by_role("link", name="dear", exact=True).first.click()
    expect(page.get_by_text("What acts on it by release 3")).to_be_visible()
    expect(page.locator("#exposures")).to_contain_text("shown")
    page.get_by_role("link", name="shop-1").click()
    expect(page.get_by_text("2 entities of kind item lead here")).to_be_visible()


def test_the_desk_is_accessible_and_fits(decided: Desk, browser_of: Open, make_person: Any) -> None:
    from django.urls import reverse

    person = make_person("analyst")
    for theme, width, language in WAYS:
        seen = browser_of(person, width=width, theme=theme, language=language)
        seen.page.goto("/decisions/?id=fake")
        first = seen.page.locator(".log-table tbody tr a").first.get_attribute("href")
        for name, address in (
            ("search", "/decisions/?id=fake"), ("decision", first), ("why", f"{first}why/item/fake/"),
            ("replay", f"{first}replay?release=1"), ("item", reverse("entity", args=["item", "fake"])),
            ("seller", reverse("entity", args=["seller", "shop-1"])),
            ("strategy", reverse("strategy_decisions", args=["dear-demote"])),
        ):  # fmt: skip
            seen.page.goto(address)
            seen.is_settled()
            seen.screenshot(f"decisions-{name}-{theme}-{width}")
            seen.is_accessible()
            seen.has_no_side_scroll()
