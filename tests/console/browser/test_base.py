"""Does the frame of every page work for people: by keyboard, in light and dark, at every width, in every language?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.console.browser.seen import Seen

Open = Callable[..., Seen]
Make = Callable[..., Any]


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 480)])
def test_today_is_accessible_and_fits(browser_of: Open, make_person: Make, width: int, theme: str) -> None:
    seen = browser_of(make_person("approver"), width=width, theme=theme)
    seen.page.goto("/")
    expect(seen.page.locator("html")).to_have_attribute("data-bs-theme", theme)
    seen.is_accessible()
    seen.has_no_side_scroll()
    seen.screenshot(f"today-empty-{theme}-{width}")


def test_the_first_key_leads_to_the_content(browser_of: Open, make_person: Make) -> None:
    page = browser_of(make_person("viewer")).page
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_a_theme_that_was_chosen_stays_over_pages(browser_of: Open, make_person: Make) -> None:
    page = browser_of(make_person("viewer"), theme="light").page
    page.goto("/")
    page.get_by_role("button", name="Light or dark").click()
    page.get_by_role("button", name="Dark", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert 'data-bs-theme="dark"' in page.request.get("/").text()
    page.get_by_role("button", name="Light or dark").click()
    page.get_by_role("button", name="As the system").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_the_palette_is_used_by_keys_alone(browser_of: Open, make_person: Make) -> None:
    page = browser_of(make_person("viewer")).page
    page.goto("/")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-field")).to_be_focused()
    page.keyboard.type("second")
    expect(page.locator("#palette [role=option]")).to_have_count(1)
    expect(page.locator("#palette [aria-selected=true] .found-name")).to_have_text("Second factors")
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/2fa/**")


def test_the_palette_says_when_it_finds_nothing(browser_of: Open, make_person: Make) -> None:
    seen = browser_of(make_person("viewer"))
    seen.page.goto("/")
    seen.page.keyboard.press("Control+k")
    seen.page.keyboard.type("zzzz")
    expect(seen.page.locator("[data-palette-state]")).to_have_text("Nothing of that name that you may see.")
    seen.is_accessible()
    seen.page.keyboard.press("Escape")
    expect(seen.page.locator("#palette")).to_be_hidden()


def test_a_question_mark_lists_the_keys_and_the_keys_work(browser_of: Open, make_person: Make) -> None:
    page = browser_of(make_person("viewer")).page
    page.goto("/")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    expect(page.locator("#keys [data-keys] dd").first).to_have_text("Today")
    page.keyboard.press("Escape")
    page.evaluate("history.replaceState(null, '', '/#elsewhere')")
    page.keyboard.type("gt")
    page.wait_for_url("**/")


def test_on_a_narrow_screen_the_menu_is_behind_a_button(browser_of: Open, make_person: Make) -> None:
    seen = browser_of(make_person("viewer"), width=480)
    seen.page.goto("/")
    menu = seen.page.locator("#menu")
    expect(menu).to_be_hidden()
    seen.page.get_by_role("button", name="Menu").click()
    expect(menu).to_be_visible()
    seen.is_accessible()
    seen.screenshot("menu-light-480")
    seen.page.keyboard.press("Escape")
    expect(menu).to_be_hidden()


def test_arabic_runs_from_right_to_left(browser_of: Open, make_person: Make) -> None:
    seen = browser_of(make_person("approver"))
    seen.page.goto("/")
    seen.page.get_by_role("button", name="Language").click()
    seen.page.locator("button[lang=ar]").click()
    expect(seen.page.locator("html")).to_have_attribute("dir", "rtl")
    menu, main = seen.page.locator("#menu").bounding_box(), seen.page.locator("#content").bounding_box()
    assert menu is not None
    assert main is not None
    assert menu["x"] > main["x"]
    assert seen.page.locator("h1").inner_text() != "Today"
    seen.is_accessible()
    seen.has_no_side_scroll()
    seen.screenshot("today-arabic-1440")


def test_a_page_that_is_not_there_says_so(browser_of: Open, make_person: Make) -> None:
    seen = browser_of(make_person("viewer"))
    seen.expect_trouble("404: GET .*/nowhere")
    seen.page.goto("/nowhere")
    expect(seen.page.locator("h1")).to_have_text("There is nothing here")
    expect(seen.page.locator("code")).to_have_text("AED-CON-002")
    seen.is_accessible()
    seen.screenshot("not-found-light-1440")


def test_signing_out_ends_at_the_sign_in_page(browser_of: Open, make_person: Make) -> None:
    page = browser_of(make_person("viewer")).page
    page.goto("/")
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/account/login/**")
    page.goto("/")
    page.wait_for_url("**/account/login/?next=/")
