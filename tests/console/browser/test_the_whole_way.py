"""Does a strategy come all the way, from its first word to what shoppers see and back, by the hands of people alone?

Everything is real: the console on a port, a browser each for two people, and a decision server with two workers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bench.serving.processes import Serving, serving, until
from tests.console.accounts.words import PASSWORD, with_password
from tests.console.browser.seen import Seen
from tests.console.browser.test_editor import fill, write
from tests.console.decisions.conftest import empty_log
from tests.console.strategies.conftest import body
from tests.console.strategies.goods import SCHEMA, SELLERS, items, put

__all__ = ["empty_log"]
Open = Callable[..., Seen]
ID = "dear-things-are-shown-first"
DEAR, CHEAP = "item-0120", "item-0010"
#: Where the strategy acts the dear one is before the cheap one.
WITHOUT, WITH = [CHEAP, DEAR], [DEAR, CHEAP]


@dataclass(frozen=True)
class Shop:
    """Who works here, and the server that decides. author: strategist, and approver of what others wrote."""

    author: Any
    approver: Any
    analyst: Any
    server: Serving

    def slate(self, request: str, *, market: str = "ID") -> list[str]:
        """What a shopper sees."""
        said = {
            "id": request, "market": market, "channel": "search", "time": "2026-11-24T08:00:00Z", "shopper": "ann",
            "candidates": [{"id": CHEAP, "score": 5.0}, {"id": DEAR, "score": 4.0}],
        }  # fmt: skip
        with self.server.client() as client:
            answer = client.post("/v1/decisions", json=said).raise_for_status().json()
        return [one["id"] for one in answer["slate"]]


@pytest.fixture
def shop(empty_log: Any, console_home: Path, make_person: Any, actor_for: Any) -> Iterator[Shop]:
    """Another team's strategy runs already: it excludes what is dearest."""
    from aedile.console.accounts.models import Grant
    from aedile.console.base.acting import noted
    from aedile.console.strategies.actions import advance, approve, create_draft, enter_schema, submit

    author, approver = make_person("strategist", team="search-quality"), make_person("approver")
    other = make_person("strategist", team="brand-protection")
    with noted("aedile", "cli", "person.manage"):
        Grant.objects.create(person=author, role="approver", markets=["all"])
        author.name, approver.name = "Priya Raman", "Grace Okafor"
        author.save()
        approver.save()
    for person in (author, approver):
        with_password(person)
    enter_schema(actor_for(make_person("admin")), SCHEMA)
    put(SELLERS, "seller")
    put(items(200))
    text = body(
        "dearest-out", owner="brand-protection", title="What is dearest is a fake", tier="safety", policy="S-1",
        condition="item.price > 150.0", action="exclude", channels=["all"], examples=[],
    )  # fmt: skip
    theirs = submit(actor_for(other), create_draft(actor_for(other), text), reach=0.01)
    approve(actor_for(approver), theirs)
    advance(actor_for(other), theirs, "live")
    settings = {"AEDILE_LOG_FULL_SHARE": "1"}
    with serving(console_home.parent, workers=2, settings=settings, log=console_home / "server.log") as server:
        server.make_key()
        until(lambda: server.decides_by(1), "release 1")
        yield Shop(author, approver, make_person("analyst"), server)


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 480)])
def test_the_whole_way(shop: Shop, browser_of: Open, theme: str, width: int) -> None:
    mine, theirs = (browser_of(None, theme=theme, width=width) for _ in range(2))
    looks = Looks(f"{theme}-{width}")
    sign_in(mine, shop.author)
    page = mine.page

    page.goto("/strategies/-/new")
    fill(page, "item.prise >= 118.0 && item.price < 170.0")
    become_first(page)
    expect(page.locator("[data-condition-errors]")).to_contain_text("item.prise")
    panel = page.locator("#panel")
    expect(panel.locator("[data-field=condition]")).to_contain_text("item.prise")
    looks.at(mine, "1-an-error")
    page.locator("[data-condition-errors]").get_by_role("button", name="Use this fix").click()
    expect(page.locator("[data-condition-state]")).to_have_text("The condition is well-formed.")

    conflict = panel.locator(".edit-conflicts li", has_text="dearest-out")
    expect(conflict).to_contain_text("brand-protection")
    conflict.locator("summary").click()
    expect(conflict.locator("dl")).to_contain_text("item.price")
    looks.at(mine, "2-a-conflict")
    write(page, "item.price >= 118.0 && item.price < 122.0")
    expect(conflict).to_have_count(0)
    expect(panel).to_contain_text("none with what runs")

    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url(f"**/strategies/{ID}/1/edit")
    page.goto(f"/strategies/{ID}/1/")
    looks.at(mine, "3-a-draft")
    do(page, "Submit for approval", "It sells.")
    expect(page.locator("[data-toast-body]")).to_contain_text("Submitted: a second person has to approve.")

    mine.expect_trouble("^40[39]: POST .*/do/approve")
    do(page, "Approve", "Mine is good.")
    expect(page.locator("main")).to_contain_text("you wrote")
    expect(page.locator("main")).to_contain_text("AED-CON-")
    looks.at(mine, "4-refused")

    sign_in(theirs, shop.approver)
    other = theirs.page
    other.get_by_role("link", name=re.compile(ID)).first.click()
    looks.at(theirs, "5-to-be-approved")
    other.get_by_role("link", name="Dossier").click()
    looks.at(theirs, "6-the-dossier")
    other.goto(f"/strategies/{ID}/1/")
    do(other, "Approve", "Agreed.")
    expect(other.locator("[data-toast-body]")).to_contain_text("Approved.")

    page.goto(f"/strategies/{ID}/1/")
    assert shop.slate("before") == WITHOUT
    for release, (button, share, slates) in enumerate(
        (("Run in shadow", "", [WITHOUT]), ("Run as canary", "0.5", [WITHOUT, WITH]), ("Go live", "", [WITH])), 2
    ):
        do(page, button, f"Step {release}.", share=share)
        until(lambda number=release: shop.server.decides_by(number), f"release {release}", 20)
        found = [shop.slate(f"at-{release}-{n}") for n in range(12)]
        assert all(slate in slates for slate in found), (button, found)
    assert shop.slate("the-live-one") == WITH
    looks.at(mine, "7-live")

    shop.server.until_logged(38)
    page.goto("/decisions/")
    page.get_by_label("Request").fill("the-live-one")
    page.get_by_role("button", name="Search", exact=True).click()
    looks.at(mine, "8-found")
    page.locator(".log-table").get_by_role("link", name="the-live-one").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("the-live-one")
    looks.at(mine, "9-the-decision")
    page.get_by_role("link", name=f"Why {DEAR}?").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Why did this appear here?")
    why = page.locator(".why-strategy", has_text=ID)
    expect(why).to_contain_text("item.price")
    expect(why).to_contain_text("120")
    looks.at(mine, "10-why")

    other.goto("/releases/1/")
    other.get_by_role("button", name="Roll back to it").click()
    looks.at(theirs, "11-roll-back")
    other.get_by_label("Why").fill("It sells nothing.")
    other.get_by_role("button", name="Roll back", exact=True).click()
    expect(other.get_by_role("heading", level=1)).to_contain_text("Release 5")
    until(lambda: shop.server.decides_by(5), "release 5", 20)
    assert shop.slate("after") == WITHOUT
    page.goto(f"/strategies/{ID}/1/")
    expect(page.locator(".way [aria-current=step]")).to_have_text("retired")
    looks.at(mine, "12-over")


class Looks:
    """Each step is accessible, fits, and is kept as a picture."""

    def __init__(self, how: str) -> None:
        self.how = how

    def at(self, seen: Seen, step: str) -> None:
        seen.is_settled()
        seen.screenshot(f"way-{step}-{self.how}")
        seen.is_accessible()
        seen.has_no_side_scroll()


def sign_in(seen: Seen, person: Any) -> None:
    page = seen.page
    page.goto("/")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/account/" not in url)


def become_first(page: Page) -> None:
    """Turn what `fill` wrote around: what is dear is boosted."""
    page.get_by_label("Title").fill("Dear things are shown first")
    page.get_by_label("Why it is there").fill("They sell.")
    page.get_by_label("Action").select_option("boost")
    page.locator("[data-acting=boost]").get_by_label("Factor").fill("2")
    expect(page.get_by_label("Id", exact=True)).to_have_value(ID)


def do(page: Page, button: str, why: str, *, share: str = "") -> None:
    """Press a button of a version's page, say why, and confirm."""
    page.locator(".deeds").get_by_role("button", name=button, exact=True).click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Why").fill(why)
    if share:
        dialog.get_by_label("Canary share").fill(share)
    with page.expect_navigation():
        dialog.get_by_role("button", name=button, exact=True).click()
