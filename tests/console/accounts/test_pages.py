"""Who may open which page of Settings, and does each page stand in every state it can be in?"""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

ROLES = (
    None, "viewer", "analyst", "strategist", "approver", "auditor", "responder", "commander", "compliance", "admin",
)  # fmt: skip
EVERYBODY = frozenset(ROLES)
ANY_ROLE = EVERYBODY - {None}
ADMIN = frozenset({"admin"})

#: Who gets each page. Written by hand: it is what people are promised.
PAGES = {
    "settings": EVERYBODY,
    "account": EVERYBODY,
    "account_key_make": ANY_ROLE - {"viewer"},
    "people": ANY_ROLE,
    "person": ANY_ROLE,
    "person_add": ADMIN,
    "person_edit": ADMIN,
    "teams": ANY_ROLE,
    "team": ANY_ROLE,
    "team_add": ADMIN,
    "permissions": ANY_ROLE,
    "server_keys": ADMIN,
    "history": frozenset({"auditor", "compliance", "commander", "admin"}),
    "history_entry": frozenset({"auditor", "compliance", "commander", "admin"}),
    "mfa_index": EVERYBODY,
    "mfa_list_webauthn": EVERYBODY,
    "usersessions_list": EVERYBODY,
}


def address(name, person):
    arguments = {"person": [person.pk], "person_edit": [person.pk], "team": ["search"], "history_entry": [1]}
    return reverse(name, args=arguments.get(name, []))


@pytest.mark.parametrize("role", ROLES)
def test_each_page_opens_for_those_it_is_for(make_person, browse, role):
    other = make_person("viewer", team="search")
    client = browse(make_person(role))
    found = {name: client.get(address(name, other)).status_code for name in PAGES}
    assert found == {name: 200 if role in who else 403 for name, who in PAGES.items()}


def test_strangers_are_sent_to_sign_in(make_person, browse):
    other = make_person("viewer", team="search")
    client = browse()
    for name in PAGES:
        where = address(name, other)
        answer = client.get(where)
        assert (answer.status_code, answer.url.split("?")[0]) == (302, "/account/login/"), where


@pytest.mark.parametrize(
    "path",
    ["signup/", "email/", "password/set/", "password/reset/", "3rdparty/", "3rdparty/signup/", "login/code/confirm/"],
)
def test_what_is_closed_leads_nowhere(make_person, browse, path):
    assert browse(make_person("admin")).get(f"/account/{path}").status_code == 404
    assert browse().get(f"/account/{path}").status_code in (302, 404)


def test_the_menu_of_settings_has_what_one_may_open(make_person, browse):
    shown = browse(make_person("viewer")).get("/settings/account/").content.decode()
    assert 'href="/settings/people/"' in shown
    assert 'href="/settings/history/"' not in shown
    assert 'href="/settings/server-keys/"' not in shown
    shown = browse(make_person("admin")).get("/settings/people/").content.decode()
    assert 'href="/settings/history/"' in shown
    assert 'href="/settings/server-keys/"' in shown


def test_people_are_found_by_a_part_of_name_or_address_page_by_page(make_person, browse, monkeypatch):
    from aedile.console.accounts.pages import people

    monkeypatch.setattr(people, "EACH", 2)
    made = [make_person("viewer", zone="Asia/Jakarta") for _ in range(5)]
    client = browse(made[0])
    seen, where = [], "/settings/people/"
    while where:
        shown = client.get(where).content.decode()
        seen += [int(pk) for pk in re.findall(r'<td><a href="/settings/people/(\d+)/"', shown)]
        more = re.search(r'href="\?(after=\d+)"', shown)
        where = f"/settings/people/?{more[1]}" if more else ""
    assert sorted(seen) == sorted(one.pk for one in made)
    assert made[3].email in client.get("/settings/people/", {"q": made[3].email[:-12].upper()}).content.decode()
    assert "Nobody of that name" in client.get("/settings/people/", {"q": "nobody"}).content.decode()
    assert client.get("/settings/people/", {"q": "a\x00b", "after": "99999999999999999999"}).status_code == 200


def test_only_who_manages_people_sees_how_others_get_in(make_person, browse):
    other = make_person("strategist")
    where = f"/settings/people/{other.pk}/"
    assert "API keys" in browse(make_person("admin")).get(where).content.decode()
    shown = browse(make_person("approver")).get(where).content.decode()
    assert "API keys" not in shown
    assert "<form" not in shown.split("<main")[1]


def test_times_are_in_the_viewers_zone(make_person, browse):
    from datetime import UTC, datetime

    from aedile.console.accounts.models import Person

    other = make_person("viewer")
    Person.objects.filter(pk=other.pk).update(last_login=datetime(2026, 11, 1, 20, 0, tzinfo=UTC))
    shown = browse(make_person("viewer", zone="Asia/Jakarta")).get(f"/settings/people/{other.pk}/").content.decode()
    assert "2026-11-02 03:00:00 WIB" in shown
