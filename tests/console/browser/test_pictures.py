"""How does every page look, light and dark, wide and narrow? Pictures of all, each of which fits and is accessible."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

import pytest

from bench.serving.processes import until
from tests.console.accounts.words import with_password
from tests.console.browser.seen import Seen
from tests.console.browser.test_the_whole_way import DEAR, Shop, empty_log, shop
from tests.console.strategies.conftest import body

__all__ = ["empty_log", "shop"]
Open = Callable[..., Seen]
#: All four where `SOAK` is set; else each theme and each width once.
WAYS = (("light", 1440), ("dark", 480), *((("light", 480), ("dark", 1440)) if os.environ.get("SOAK") else ()))


@pytest.fixture
def pages(shop: Shop, make_person: Any, actor_for: Any) -> tuple[Any, dict[str, str]]:
    """Somebody who may see everything, and where everything is, with something in each place."""
    from aedile.console.accounts import keys, server_keys
    from aedile.console.accounts.actions import edit_person
    from aedile.console.accounts.models import Grant
    from aedile.console.accounts.permissions import Role
    from aedile.console.base.acting import noted
    from aedile.console.lists.actions import create_list
    from aedile.console.strategies.actions import advance, approve, create_draft, next_draft, save_draft, submit

    me = with_password(make_person("admin", team="search-quality"))
    me.name = "Ada Lindqvist"
    with noted("aedile", "cli", "person.manage"):
        me.save()
        for role in set(Role) - {Role.ADMIN}:
            Grant.objects.create(person=me, role=role, markets=["all"])
    other = make_person("strategist", markets=["ID", "VN"], team="search-quality")
    told = {"email": "ayu@example.com", "name": "Ayu Lestari", "zone": "Asia/Jakarta", "language": "id"}
    edit_person(actor_for(me), other, **told)
    keys.make_key(actor_for(me), ["read", "write"], 90, "nightly report")
    server_keys.make_server_key(actor_for(me), ["decide", "explain"], 90, 500, "search team")
    author, approver = actor_for(shop.author), actor_for(shop.approver)
    version = submit(author, create_draft(author, body(channels=["search", "live", "shop_tab"])), reach=0.05)
    approve(approver, version, "agreed")
    advance(author, version, "live")
    condition = "item.price > 120.0\n&& item.category == 'bags'"
    changed = body(condition=condition, channels=["search"], budget={"exposures": 0.02})
    save_draft(author, next_draft(author, version), changed, 1)
    submit(author, create_draft(author, body("waits", title="What waits for somebody", markets=["SG"])), reach=0.2)
    create_list(author, "recalled", "search-quality", "What was recalled.")
    until(lambda: shop.server.decides_by(2), "release 2")
    shop.slate("a-request")
    shop.server.until_logged(1)
    return me, {
        "today": "/", "strategies": "/strategies/", "editor-new": "/strategies/-/new",
        "editor": "/strategies/dear-demote/2/edit", "version": "/strategies/dear-demote/1/",
        "proposed": "/strategies/waits/1/", "dossier": "/strategies/waits/1/dossier",
        "compare": "/strategies/dear-demote/1/2/compare", "debt": "/strategies/debt", "schema": "/settings/schema",
        "releases": "/releases/", "release": "/releases/2/", "lists": "/lists/", "list": "/lists/recalled/",
        "list-new": "/lists/new", "decisions": "/decisions/", "request": "/decisions/request/a-request/",
        "entity": f"/decisions/entity/item/{DEAR}/", "strategy-decisions": "/decisions/strategy/dear-demote/",
        "settings": "/settings/", "account": "/settings/account/", "factors": "/account/2fa/",
        "people": "/settings/people/",
        "person": f"/settings/people/{other.pk}/", "person-add": "/settings/people/add/", "teams": "/settings/teams/",
        "team": "/settings/teams/search-quality/", "permissions": "/settings/permissions/",
        "server-keys": "/settings/server-keys/", "key": "/settings/account/keys/", "history": "/settings/history/",
        "history-entry": "/settings/history/9/", "outbox": "/settings/outbox/", "notices": "/notices/",
        "password": "/account/password/change/", "sessions": "/account/sessions/",
        "jobs": "/jobs/", "nothing-here": "/strategies/no-such-one/",
    }  # fmt: skip


@pytest.mark.parametrize(("theme", "width"), WAYS)
def test_every_page_fits_and_is_accessible(pages: Any, browser_of: Open, theme: str, width: int) -> None:
    from aedile.console.base.navigation import DESKS, PAGES, address_of

    me, addresses = pages
    assert {address_of(desk.address) for desk in (*DESKS, *PAGES)} <= set(addresses.values())
    seen, stranger = browser_of(me, theme=theme, width=width), browser_of(None, theme=theme, width=width)
    seen.expect_trouble("^404: GET .*no-such-one")
    troubles = []
    for name, address in (*addresses.items(), ("why", ""), ("sign-in", "/account/login/")):
        look = stranger if name == "sign-in" else seen
        if name == "why":
            seen.page.goto("/decisions/request/a-request/")
            seen.page.get_by_role("link", name=re.compile(f"Why {DEAR}")).last.click()
        else:
            look.page.goto(address)
        if name.startswith("editor"):  # what it says of a draft it asks for by and by
            look.page.wait_for_load_state("networkidle")
        look.is_settled()
        look.screenshot(f"page-{name}-{theme}-{width}")
        for holds in (look.is_accessible, look.has_no_side_scroll):
            try:
                holds()
            except AssertionError as error:
                troubles.append(f"{name}: {str(error)[:1200]}")
    assert not troubles, "\n".join(troubles)
