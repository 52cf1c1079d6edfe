"""The console as people meet it: served on a port, seen through a real browser, in which nothing may go wrong unseen.

`browser_of(person)` opens a browser signed in as a person, with a page that collects what the browser complains of:
violations of the content security policy, errors of scripts, files that do not load. A test that leaves such a
complaint behind fails, unless it said so with `expect_trouble`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.console.browser.seen import Seen

ROOT = Path(__file__).parents[3]
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> str:
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is not None:
        return found
    if os.environ.get("NEEDS_BROWSER"):
        pytest.fail(f"there is no browser here: looked for {', '.join(NAMES)}")
    pytest.skip("there is no Chromium here")


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs in the thread in which tests write rows
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def browser_of(browser: Browser, served: str, browse: Callable[..., Any]) -> Iterator[Callable[..., Seen]]:
    """Opens a page as a person: `browser_of(person, width=480, theme="dark", language="ar")`; None is a stranger."""
    opened: list[Seen] = []
    with ExitStack() as stack:

        def make(
            person: Any = None, *, width: int = 1440, theme: str = "light", language: str = "en", zone: str = "UTC"
        ) -> Seen:
            context = browser.new_context(
                viewport={"width": width, "height": 900}, color_scheme=theme, locale=language, timezone_id=zone,
                base_url=served, reduced_motion="reduce",
            )  # fmt: skip
            stack.callback(context.close)
            context.set_default_timeout(15_000)
            if person is not None:
                cookie = browse(person).cookies["aedile_session"].value
                context.add_cookies([{"name": "aedile_session", "value": cookie, "url": served}])
            seen = Seen(context.new_page(), served, ROOT)
            opened.append(seen)
            return seen

        yield make
        for seen in opened:
            seen.nothing_went_wrong()


@pytest.fixture
def page_of(browser_of: Callable[..., Seen]) -> Callable[..., Page]:
    """Only the page of `browser_of`, for tests that need no more."""
    return lambda *args, **options: browser_of(*args, **options).page
