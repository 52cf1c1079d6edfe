"""Is a strategy written with help, by keyboard, in every face, light and dark, wide and narrow, and is nothing lost?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser.seen import Seen
from tests.console.strategies.conftest import Mall, body, mall
from tests.console.strategies.goods import SCHEMA, SELLERS, items, put

__all__ = ["mall"]
Open = Callable[..., Seen]
NEW = "/strategies/-/new"


@pytest.fixture
def desk(mall: Mall) -> Mall:
    from aedile.console.settings import HOME
    from aedile.console.strategies.actions import enter_schema
    from aedile.store.entity_log import EntityLog

    log = EntityLog(HOME.entities_log)  # the served console follows the same file, so it is emptied, not removed
    log._db.execute("delete from entries")
    log.close()
    enter_schema(mall.admin, SCHEMA)
    put(SELLERS, "seller")
    put(items(200))
    return mall


def text_of(page: Page) -> Any:
    return page.get_by_role("textbox", name="Condition")


def write(page: Page, condition: str) -> None:
    text_of(page).click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(condition)


def face(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")


def test_an_error_is_shown_at_its_place_and_mended_by_its_fix(browser_of: Open, desk: Mall) -> None:
    page = browser_of(desk.author.person).page
    page.goto(NEW)
    face(page, "CEL")
    write(page, "item.prise < 50.0")
    expect(page.locator(".cm-lintRange-error")).to_have_text("item.prise")
    expect(page.locator("[data-condition-errors]")).to_contain_text("AED-LANG-020")
    page.locator("[data-condition-errors]").get_by_role("button", name="Use this fix").click()
    expect(text_of(page)).to_have_text("item.price < 50.0")
    expect(page.locator("[data-condition-state]")).to_have_text("The condition is well-formed.")
    expect(page.locator(".cm-lintRange-error")).to_have_count(0)


def test_one_condition_is_written_in_three_faces(browser_of: Open, desk: Mall) -> None:
    page = browser_of(desk.author.person).page
    page.goto(NEW)
    face(page, "CEL")
    write(page, "item.price < 50.0 && item.category in ['bags', 'toys']")
    face(page, "SQL")
    expect(text_of(page)).to_have_text("item.price < 50.0 AND item.category IN ('bags', 'toys')")
    write(page, "item.price < 50 OR item.title LIKE '%no. 1%'")
    face(page, "Rows")
    rows = page.locator(".build-row")
    expect(rows).to_have_count(2)
    expect(page.get_by_label("A group")).to_have_value("any")
    rows.nth(0).get_by_label("Value", exact=True).fill("70")
    page.get_by_role("button", name="Add a row", exact=True).click()
    rows.nth(2).get_by_label("Feature").select_option("item.category")
    rows.nth(2).get_by_label("Comparison").select_option("in")
    rows.nth(2).get_by_label("Value", exact=True).fill("shoes")
    page.keyboard.press("Enter")
    expect(rows.nth(2).locator(".chip")).to_have_text("shoes")
    face(page, "CEL")
    expect(text_of(page)).to_have_text(
        'item.price < 70.0 || item.title.contains("no. 1") || item.category in ["shoes"]'
    )


def test_a_row_with_an_error_says_so_and_the_face_stays(browser_of: Open, desk: Mall) -> None:
    page = browser_of(desk.author.person).page
    page.goto(NEW)
    face(page, "Rows")
    row = page.locator(".build-row").first
    row.get_by_label("Feature").select_option("item.price")
    row.get_by_label("Comparison").select_option("<")
    row.get_by_label("Value", exact=True).fill("cheap")
    expect(row).to_have_class("build-row is-wrong")
    expect(row.locator("[data-trouble]")).to_contain_text("cheap")
    page.get_by_role("tab", name="CEL").click()
    expect(page.locator("[data-condition-state]")).to_have_text("This face opens when what is written has no error.")
    row.get_by_label("Value", exact=True).fill("9.5")
    face(page, "CEL")
    expect(text_of(page)).to_have_text("item.price < 9.5")


def test_names_are_completed_with_their_meaning_and_a_feature_tells_its_values(browser_of: Open, desk: Mall) -> None:
    page = browser_of(desk.author.person).page
    page.goto(NEW)
    face(page, "CEL")
    text_of(page).click()
    page.keyboard.type("item.cat")
    expect(page.locator(".cm-tooltip-autocomplete [aria-selected=true]")).to_contain_text("item.category")
    expect(page.locator(".cm-completionInfo")).to_have_text("Where it stands in the shop.")
    page.wait_for_timeout(150)  # whoever types on at once does not mean what has just appeared
    page.keyboard.press("Enter")
    page.keyboard.type(" == 'bags' && item.price > 3.0")
    page.get_by_text("item.category", exact=True).first.hover()
    expect(page.locator(".edit-hover")).to_contain_text("Where it stands in the shop.")
    expect(page.locator(".edit-hover")).to_contain_text("bags (")


def test_the_panel_follows_what_is_typed(browser_of: Open, desk: Mall) -> None:
    page = browser_of(desk.author.person).page
    page.goto(NEW)
    fill(page)
    panel = page.locator("#panel")
    expect(panel.locator("[data-count]")).to_be_visible()
    wide = int(panel.locator("[data-count]").get_attribute("data-count") or "")
    write(page, "item.price >= 150.0")
    expect(panel.locator("[data-count]")).not_to_have_attribute("data-count", str(wide))
    expect(panel).to_contain_text("Some that it fires for")
    panel.get_by_role("button", name="As an example").first.click()
    expect(page.locator("[data-example]")).to_have_count(1)
    expect(page.locator("[data-example] [data-outcome]")).to_contain_text("as written")


def fill(page: Page, condition: str = "item.price >= 100.0") -> None:
    """A whole strategy, as a person types it."""
    page.get_by_label("Title").fill("Dear things are shown later")
    page.get_by_label("Team that owns it").select_option("search-quality")
    page.get_by_label("Why it is there").fill("Nobody buys them.")
    page.get_by_label("Markets").fill("ID")
    page.keyboard.press("Enter")
    page.locator(".form-selectgroup-label", has_text="all").first.click()
    page.locator(".form-selectgroup-label", has_text="all").first.click()
    page.get_by_label("Action").select_option("demote")
    page.get_by_role("textbox", name="Factor").fill("0.5")
    face(page, "CEL")
    write(page, condition)


def test_a_strategy_is_written_by_keyboard_and_saved_by_control_s(browser_of: Open, desk: Mall) -> None:
    from aedile.console.strategies.models import Version

    page = browser_of(desk.author.person).page
    page.goto(NEW)
    fill(page)
    expect(page.get_by_label("Id", exact=True)).to_have_value("dear-things-are-shown-later")
    expect(page.locator("[data-unsaved]")).to_be_visible()
    page.keyboard.press("Control+s")
    page.wait_for_url("**/strategies/dear-things-are-shown-later/1/edit")
    kept = Version.objects.get(strategy_id="dear-things-are-shown-later")
    assert kept.problems == []
    assert kept.body["condition"] == "item.price >= 100.0"
    assert kept.body["action"] == {"demote": {"factor": 0.5}}
    assert (kept.body["markets"], kept.body["channels"]) == (["ID"], ["all"])
    expect(page.locator("[data-unsaved]")).to_be_hidden()


def test_what_was_not_saved_is_kept_and_taken_up_again(browser_of: Open, desk: Mall) -> None:
    version = desk.draft()
    page = browser_of(desk.author.person).page
    page.goto(f"/strategies/dear-demote/{version.number}/edit")
    page.get_by_label("Title").fill("A title that nobody saved")
    page.on("dialog", lambda dialog: dialog.accept())  # the browser asks whether to leave
    page.reload()
    expect(page.locator("[data-restore]")).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("What is dear is shown later")
    page.get_by_role("button", name="Take it up again").click()
    expect(page.get_by_label("Title")).to_have_value("A title that nobody saved")
    expect(page.locator("[data-unsaved]")).to_be_visible()


def test_two_who_save_at_once_choose_and_lose_nothing(browser_of: Open, desk: Mall) -> None:
    from aedile.console.strategies.actions import save_draft
    from aedile.console.strategies.models import Version

    version = desk.draft()
    seen = browser_of(desk.author.person)
    seen.expect_trouble("409")
    page = seen.page
    page.goto(f"/strategies/dear-demote/{version.number}/edit")
    page.get_by_label("Title").fill("Mine")
    save_draft(desk.colleague, version, body(title="Theirs", why="Their reason."), 1)
    page.keyboard.press("Control+s")
    expect(page.get_by_role("heading", name="Somebody else saved meanwhile")).to_be_visible()
    seen.is_accessible()
    seen.screenshot("editor-collision")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 480, "height": 900})
    seen.is_accessible()
    seen.has_no_side_scroll()
    seen.screenshot("editor-collision-dark-480")
    page.get_by_label("Take yours").check()
    page.get_by_role("button", name="Save what is put together").click()
    page.wait_for_url("**/edit")
    kept = Version.objects.get(strategy_id="dear-demote")
    assert (kept.body["title"], kept.body["why"], kept.revision) == ("Mine", "Their reason.", 3)


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 480)])
def test_the_editor_is_accessible_and_fits(browser_of: Open, desk: Mall, theme: str, width: int) -> None:
    desk.live("keep-out", examples=[], action="exclude", condition="item.price > 150.0", tier="quality")
    version = desk.draft(
        "push-dear-bags", title="Tas tangan “مقلدة” 手提包 lebih awal", markets=["ID", "MY"], examples=[
            {"given": {"item.price": 180.0, "item.category": "bags"}, "market": "ID", "channel": "live", "fires": True}
        ],
        condition="item.price >= param.least && (item.category in ['bags', 'shoes'] || item.official)",
        params={"default": {"least": 100.0}, "MY": {"least": 50.0}}, action={"boost": {"factor": 2}},
    )  # fmt: skip
    seen = browser_of(desk.author.person, width=width, theme=theme)
    page = seen.page
    page.goto(f"/strategies/push-dear-bags/{version.number}/edit")
    expect(page.locator("#panel [data-count]")).to_be_visible()
    face(page, "CEL")
    expect(page.locator("[data-condition-state]")).to_have_text("The condition is well-formed.")
    seen.is_accessible()
    seen.has_no_side_scroll()
    seen.screenshot(f"editor-cel-{theme}-{width}")
    face(page, "Rows")
    expect(page.locator(".build-row").first).to_be_visible()
    seen.is_accessible()
    seen.has_no_side_scroll()
    seen.screenshot(f"editor-rows-{theme}-{width}")


def test_the_editor_reads_from_right_to_left(browser_of: Open, desk: Mall) -> None:
    version = desk.draft(title="حقائب مقلدة")
    seen = browser_of(desk.author.person, language="ar", width=1440)
    seen.page.goto(f"/strategies/dear-demote/{version.number}/edit")
    expect(seen.page.locator("html")).to_have_attribute("dir", "rtl")
    expect(seen.page.locator("#panel [data-count]")).to_be_visible()
    seen.is_accessible()
    seen.has_no_side_scroll()
    seen.screenshot("editor-rtl")
