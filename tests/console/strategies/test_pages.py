"""What readers see of strategies and releases, and what they do there."""

from __future__ import annotations

from datetime import timedelta

import pytest


def fresh(version):
    from aedile.console.strategies.models import Version

    return Version.objects.get(pk=version.pk)


def address(version, *more):
    return "/".join(("/strategies", version.strategy_id, str(version.number), *more))


def post(client, path, **said):
    return client.post(path, said, follow=True)


def test_a_strategys_address_leads_to_the_version_that_matters(mall, browse):
    live = mall.live()
    mall.draft(title="The next one", examples=[])
    answer = browse(mall.author.person).get("/strategies/dear-demote/")
    assert answer.url == address(live, "")


def test_a_version_shows_what_it_says_and_what_may_be_done(mall, browse):
    version = mall.proposed()
    page = browse(mall.approver.person).get(address(version, "")).content.decode()
    assert "item.price &gt; 100.0" in page
    assert 'data-confirm="deed-approve"' in page
    assert 'data-confirm="deed-pause"' not in page
    page = browse(mall.author.person).get(address(version, "")).content.decode()
    assert 'data-confirm="deed-approve"' not in page


def test_the_whole_way_by_the_buttons(mall, browse, running):
    author, approver = browse(mall.author.person), browse(mall.approver.person)
    version = mall.draft()
    from aedile.console.strategies.actions import submit

    submit(mall.author, version, reach=0.01)
    assert post(approver, address(version, "do", "approve")).status_code == 200
    assert post(author, address(version, "do", "canary"), share="0.05", why="first").status_code == 200
    assert running() == {"dear-demote": ("canary", 0.05)}
    post(author, address(version, "do", "live"))
    assert running() == {"dear-demote": ("live", None)}
    post(author, address(version, "do", "pause"), why="wrong")
    assert running() == {}
    post(author, address(version, "do", "retire"), why="over")
    assert fresh(version).stage == "retired"


def test_what_is_missing_is_told_and_nothing_is_done(mall, browse):
    version = mall.approved()
    answer = post(browse(mall.author.person), address(version, "do", "canary"), why="no share")
    assert answer.status_code == 400
    assert b"AED-CON-003" in answer.content
    assert fresh(version).stage == "proposed"


def test_a_deed_that_is_none_is_refused(mall, browse):
    assert post(browse(mall.author.person), address(mall.draft(), "do", "explode")).status_code == 400


def test_nothing_is_done_by_looking(mall, browse):
    version = mall.approved()
    assert browse(mall.author.person).get(address(version, "do", "live")).status_code == 405
    assert fresh(version).stage == "proposed"


def test_without_its_token_no_form_is_taken(mall, make_person):
    from django.test import Client

    version = mall.approved()
    client = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")
    client.force_login(mall.author.person, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(address(version, "do", "live")).status_code == 403
    assert fresh(version).stage == "proposed"


def test_who_may_not_is_told_who_may(mall, browse, make_person):
    version = mall.approved()
    answer = post(browse(make_person("viewer")), address(version, "do", "live"))
    assert answer.status_code == 403
    assert b"strategist" in answer.content


@pytest.mark.parametrize("path", ["", "dossier"])
def test_what_is_of_other_markets_is_as_if_it_were_not_there(mall, browse, make_person, path):
    version = mall.proposed()
    stranger = browse(make_person("strategist", markets=["MY"]))
    there, nowhere = stranger.get(address(version, path)), stranger.get(f"/strategies/nowhere/1/{path}")
    assert there.status_code == nowhere.status_code == 404
    assert version.title not in there.content.decode()
    assert b"dear-demote" not in stranger.get("/strategies/").content


def test_a_stranger_is_asked_to_sign_in(mall, browse):
    answer = browse().get(address(mall.draft(), ""))
    assert answer.status_code == 302
    assert answer.url.startswith("/account/login/")


def test_the_list_finds_filters_and_exports(mall, browse):
    mall.live()
    mall.draft("cheap-boost", title="=cmd|' /C calc'!A0", condition="item.prise > 1.0")
    client = browse(mall.author.person)
    assert b"cheap-boost" not in client.get("/strategies/?stage=live").content
    assert b"dear-demote" not in client.get("/strategies/?stage=problems").content
    assert b"cheap-boost" in client.get("/strategies/?q=CHEAP").content
    answer = client.get("/strategies/?as=csv&columns=strategy,title")
    text = b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()
    assert "dear-demote" in text


def test_a_dossier_gathers_what_speaks_for_and_against(mall, browse):
    mall.live()
    version = mall.proposed("same-boost", action={"boost": {"factor": 2.0}})
    mall.live("dear-exclude", action={"exclude": {}}, tier="safety", policy="S-1")
    client = browse(mall.approver.person)
    page = client.get(address(version, "dossier")).content.decode()
    assert "dear-exclude" in page  # it excludes what this one boosts
    assert "1 approval is missing" in page
    pdf = client.get(address(version, "dossier") + "?as=pdf")
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")


def test_a_dossier_is_filed_whatever_script_it_is_written_in(mall, browse):
    version = mall.proposed("many-scripts", title="高价商品 <b>مرتفع</b> ✓ \U0001f525", why="Ω&" * 50)
    answer = browse(mall.approver.person).get(address(version, "dossier") + "?as=pdf")
    assert answer.status_code == 200
    assert len(answer.content) > 10_000


def test_releases_are_listed_compared_and_gone_back_to(mall, browse, running):
    version = mall.live()
    client = browse(mall.responder.person)
    post(client, address(version, "do", "pause"), why="wrong")
    assert client.get("/releases/").content.count(b'href="/releases/') >= 2
    page = client.get("/releases/1/").content.decode()
    assert "Roll back" in page
    assert post(client, "/releases/1/rollback").status_code == 400
    assert post(client, "/releases/1/rollback", why="it was right").status_code == 200
    assert running() == {"dear-demote": ("live", None)}


def test_a_freeze_and_a_kill_are_shown_until_they_are_lifted(mall, browse):
    from django.utils import timezone

    client = browse(mall.commander.person)
    start = timezone.now().replace(second=0, microsecond=0)
    span = {"start": f"{start:%Y-%m-%dT%H:%M}", "end": f"{start + timedelta(days=1):%Y-%m-%dT%H:%M}"}
    assert b"Releases are frozen" in post(client, "/releases/freeze", why="11.11", **span).content
    assert (
        b"Releases are frozen"
        not in post(client, "/releases/thaw", why="over", start=str(int(start.timestamp()) * 1_000_000)).content
    )
    assert post(client, "/releases/freeze", why="x", start=span["end"], end=span["start"]).status_code == 400
    assert b"are off" in post(client, "/releases/kill", below="growth", why="flood").content
    assert b"all below are off" not in post(client, "/releases/kill", off="1", why="over").content
    assert post(browse(mall.author.person), "/releases/kill", below="growth", why="x").status_code == 403


def test_debt_names_what_costs_more_than_it_gives(mall, browse):
    from django.utils import timezone

    from aedile.console.strategies.debt import debts
    from aedile.console.strategies.models import Version

    mall.live("first-exclude", action={"exclude": {}}, tier="safety", policy="S-1")
    mall.live("same-boost", action={"boost": {"factor": 2.0}})
    mall.live("ends-soon", expires="2099-01-01T00:00:00Z")
    later = timezone.now() + timedelta(days=40_000)
    rows = list(Version.objects.select_related("strategy"))
    found = {(debt.kind, debt.version.strategy_id) for debt in debts(rows, {"same-boost": [0, 0]}, later)}
    assert ("expired", "ends-soon") in found
    assert ("conflict", "same-boost") in found
    assert ("silent", "same-boost") in found
    page = browse(mall.author.person).get("/strategies/debt").content.decode()
    assert "same-boost" in page


def test_a_schema_with_an_error_is_refused_with_its_place(mall, browse):
    answer = post(browse(mall.admin.person), "/settings/schema", text="entities: {item: {features: 3}}")
    assert answer.status_code == 400
    assert b"AED-SCHEMA" in answer.content
    assert post(browse(mall.author.person), "/settings/schema", text="entities: {}").status_code in (400, 403)
