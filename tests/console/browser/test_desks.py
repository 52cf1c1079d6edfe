"""Is every page that the menu and the palette lead to accessible, and does it fit, where nothing is set up yet?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.console.browser.seen import WAYS, Seen

Open = Callable[..., Seen]
Make = Callable[..., Any]


def test_every_page_that_can_be_reached_is_accessible_and_fits(
    browser_of: Open, make_person: Make, make_version: Make
) -> None:
    from aedile.console.accounts.models import Grant
    from aedile.console.accounts.permissions import Role
    from aedile.console.base.acting import noted
    from aedile.console.base.navigation import DESKS, PAGES, address_of

    me = make_person("admin")
    with noted("aedile", "cli", "person.manage"):
        for role in set(Role) - {Role.ADMIN}:
            Grant.objects.create(person=me, role=role, markets=["all"])
    for n, stage in enumerate(("draft", "proposed", "live", "paused")):
        make_version(f"one-that-is-{stage}", stage=stage, markets=["ID", "SG"], tier=("legal", "growth")[n % 2])
    addresses = [href for desk in (*DESKS, *PAGES) if (href := address_of(desk.address))]
    assert len(addresses) >= 5
    troubles = []
    looks = [browser_of(me, theme=theme, width=width, language=language) for theme, width, language in WAYS]
    for number, href in enumerate(addresses):  # each in one way: in both they are seen by `test_pictures`, filled
        seen = looks[number % len(WAYS)]
        seen.expect_trouble("^400: GET .*/strategies/")  # there is no feature schema yet, which they say
        seen.page.goto(href)
        seen.is_settled()
        name = href.strip("/").replace("/", "-") or "today"
        seen.screenshot(f"desk-{name}")
        for holds in (seen.is_accessible, seen.has_no_side_scroll):
            try:
                holds()
            except AssertionError as error:
                troubles.append(f"{href}: {str(error)[:1500]}")
    assert not troubles, "\n".join(troubles)
