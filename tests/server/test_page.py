"""Does a person in a browser see what decides now, that it moves, and what is wrong when something is?"""

from __future__ import annotations

import os
import signal

import pytest

from bench.serving.processes import folder, serving, until
from tests.browser import browser, needs_browser
from tests.server.marked import Load, shop

pytestmark = needs_browser
FIRED = "document.querySelector('#rows tr td:nth-child(6)')"


@pytest.fixture(scope="module")
def window():
    with browser() as one:
        yield one


@pytest.fixture(scope="module")
def one():
    with shop(workers=2) as opened:
        yield opened


def test_the_page_shows_the_release_and_its_figures_move(one, window):
    window.complaints.clear()
    window.open(one.server.url + "/")
    with Load(one.server, threads=2):
        window.until("document.querySelector('#state').innerText === 'deciding'")
        window.until(f"{FIRED} && {FIRED}.innerText !== '0'")
        before = window.text("#rows tr td:nth-child(6)")
        window.until(f"{FIRED}.innerText !== {before!r}")
        window.until("document.querySelector('#chart .line').getAttribute('d').length > 20")
        window.until("document.querySelector('#p50').innerText.match(/^[0-9.]+ ms$/)")
    assert window.text("#release") == str(one.number)
    assert int(window.text("#rate").replace(",", "")) > 0
    assert {window.value(f"document.querySelectorAll('#rows th')[{n}].innerText") for n in range(3)} == {
        "mark-first", "mark-last", "gone-exclude",
    }  # fmt: skip
    assert window.value("[...document.querySelectorAll('nav a')].map(a => a.pathname)") == [
        "/docs", "/openapi.json", "/metrics",
    ]  # fmt: skip
    assert window.complaints == []


def test_strategies_are_found_by_what_is_typed_and_sorted_by_what_is_pressed(one, window):
    window.open(one.server.url + "/")
    window.until("document.querySelectorAll('#rows tr').length === 3")
    window.value(
        "(f => { f.value = 'exclude'; f.dispatchEvent(new Event('input')); })(document.querySelector('#filter'))"
    )
    assert window.text("#rows").startswith("gone-exclude")
    assert window.text("#count") == "1 of 3 strategies"
    window.value("(f => { f.value = ''; f.dispatchEvent(new Event('input')); })(document.querySelector('#filter'))")
    for first in ("gone-exclude", "mark-last"):
        window.value("document.querySelector('[data-sort=id]').click()")
        assert window.text("#rows tr th") == first


@pytest.mark.parametrize("path", ["/", "/docs"])
@pytest.mark.parametrize("width", [1440, 480])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_sticks_out_and_all_text_stands_off_its_ground(one, window, path, width, dark):
    window.open(one.server.url + path, width=width, dark=dark)
    if path == "/":
        window.until("document.querySelectorAll('#rows tr').length === 3")
    assert window.value("document.documentElement.scrollWidth") == width
    assert window.value(CONTRAST) == []


def test_who_opens_the_page_before_anything_is_published_is_told_what_to_do(window):
    with folder() as root, serving(root, workers=1, log=root / "log") as server:
        until(server.answers, "the server")
        window.open(server.url + "/")
        window.until("document.querySelector('#state').innerText === 'waiting for a release'")
        assert "aedile release publish" in window.text("#empty")
        assert window.text("#release") == "none"


def test_the_page_says_what_is_wrong_and_that_it_is_over(one, window):
    window.open(one.server.url + "/")
    alerts = "document.querySelector('#alerts').innerText"
    one.server.run("kill", "--below", "quality", "--why", "prices are wrong")
    window.until(f"{alerts}.includes('prices are wrong')")
    window.until("document.querySelectorAll('#rows tr.off').length === 3")
    assert window.text("#rows tr th").endswith("\nmuted: kill switch")
    one.server.run("kill", "--off")
    window.until(f"{alerts} === ''")
    os.kill(one.server.process.pid, signal.SIGSTOP)  # nobody starts again what is stopped now
    stopped = one.server.named("aedile.server.worker")
    try:
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        window.until("document.querySelector('#state').innerText.includes('does not answer')")
        assert window.value("getComputedStyle(document.querySelector('main')).opacity") != "1"
    finally:
        for pid in (*stopped, one.server.process.pid):
            os.kill(pid, signal.SIGCONT)
    window.until("document.querySelector('#state').innerText === 'deciding'")


#: Texts that stand off their ground by less than 4.5 : 1, by the formula of WCAG 2.2.
CONTRAST = """(() => {
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = (c) => { const [r, g, b] = c.map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const rgb = (text) => text.match(/[0-9.]+/g).map(Number);
  const ground = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c.slice(0, 3); } return [255, 255, 255]; };
  const bad = [];
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.offsetParent) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color).slice(0, 3)), light(ground(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) bad.push(`${e.tagName} ${e.className} ${e.innerText.slice(0, 40)}`);
  }
  return bad;
})()"""
