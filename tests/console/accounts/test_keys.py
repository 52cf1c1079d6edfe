"""Is an API key shown once, kept as a hash, bound to its scopes, its end and its person?"""

from __future__ import annotations

from datetime import timedelta

import pytest

from aedile.errors import ConsoleError
from tests.console.accounts.words import entries


def code_of(text, scope="read"):
    from aedile.console.accounts.key_auth import actor_of_key

    with pytest.raises(ConsoleError) as caught:
        actor_of_key(text, scope)
    return caught.value.code.name


def test_a_key_acts_as_its_person_within_its_scopes(make_person, actor_for):
    from aedile.console.accounts import keys
    from aedile.console.accounts.key_auth import actor_of_key

    person = make_person("strategist", markets=["ID"])
    text, key = keys.make_key(actor_for(person), ["read"], 30, " for the nightly  report ")
    actor = actor_of_key(text, "read")
    assert (actor.person, actor.via, actor.key) == (person, "api", key.pk)
    assert actor.may("strategy.write", markets=["ID"])
    assert not actor.may("strategy.write", markets=["VN"])
    assert code_of(text, "write") == "AED-CON-021"
    assert key.note == "for the nightly report"
    assert actor_of_key(keys.make_key(actor_for(person), ["write", "read"], 1)[0], "write").person == person


def test_nothing_of_a_key_but_its_hash_is_kept(make_person, actor_for, console):
    import psycopg

    from aedile.console.accounts import keys

    text, key = keys.make_key(actor_for(make_person("analyst")), ["read"], 30)
    secret = text.rsplit("_", 1)[1]
    assert len(secret) == 52
    with psycopg.connect(console.dsn) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'public'"
        ).fetchall()
        for (table,) in tables:
            rows = connection.execute(f'select t::text from "{table}" t').fetchall()
            assert not any(secret in row for (row,) in rows), table
    assert key.hash not in str([entry.after for entry in entries()])


def test_whatever_is_not_the_key_is_refused_alike(make_person, actor_for):
    from aedile.console.accounts import keys
    from aedile.console.accounts.models import ApiKey

    actor = actor_for(make_person("analyst"))
    text, key = keys.make_key(actor, ["read", "write"], 30)
    other, _ = keys.make_key(actor, ["read"], 30)
    secret = text.rsplit("_", 1)[1]
    for wrong in (
        None, "", "aedile_c_", text[:-1], f"{text}x", text.replace(secret, other.rsplit("_", 1)[1]),
        text.removeprefix("aedile_c_"), f"aedile_c_{key.pk}_", f"aedile_c_{key.pk}_{key.hash}", "aedile_c_\x00_x",
        f"aedile_c_{'a' * 16}_{secret}", "aedile_c_" + "x" * 10_000, "aedile_c_é_x",
    ):  # fmt: skip
        assert code_of(wrong) == "AED-CON-020", wrong
    ApiKey.objects.filter(pk=key.pk).update(expires=key.made)
    assert code_of(text) == "AED-CON-020"


def test_a_revoked_key_and_one_of_somebody_who_lost_the_role_do_nothing(make_person, actor_for):
    from aedile.console.accounts import keys
    from aedile.console.accounts.models import Grant

    person = make_person("analyst")
    text, key = keys.make_key(actor_for(person), ["read"], 30)
    Grant.objects.filter(person=person).update(role="viewer")
    assert code_of(text) == "AED-CON-001"
    keys.revoke_key(actor_for(person), key)  # one's own can always be ended
    assert code_of(text) == "AED-CON-020"


def test_keys_have_limits(make_person, actor_for, monkeypatch):
    from aedile.console.accounts import keys

    actor = actor_for(make_person("analyst"))
    for scopes, days in ((["read"], 366), (["read"], 0), ([], 30), (["admin"], 30)):
        with pytest.raises(ConsoleError) as caught:
            keys.make_key(actor, scopes, days)
        assert caught.value.code.name == "AED-CON-026"
    with pytest.raises(ConsoleError, match="may not make API keys"):
        keys.make_key(actor_for(make_person("viewer")), ["read"], 30)
    monkeypatch.setattr(keys, "MAX_KEYS", 1)
    keys.make_key(actor, ["read"], 365)
    with pytest.raises(ConsoleError, match="more than 1 keys"):
        keys.make_key(actor, ["read"], 1)


def test_use_is_noted_once_a_minute(make_person, actor_for):
    from aedile.console.accounts import keys
    from aedile.console.accounts.key_auth import actor_of_key
    from aedile.console.accounts.models import ApiKey

    text, _key = keys.make_key(actor_for(make_person("analyst")), ["read"], 30)
    before = len(entries())
    actor_of_key(text, "read")
    first = ApiKey.objects.get().last_used
    actor_of_key(text, "read")
    assert ApiKey.objects.get().last_used == first
    ApiKey.objects.update(last_used=first - timedelta(seconds=61))
    actor_of_key(text, "read")
    assert ApiKey.objects.get().last_used > first
    assert len(entries()) == before  # being used is no write of anybody


def test_an_unknown_id_costs_a_comparison_too(make_person, actor_for, monkeypatch):
    from aedile.console.accounts import key_auth, keys

    text, _key = keys.make_key(actor_for(make_person("analyst")), ["read"], 30)
    compared = []

    def compare(one, other):
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(key_auth.hmac, "compare_digest", compare)
    key_auth.actor_of_key(text, "read")
    for wrong in (None, "aedile_c_aaaaaaaaaaaaaaaa_bbbb", text[:-1]):
        code_of(wrong)
    assert len(compared) == 4
    assert all(len(one) == len(other) == 64 for one, other in compared)


def test_a_key_is_made_on_the_page_and_shown_once(make_person, browse):
    from aedile.console.accounts.key_auth import actor_of_key

    person = make_person("analyst")
    client = browse(person)
    answer = client.post("/settings/account/keys/", {"note": "report", "scopes": ["read"], "days": "30"})
    text = next(
        word for word in answer.content.decode().replace("<", " ").replace(">", " ").split() if "aedile_c_" in word
    )
    assert "no-store" in answer["Cache-Control"]
    assert actor_of_key(text, "read").person == person
    assert text not in client.get("/settings/account/").content.decode()
    answer = client.post("/settings/account/keys/", {"note": "report", "scopes": ["read"], "days": "400"})
    assert answer.status_code == 422


def test_keys_and_sessions_of_others_are_out_of_reach(make_person, actor_for, browse):
    from allauth.usersessions.models import UserSession

    from aedile.console.accounts import keys
    from aedile.console.accounts.key_auth import actor_of_key

    owner = make_person("strategist")
    text, key = keys.make_key(actor_for(owner), ["read"], 30)
    owners = browse(owner)
    owners.get("/settings/account/")
    session = UserSession.objects.get(user=owner)
    for role in ("viewer", "strategist", "commander", "compliance"):
        client = browse(make_person(role))
        assert client.post(f"/settings/account/keys/{key.pk}/revoke/").status_code == 404
        assert client.post(f"/settings/people/{owner.pk}/keys/{key.pk}/revoke/").status_code == 403
        assert client.post(f"/settings/people/{owner.pk}/sessions/end/").status_code == 403
        for pk in range(session.pk - 1, session.pk + 2):
            client.post(f"/settings/account/sessions/{pk}/end/")
        assert key.pk not in client.get(f"/settings/people/{owner.pk}/").content.decode()
        assert key.pk not in client.get("/settings/account/").content.decode()
    assert owners.get("/settings/account/").status_code == 200
    assert actor_of_key(text, "read").person == owner
    admin = browse(make_person("admin"))
    assert admin.post(f"/settings/people/{owner.pk}/keys/{key.pk}/revoke/").status_code == 302
    assert code_of(text) == "AED-CON-020"
    other = make_person("admin")
    assert admin.post(f"/settings/people/{other.pk}/keys/{key.pk}/revoke/").status_code == 404


def test_a_server_key_made_here_is_one_the_server_takes(make_person, actor_for, browse, console):
    import time

    from aedile.console.accounts.models import ServerKeyChange
    from aedile.errors import ServerError, StoreError
    from aedile.store.published import Published
    from aedile.store.published_keys import current_ring

    def ring():
        with console.connect() as connection:
            return current_ring(Published(connection))

    admin = make_person("admin")
    client = browse(admin)
    told = {"note": "search team", "scopes": ["decide", "explain"], "days": "30", "limit": "500"}
    shown = client.post("/settings/server-keys/", told).content.decode()
    text = next(word for word in shown.replace("<", " ").replace(">", " ").split() if word.startswith("aedile_"))
    record = ring().check(text, "decide", time.time())
    assert (record.note, record.limit, record.scopes) == ("search team", 500, ("decide", "explain"))
    assert text not in client.get("/settings/server-keys/").content.decode()
    assert client.post(f"/settings/server-keys/{record.id}/revoke/").status_code == 302
    with pytest.raises(ServerError):
        ring().check(text, "decide", time.time())
    from aedile.console.accounts.server_keys import revoke_server_key

    with pytest.raises(StoreError, match="no key"):
        revoke_server_key(actor_for(admin), record.id)
    assert [change.deed for change in ServerKeyChange.objects.all()] == ["revoked", "made"]
    noted = [entry for entry in entries() if entry.action == "key.manage"]
    assert [(entry.actor, entry.after["deed"]) for entry in noted] == [(admin.email, "made"), (admin.email, "revoked")]
    assert text.rsplit("_", 1)[1] not in str([entry.after for entry in noted])
