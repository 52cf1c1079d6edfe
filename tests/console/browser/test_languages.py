"""Do pages read well in other languages: right to left, in other scripts, on wide screens and narrow ones?"""

from __future__ import annotations

import re

import pytest

from tests.console.browser.test_editor import Mall, Open, body, desk, mall

__all__ = ["desk", "mall"]
WORDS = {
    "ar": ("rtl", "استراتيجية جديدة", re.compile("[\u0600-\u06ff]")),
    "zh-hans": ("ltr", "新建策略", re.compile("[\u4e00-\u9fff]")),
    "id": ("ltr", "Strategi baru", re.compile("[A-Za-z]")),
}


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("width", [1440, 480])
def test_pages_fit_and_speak_the_viewers_language(browser_of: Open, desk: Mall, language: str, width: int) -> None:
    version = desk.live()
    desk.draft(**body("second-draft"))
    direction, new, script = WORDS[language]
    people = {"people": desk.admin.person}
    pages = {
        "strategies": "/strategies/",
        "editor": "/strategies/-/new",
        "version": f"/strategies/{version.strategy_id}/{version.number}",
        "people": "/settings/people/",
    }
    for name, href in pages.items():
        seen = browser_of(people.get(name, desk.author.person), width=width, language=language)
        seen.page.goto(href)
        root = seen.page.locator("html")
        assert (root.get_attribute("lang"), root.get_attribute("dir") or "ltr") == (language, direction)
        heading = seen.page.locator("h1").inner_text()
        assert script.search(heading) or name == "version", heading  # a version's heading is its id
        assert new in heading or name != "editor"
        for code in seen.page.locator("pre").all():
            assert code.evaluate("(code) => getComputedStyle(code).direction") == "ltr"
        seen.screenshot(f"words-{name}-{language}-{width}")
        seen.has_no_side_scroll()
