"""Do people get through the desk of lists in a real browser, narrow and wide, in light and dark?"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.console.browser.seen import WAYS
from tests.console.lists.conftest import _no_files, keeper, make_list
from tests.console.strategies.conftest import mall

__all__ = ["_no_files", "keeper", "make_list", "mall"]

PAST = 1_700_000_000_000_000


@pytest.fixture
def worker(console: Any) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "aedile.console.worker"])
    yield
    process.terminate()
    process.wait(30)


@pytest.fixture
def recalled(keeper: Any, make_list: Any, mall: Any) -> str:
    """A list with a history that a live strategy asks, and some that nobody asks."""
    from aedile.console.lists.actions import create_list, edit_entries
    from aedile.console.lists.merging import Deed, Edit
    from tests.console.lists.conftest import entries_from

    make_list("recalled", {f"{4_006_381_333_931 + 977 * n}": PAST if n % 9 == 3 else None for n in range(240)})
    mall.live("recalled-hold", condition='in_list(item.gtin, "recalled")', action={"exclude": {}}, examples=[])
    edit = Edit(Deed.PUT, entries_from({"4012345678901": 1_900_000_000_000_000, "4012345678902": None}))
    edit_entries(keeper, "recalled", edit, "Recall of 3 November, lot 77", seen=2)
    create_list(keeper, "watched-brands", "brand-protection", "Brands whose new listings are looked at by people.")
    return "recalled"


def test_the_desk_is_accessible_and_fits(browser_of, keeper, recalled):
    from aedile.console.lists.changes import Asked, begin

    refused = begin(keeper, recalled, Asked("put", 3), lambda path: path.write_bytes(b"a\n\nb \n\xff\nc\tsoon\na\n"))
    overtaken = begin(keeper, recalled, Asked("replace", 1), lambda path: path.write_bytes(b"a\n"))
    pages = {
        "list": "recalled/", "list-revisions": "recalled/revisions/", "list-revision": "recalled/revisions/3/",
        "list-revision-old": "recalled/revisions/2/", "list-refused": f"recalled/changes/{refused.pk}/",
        "list-overtaken": f"recalled/changes/{overtaken.pk}/",
    }  # fmt: skip
    for theme, width, language in WAYS:
        seen = browser_of(keeper.person, width=width, theme=theme, language=language)
        for name, path in pages.items():
            seen.page.goto(f"/lists/{path}")
            seen.is_settled()
            seen.is_accessible()
            seen.has_no_side_scroll()
            seen.screenshot(f"{name}-{theme}-{width}")


def test_entries_are_found_while_typing_and_leafed_through_by_keys(browser_of, keeper, recalled):
    page = browser_of(keeper.person).page
    page.goto("/lists/recalled/")
    page.keyboard.press("/")
    page.keyboard.type("40123456789")
    expect(page.locator("#entries .table-count")).to_contain_text("2 entries found")
    page.wait_for_url("**/?q=40123456789&match=prefix")
    page.get_by_label("How to compare").select_option("exact")
    expect(page.locator("#entries")).to_contain_text("No such entry")
    page.goto("/lists/recalled/")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#entries .table-count")).to_contain_text("51 to 100")


def test_entries_are_added_chosen_and_removed_and_the_release_follows(browser_of, keeper, recalled):
    page = browser_of(keeper.person).page
    page.goto("/lists/recalled/")
    expect(page.get_by_text("decides by this revision")).to_be_visible()
    page.get_by_label("Entries, one a line").fill("0000000000017\n0000000000024")
    page.locator("#change").get_by_label("Note").fill("two more")
    page.get_by_role("button", name="Do it").click()
    expect(page.locator("#toasts")).to_contain_text("Revision 4: 2 added")
    expect(page.get_by_text("decides by this revision")).to_be_visible()
    page.get_by_role("checkbox", name="0000000000017").check()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("1 removed")
    page.goto("/lists/recalled/revisions/3/")
    page.get_by_role("button", name="Restore").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page.locator("#toasts")).to_contain_text("Revision 6: 0 added, 1 removed")


def test_a_large_file_is_sent_worked_in_by_a_job_and_shown_when_it_is_done(
    browser_of, keeper, recalled, worker, tmp_path: Path
):
    path = tmp_path / "many.txt"
    path.write_bytes(b"".join(b"%08d\n" % n for n in range(300_000)))
    seen = browser_of(keeper.person)
    seen.page.goto("/lists/watched-brands/")
    seen.page.get_by_label("or a file").set_input_files(path)
    seen.page.get_by_role("button", name="Do it").click()
    seen.page.wait_for_url("**/changes/**")
    expect(seen.page.locator("#change-state")).to_contain_text("Revision 2: 300,000 added", timeout=60_000)
    seen.is_accessible()
    seen.page.get_by_role("link", name="See what changed").click()
    expect(seen.page.get_by_role("main")).to_contain_text("+300,000")


def test_bad_lines_are_mended_in_place(browser_of, keeper, recalled):
    page = browser_of(keeper.person).page
    page.goto("/lists/watched-brands/")
    page.get_by_label("Entries, one a line").fill("good\nbad \n")
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_role("alert")).to_contain_text("1 of 2 lines is no entry")
    page.get_by_label("or mend it here").fill("good\nbad")
    page.get_by_role("button", name="Send again").click()
    expect(page.locator("#toasts")).to_contain_text("2 added")
