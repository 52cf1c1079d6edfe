"""Is Today legible and reachable when much is going on: clocks, charts, long texts, every direction of writing?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.console.browser.seen import Seen

Open = Callable[..., Seen]
Make = Callable[..., Any]
_LONG = "Batteries without a certificate that are swollen or recalled are not shown to anybody until they are checked"


@pytest.fixture
def busy(make_person: Make, make_version: Make) -> Any:
    """A commander who also writes and approves, on a day on which everything happens."""
    from django.utils import timezone

    from aedile.console.accounts.models import Grant
    from aedile.console.base.acting import noted
    from aedile.console.strategies.models import Move, PublishedRelease

    me, other, now = make_person("commander"), make_person("strategist"), timezone.now()
    with noted("aedile", "cli", "person.manage"):
        for role in ("approver", "strategist"):
            Grant.objects.create(person=me, role=role, markets=["all"])
    make_version(
        "swollen-cells-contain", stage="live", tier="safety", title=_LONG, emergency_until=now + timedelta(hours=3)
    )
    for n, tier in enumerate(("legal", "safety", "quality", "experience", "growth")):
        make_version(
            f"{tier}-waits", stage="proposed", tier=tier, markets=["ID", "SG"], staged=now - timedelta(hours=n)
        )
    make_version("my-draft", author=me, problems=[{"code": "AED-LANG-001"}], digest="")
    make_version("my-other-draft", author=me)
    moving = make_version("holiday-gifts-boost", stage="canary", share=0.05, expires=now + timedelta(days=2))
    make_version("power-strips-exclude-from-live", stage="paused", expires=now + timedelta(days=9))
    with noted("aedile", "cli", "release.schedule"):
        Move.objects.create(version=moving, stage="live", at=now + timedelta(hours=20), by=other)
        for number in (6, 7):
            PublishedRelease.objects.create(
                number=number, digest="a" * 64, author=other if number == 7 else None, note="Gifts"
            )
    return me


@pytest.fixture
def deciding() -> Iterator[None]:
    """A worker of the decision server wrote how it stands, a moment ago."""
    from aedile.console.settings import HOME
    from aedile.server.gather import board_of
    from aedile.server.stats import Stats
    from aedile.store.board import Board

    now = int(time.time())
    rates = [[now - 60 + n, 900.0 + 40 * (n % 7) + 3 * n, 5000.0] for n in range(60)]
    standing = {
        "release": {"number": 7, "digest": "d", "author": "a", "time": 0}, "refused": None, "log": {}, "alerts": [],
        "muted": {"cap-sellers": "over its budget"}, "killed": None, "described": {}, "entities": {}, "resident": 1,
        "trouble": {},
    }  # fmt: skip
    path = board_of(HOME.workers, 1)
    Board(path).post({**Stats(1).told(standing), "rates": rates, "at": time.time() + 60})
    yield
    path.unlink()


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 480)])
def test_a_busy_day_is_legible(browser_of: Open, busy: Any, deciding: None, theme: str, width: int) -> None:
    seen = browser_of(busy, width=width, theme=theme)
    seen.page.goto("/")
    expect(seen.page.locator("#today-emergencies")).to_be_visible()
    expect(seen.page.locator(".chart-place svg")).to_be_visible()
    expect(seen.page.get_by_text("in 3 hours").first).to_be_visible()
    seen.is_accessible()
    seen.has_no_side_scroll()
    seen.screenshot(f"today-{theme}-{width}")


def test_behind_a_chart_is_its_table(browser_of: Open, busy: Any, deciding: None) -> None:
    seen = browser_of(busy)
    seen.page.goto("/")
    seen.page.get_by_role("button", name="Table").click()
    expect(seen.page.locator(".chart-table th").first).to_have_text("time")
    expect(seen.page.locator(".chart-place")).to_be_hidden()
    seen.is_accessible()


def test_a_chart_takes_on_the_colours_of_the_theme(browser_of: Open, busy: Any, deciding: None) -> None:
    page = browser_of(busy, theme="light").page
    page.goto("/")
    line = page.locator(".chart-place svg path[stroke-width='2']").first
    before = line.get_attribute("stroke")
    page.get_by_role("button", name="Light or dark").click()
    page.get_by_role("button", name="Dark", exact=True).click()
    expect(line).not_to_have_attribute("stroke", before or "")


@pytest.mark.parametrize("language", ["id", "zh-hans", "ar"])
def test_a_busy_day_is_legible_in_every_language(browser_of: Open, busy: Any, deciding: None, language: str) -> None:
    seen = browser_of(busy, width=480)
    seen.page.context.add_cookies([{"name": "aedile_language", "value": language, "url": seen.address}])
    seen.page.goto("/")
    expect(seen.page.locator("html")).to_have_attribute("lang", language)
    seen.is_accessible()
    seen.has_no_side_scroll()
    seen.screenshot(f"today-{language}-480")


def test_an_error_of_a_part_of_the_page_is_shown(browser_of: Open, busy: Any) -> None:
    from aedile.console.accounts.models import Grant
    from aedile.console.base.acting import noted

    seen = browser_of(busy)
    seen.page.goto("/")
    with noted("aedile", "cli", "person.manage"):
        for grant in Grant.objects.filter(person=busy):
            grant.delete()
    seen.expect_trouble("403")
    toast = seen.page.locator("#toasts [role=alert]").first
    expect(toast).to_contain_text("AED-CON-001", timeout=15_000)
    expect(seen.page.locator("#today-server")).to_be_visible()
    seen.is_accessible()
