"""Does only who should get in, by password, second factor and link, and does nobody else learn anything?"""

from __future__ import annotations

import re
import time

import pytest

from tests.console.accounts.words import PASSWORD, entries, sign_in, whole, with_password


def is_in(client):
    return client.get("/settings/account/").status_code == 200


def code_now(secret):
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_a_password_lets_in_whatever_the_case_of_the_address(make_person, browse):
    client, person = browse(), with_password(make_person("viewer"))
    person.email = person.email.upper()
    answer = sign_in(client, person)
    assert (answer.status_code, answer.url) == (302, "/")
    assert is_in(client)


def test_a_wrong_password_an_unknown_address_and_a_deactivated_person_stay_out(make_person, browse, actor_for):
    from aedile.console.accounts import actions

    client, person = browse(), with_password(make_person("viewer"))
    wrong = sign_in(client, person, "another walk in the market")
    person.email = "nobody@example.com"
    unknown = sign_in(client, person)
    told = [
        re.findall(r'<div class="alert alert-danger".*?</div>\s*</div>', one.content.decode(), re.DOTALL)
        for one in (wrong, unknown)
    ]
    assert told[0] == told[1]
    assert len(told[0]) == 1
    person.refresh_from_db()
    actions.deactivate(actor_for(make_person("admin")), person)
    sign_in(client, person)
    assert not is_in(client)


def test_an_unknown_address_costs_a_hash_as_a_known_one_does(make_person, browse, monkeypatch):
    from django.contrib.auth.hashers import Argon2PasswordHasher

    hashed = []
    encode = Argon2PasswordHasher.encode
    verify = Argon2PasswordHasher.verify
    monkeypatch.setattr(Argon2PasswordHasher, "encode", lambda *args: hashed.append("encode") or encode(*args))
    monkeypatch.setattr(Argon2PasswordHasher, "verify", lambda *args: hashed.append("verify") or verify(*args))
    person = with_password(make_person("viewer"))
    hashed.clear()
    sign_in(browse(), person, "another walk in the market")
    assert hashed == ["verify"]
    person.email = "nobody@example.com"
    sign_in(browse(), person)
    assert hashed == ["verify", "encode"]
    without = make_person("viewer")
    sign_in(browse(), without)
    assert len(hashed) == 3


def test_guessing_is_slowed_down(make_person, browse):
    client, person = browse(), with_password(make_person("viewer"))
    for _ in range(5):
        sign_in(client, person, "guess")
    assert "Too many" in sign_in(client, person).content.decode()
    assert not is_in(client)
    assert sign_in(browse(), with_password(make_person("viewer"))).status_code == 302


def test_the_session_changes_at_sign_in(make_person, browse):
    client, person = browse(), with_password(make_person("viewer"))
    client.get("/account/login/")
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    client.cookies["aedile_session"] = session.session_key
    sign_in(client, person)
    assert client.cookies["aedile_session"].value != session.session_key
    assert is_in(client)
    other = browse()
    other.cookies["aedile_session"] = session.session_key
    assert not is_in(other)
    cookie = client.cookies["aedile_session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize(
    "where", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example"]
)
def test_nobody_is_sent_elsewhere_after_sign_in(make_person, browse, where):
    answer = sign_in(browse(), with_password(make_person("viewer")), next=where)
    assert (answer.status_code, answer.url) == (302, "/")


def test_after_sign_in_one_is_where_one_wanted_to_be(make_person, browse):
    answer = sign_in(browse(), with_password(make_person("viewer")), next="/settings/people/?q=a")
    assert answer.url == "/settings/people/?q=a"


def test_every_form_asks_where_it_was_sent_from(make_person):
    from django.test import Client
    from django.urls import URLPattern, get_resolver

    from aedile.console.accounts.urls import CLOSED

    def found(patterns, prefix=""):
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                yield prefix + str(pattern.pattern), pattern.name
            else:
                yield from found(pattern.url_patterns, prefix + str(pattern.pattern))

    admin = make_person("admin")
    client = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")
    client.force_login(admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    tried, before = 0, len(entries())
    for route, name in found(get_resolver().url_patterns):
        if name is None or name in CLOSED or not route.startswith(("account/", "settings/")):
            continue
        path = "/" + re.sub(r"<int:\w+>", "1", re.sub(r"<slug:\w+>", "a", route))
        path = (
            re.sub(r"\^?\(\?P<\w+>[^)]*\)-?\$?", "a", path)
            .replace("^", "")
            .replace("$", "")
            .replace("key/aa/", "key/a-a/")
        )
        answer = client.post(path, {"name": "Mallory"})
        assert (answer.status_code, "AED-CON-006" in answer.content.decode()) == (403, True), path
        tried += 1
    assert tried >= 45
    assert len(entries()) == before


def test_a_link_sets_a_password_once_and_the_newest_alone(make_person, actor_for, browse):
    from aedile.console.accounts import actions

    admin, person = actor_for(make_person("admin")), make_person("viewer")
    old = actions.make_link(admin, person).partition("8320")[2]
    link = actions.make_link(admin, person).partition("8320")[2]
    assert "works no more" in browse().get(old, follow=True).content.decode()
    client = browse()
    page = client.get(link, follow=True)
    form = page.redirect_chain[-1][0]
    assert "set-password" in form  # the key is not in the address any more
    weak = client.post(form, {"password1": "password1234", "password2": "password1234"})
    assert "too common" in weak.content.decode()
    done = client.post(form, {"password1": PASSWORD, "password2": PASSWORD}, follow=True)
    assert "The password is set" in done.content.decode()
    assert not is_in(client)  # the second factor is still to come
    assert "works no more" in browse().get(link, follow=True).content.decode()
    assert sign_in(browse(), person).status_code == 302
    last = [entry for entry in entries() if entry.subject == "accounts_person"][-1]
    assert (last.actor, last.action) == (person.email, "account.own")
    assert [name for name, _, _ in last.changed] == ["password_set"]


def test_a_link_ends_after_a_day_and_cannot_be_made_up(make_person, actor_for, browse, monkeypatch):
    from datetime import datetime, timedelta

    from aedile.console.accounts import actions
    from aedile.console.accounts.links import OneTimeTokens

    link = actions.make_link(actor_for(make_person("admin")), make_person("viewer")).partition("8320")[2]
    stem, _, token = link.rstrip("/").rpartition("-")
    for wrong in (f"{stem}-{token[:-1]}0/", f"{stem}-{'0' * len(token)}/", link.replace("/key/", "/key/z")):
        assert "works no more" in browse().get(wrong, follow=True).content.decode()
    assert "works no more" not in browse().get(link, follow=True).content.decode()
    later = datetime.now() + timedelta(days=1, seconds=5)
    monkeypatch.setattr(OneTimeTokens, "_now", lambda self: later)
    assert "works no more" in browse().get(link, follow=True).content.decode()


def test_a_code_of_an_app_is_asked_for_once_it_is_set_up(make_person, browse, console):
    import psycopg

    client, person = browse(), with_password(make_person("viewer"))
    sign_in(client, person)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    page = client.get("/account/2fa/totp/activate/").content.decode()
    secret = re.search(r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', page)[1]
    assert "data:image/svg+xml" in page
    wrong = client.post("/account/2fa/totp/activate/", {"code": "000000"})
    assert "Incorrect code" in wrong.content.decode()
    answer = client.post("/account/2fa/totp/activate/", {"code": code_now(secret)}, follow=True)
    codes = re.findall(r"^[0-9a-f]{8}$|(?<=>)[0-9a-f]{8}", answer.content.decode(), re.MULTILINE)
    assert len(codes) >= 5
    with psycopg.connect(console.dsn) as connection:
        kept = str(connection.execute("select data from mfa_authenticator").fetchall())
    assert secret not in kept
    assert secret not in str([entry.after for entry in entries()])

    stranger = browse()
    answer = sign_in(stranger, person)
    assert answer.url.startswith("/account/2fa/authenticate/")
    assert not is_in(stranger)
    assert "Incorrect code" in stranger.post("/account/2fa/authenticate/", {"code": "123456"}).content.decode()
    time.sleep(0)
    used = stranger.post("/account/2fa/authenticate/", {"code": code_now(secret)})
    if used.status_code == 200:  # a code is taken once, and this one was when the app was set up
        used = stranger.post("/account/2fa/authenticate/", {"code": codes[0]})
    assert used.status_code == 302
    assert is_in(stranger)
    again = browse()
    sign_in(again, person)
    assert again.post("/account/2fa/authenticate/", {"code": codes[1]}).status_code == 302
    once = browse()
    sign_in(once, person)
    assert once.post("/account/2fa/authenticate/", {"code": codes[1]}).status_code == 200
    noted = [entry for entry in entries() if entry.subject == "mfa_authenticator"]
    assert {(entry.actor, entry.action, entry.via) for entry in noted} == {(person.email, "account.own", "console")}
    whole()


def test_taking_a_factor_away_asks_who_one_is(make_person, browse):
    person = with_password(make_person("viewer"))
    client = browse(person)  # signed in some other way, long ago
    answer = client.get("/account/2fa/totp/activate/")
    assert answer.status_code == 302
    assert "/reauthenticate/" in answer.url
    assert "Is it you?" in client.get(answer.url).content.decode()
    answer = client.post(answer.url, {"password": "wrong"})
    assert answer.status_code == 200
    answer = client.post("/account/reauthenticate/?next=/account/2fa/totp/activate/", {"password": PASSWORD})
    assert answer.url == "/account/2fa/totp/activate/"


def test_what_was_sent_goes_on_once_one_has_shown_who_one_is(make_person, browse):
    person = with_password(make_person("viewer"))
    client = browse()
    sign_in(client, person)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    secret = re.search(
        r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', client.get("/account/2fa/totp/activate/").content.decode()
    )[1]
    client.post("/account/2fa/totp/activate/", {"code": code_now(secret)})
    later = browse(person)
    asked = later.post("/account/2fa/totp/deactivate/")
    assert "/reauthenticate/" in asked.url
    done = later.post(f"/account/reauthenticate/?{asked.url.partition('?')[2]}", {"password": PASSWORD})
    assert done.url == "/account/2fa/"
    noted = [entry for entry in entries() if entry.subject == "mfa_authenticator" and entry.op == "delete"]
    assert [entry.actor for entry in noted] == [person.email] * 2  # the app, and the recovery codes that went with it


def test_who_has_no_password_is_told_that_factors_are_the_providers(make_person, browse):
    client = browse(make_person("viewer"))
    assert client.get("/account/2fa/totp/activate/").status_code == 403
    assert 'href="/account/2fa/">See' not in client.get("/settings/account/").content.decode()


def test_sessions_are_ended_one_by_one_and_by_a_new_password(make_person, browse):
    from allauth.usersessions.models import UserSession

    person = with_password(make_person("viewer"))
    here, there, third = browse(), browse(), browse()
    for client in (here, there, third):
        sign_in(client, person)
        assert is_in(client)
    that = UserSession.objects.get(session_key=there.cookies["aedile_session"].value)
    this = UserSession.objects.get(session_key=here.cookies["aedile_session"].value)
    assert here.post(f"/settings/account/sessions/{this.pk}/end/").status_code == 404
    assert here.post(f"/settings/account/sessions/{that.pk}/end/").status_code == 302
    assert (is_in(here), is_in(there), is_in(third)) == (True, False, True)
    new = f"{PASSWORD} again"
    told = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post("/account/password/change/", told).status_code == 302
    assert (is_in(here), is_in(third)) == (True, False)
    assert sign_in(there, person).status_code == 200
    assert sign_in(there, person, new).status_code == 302
    assert here.post("/account/sessions/").status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    assert here.post("/account/logout/").status_code == 302
    assert not is_in(here)


def test_no_secret_is_logged(make_person, browse, caplog):
    import logging

    caplog.set_level(logging.DEBUG)
    person = with_password(make_person("viewer"))
    sign_in(browse(), person, "the wrong secret words")
    sign_in(browse(), person)
    assert PASSWORD not in caplog.text
    assert "the wrong secret words" not in caplog.text


def test_the_account_is_ones_own_to_change_but_for_the_address(make_person, browse):
    person = make_person("viewer")
    client = browse(person)
    told = {"name": "Ayu Lestari", "zone": "Asia/Jakarta", "language": "id", "email": "other@example.com"}
    answer = client.post("/settings/account/", told)
    assert answer.status_code == 302
    assert answer.cookies["aedile_language"].value == "id"
    email = person.email
    person.refresh_from_db()
    assert (person.name, person.zone, person.language, person.email) == ("Ayu Lestari", "Asia/Jakarta", "id", email)
    assert client.post("/settings/account/", {**told, "zone": "Mars/Olympus"}).status_code == 422
    last = entries()[-1]
    assert (last.actor, last.action) == (email, "account.own")
