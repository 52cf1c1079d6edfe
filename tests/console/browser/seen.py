"""What does the browser see? A page with all that it complained of, its accessibility, and pictures of it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, Request, Response, expect

_SERIOUS = ("serious", "critical")
#: What the same page is seen in twice, so that each theme, each width and each direction of writing is there once.
WAYS = (("light", 1440, "en"), ("dark", 480, "ar"))
_PATIENCE = 15.0
_WATCH = "document.addEventListener('securitypolicyviolation', e => console.error('CSP: ' + e.violatedDirective + ' '"
_WATCH += " + e.blockedURI + ' ' + e.sourceFile + ':' + e.lineNumber + ' ' + e.sample))"
_AT_REST = """Promise.allSettled(document.getAnimations()
    .filter(one => one.effect.getComputedTiming().endTime !== Infinity).map(one => one.finished)).then(() => true)"""


@dataclass
class Seen:
    """A page under watch. address: of the console. root: of the repository, below which pictures are kept."""

    page: Page
    address: str
    root: Path
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    _asked: set[Request] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.add_init_script(_WATCH)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("request", lambda request: self._asked.add(request))
        self.page.on("requestfinished", lambda request: self._asked.discard(request))
        self.page.on("requestfailed", self._not_loaded)
        self.page.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(f"{message.type}: {message.text}")

    def _not_loaded(self, request: Request) -> None:
        self._asked.discard(request)
        if request.failure != "net::ERR_ABORTED":  # left the page, or a newer question took its place
            self.complaints.append(f"not loaded: {request.method} {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.request.method} {response.url}")

    def expect_trouble(self, pattern: str) -> None:
        """Complaints that this test provokes on purpose, as a regular expression."""
        self.expected.append(pattern)

    def nothing_went_wrong(self) -> None:
        left = [one for one in self.complaints if not any(re.search(pattern, one) for pattern in self.expected)]
        assert not left, "\n".join(left)

    def is_settled(self) -> None:
        """Nothing is being asked for, and nothing moves: what is dimmed meanwhile is not judged."""
        until = time.monotonic() + _PATIENCE
        while self._asked:
            assert time.monotonic() < until, f"no answer: {[one.url for one in self._asked]}"
            self.page.wait_for_timeout(10)
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)
        self.page.evaluate(_AT_REST)

    def is_accessible(self, *, without: tuple[str, ...] = ()) -> None:
        """axe-core finds nothing serious. without: CSS selectors of parts that are not ours."""
        source = self.root / "node_modules" / "axe-core" / "axe.min.js"
        self.page.evaluate(source.read_text(encoding="utf-8"))
        found: dict[str, Any] = self.page.evaluate(
            "(without) => axe.run({exclude: without}, {resultTypes: ['violations']})",
            [list(without)] if without else [],
        )
        told = [
            f"{one['id']} ({one['impact']}): {node['html'][:200]}\n    {node['failureSummary']}"
            for one in found["violations"]
            if one["impact"] in _SERIOUS
            for node in one["nodes"]
        ]
        assert not told, "\n".join(told)

    def has_no_side_scroll(self) -> None:
        """The page itself does not scroll sideways; wide tables do, within themselves."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} is {wide} px too wide"

    def screenshot(self, name: str) -> Path:
        """A picture for people to look at, under `.run/screens/`."""
        folder = self.root / ".run" / "screens"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.png"
        self.page.screenshot(path=path, full_page=True)
        return path
