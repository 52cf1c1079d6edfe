"""Does the identity provider let in those whom an admin has added, and nobody else?"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.console.accounts.identity_provider import CLIENT, SECRET, identity_provider
from tests.console.accounts.words import entries, whole


@pytest.fixture
def provider(console):
    """A provider that runs, and a console that is set up for it."""
    from django.test import override_settings

    from aedile.console.settings import identity_providers
    from aedile.settings import load_settings

    with identity_provider() as provider:
        told = {
            "AEDILE_OIDC_ISSUER": provider.issuer,
            "AEDILE_OIDC_CLIENT_ID": CLIENT,
            "AEDILE_OIDC_CLIENT_SECRET": SECRET,
            "AEDILE_OIDC_NAME": "Market Street",
        }
        oidc = load_settings(environ=told).oidc
        with override_settings(SOCIALACCOUNT_PROVIDERS=identity_providers(oidc)):
            yield provider


def claims(email, *, verified=True, sub="subject-1", **more):
    return {"sub": sub, "email": email, "email_verified": verified, "name": "Somebody", **more}


def come_in(client, **more):
    """The way of a browser: to the provider, and back with its answer."""
    away = client.get("/account/oidc/oidc/login/", more)
    assert away.status_code == 302
    back = httpx.get(away.url).headers["Location"]
    parts = urlsplit(back)
    assert parts.path == "/account/oidc/oidc/login/callback/"
    return client.get(parts.path, dict(parse_qsl(parts.query)), follow=True)


def is_in(client):
    return client.get("/settings/account/").status_code == 200


def test_a_known_person_gets_in_and_is_known_by_subject_from_then_on(make_person, browse, provider, actor_for):
    from allauth.socialaccount.models import SocialAccount

    from aedile.console.accounts import actions

    person = make_person("viewer")
    provider.person = claims(person.email.upper())
    client = browse()
    assert "Sign in with Market Street" in client.get("/account/login/").content.decode()
    come_in(client)
    assert is_in(client)
    assert {"/.well-known/openid-configuration", "/authorize", "/token", "/userinfo"} <= set(provider.asked)
    assert SocialAccount.objects.get().user == person
    last = [entry for entry in entries() if entry.subject == "socialaccount_socialaccount"][-1]
    assert (last.actor, last.action) == (person.email, "account.own")
    whole()

    provider.person = claims("renamed@example.com")
    again = browse()
    come_in(again)
    assert is_in(again)
    assert SocialAccount.objects.count() == 1

    actions.deactivate(actor_for(make_person("admin")), person)
    gone = browse()
    come_in(gone)
    assert not is_in(gone)
    assert not is_in(again)


@pytest.mark.parametrize(
    ("told", "spoil"),
    [
        ({"email": "stranger@example.com"}, {}),
        ({"verified": False}, {}),
        ({"verified": "false"}, {}),
        ({"email": ""}, {}),
        ({}, {"sub": "somebody else"}),
        ({}, {"no id_token": True}),
        ({}, {"aud": "another client"}),
        ({}, {"iss": "http://localhost:1"}),
        ({}, {"exp": 1}),
    ],
)
def test_nobody_else_does(make_person, browse, provider, told, spoil):
    from allauth.socialaccount.models import SocialAccount

    from aedile.console.accounts.models import Person

    person = make_person("viewer")
    provider.person, provider.spoil = claims(**{"email": person.email, **told}), spoil
    client = browse()
    page = come_in(client).content.decode()
    assert "Nobody here has that verified address" in page or "cannot be used" in page or "did not work" in page
    assert not is_in(client)
    assert not SocialAccount.objects.exists()
    assert Person.objects.count() == 1


def test_an_answer_that_was_not_asked_for_is_refused(make_person, browse, provider):
    person = make_person("viewer")
    provider.person = claims(person.email)
    asked, other = browse(), browse()
    away = asked.get("/account/oidc/oidc/login/")
    back = urlsplit(httpx.get(away.url).headers["Location"])
    other.get(back.path, dict(parse_qsl(back.query)))
    assert not is_in(other)


def test_a_code_works_once(make_person, browse, provider):
    person = make_person("viewer")
    provider.person = claims(person.email)
    client = browse()
    away = client.get("/account/oidc/oidc/login/")
    back = urlsplit(httpx.get(away.url).headers["Location"])
    provider.codes.clear()
    page = client.get(back.path, dict(parse_qsl(back.query)), follow=True)
    assert "did not work" in page.content.decode()
    assert not is_in(client)


def test_one_account_is_not_tied_to_another_subject_by_whoever_is_signed_in(make_person, browse, provider):
    from allauth.socialaccount.models import SocialAccount

    mine, theirs = make_person("viewer"), make_person("admin")
    client = browse(mine)
    provider.person = claims(theirs.email)
    come_in(client, process="connect")
    assert not SocialAccount.objects.exists()


def test_a_provider_that_is_down_is_told(browse, provider, console):
    from django.test import override_settings

    from aedile.console.settings import identity_providers
    from aedile.settings import Oidc

    with override_settings(
        SOCIALACCOUNT_PROVIDERS=identity_providers(Oidc("http://localhost:9", CLIENT, SECRET, "Nowhere"))
    ):
        answer = browse().get("/account/oidc/oidc/login/")
    assert (answer.status_code, "AED-CON-029" in answer.content.decode()) == (502, True)


def test_without_a_provider_there_is_none(browse, console):
    client = browse()
    assert "Sign in with" not in client.get("/account/login/").content.decode().replace("Sign in with a passkey", "")
    assert client.get("/account/oidc/oidc/login/").status_code == 404
