"""Dossiers, differences, what is scheduled, debt, today, notices, people: what pages tell, to whom pages tell it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ..strategies.conftest import body

AT = "/strategies/dear-demote/versions"


def test_a_dossier_tells_what_speaks_for_a_change(mall, call):
    mall.live()
    call(mall.author.person, "POST", f"{AT}/1/next", {})
    call(mall.author.person, "PUT", f"{AT}/2", {"body": body(title="Better"), "revision": 1})
    call(mall.approver.person, "POST", f"{AT}/2/comment", {"why": "looks fine"})
    told = call(mall.approver.person, "GET", f"{AT}/2/dossier").told
    assert (told["acting"], told["version"]["number"], told["problems"]) == (1, 2, [])
    assert [(one["key"], one["before"], one["after"]) for one in told["differences"]] == [
        ("title", "What is dear is shown later", "Better")
    ]
    assert [one["text"] for one in told["comments"]] == ["looks fine"]
    assert told["reach"]["words"]
    (field,) = call(mall.approver.person, "GET", f"{AT}/2/diff?other=1").told
    assert field == {
        "field": "title", "lines": [{"kind": "changed", "left": "What is dear is shown later", "right": "Better"}]
    }  # fmt: skip
    assert "title: Better" in call(mall.approver.person, "GET", f"{AT}/2/file").told["text"]


def test_what_is_of_other_markets_is_as_if_it_were_not_there(mall, call, make_person):
    mall.live()
    mall.approved("later")
    at = (timezone.now() + timedelta(days=1)).isoformat()
    call(mall.author.person, "POST", "/strategies/later/versions/1/schedule", {"stage": "live", "at": at})
    for path in (f"{AT}/1/dossier", f"{AT}/1/file", f"{AT}/1/diff?other=1"):
        assert call(mall.author.person, "GET", path).status_code == 200
    analyst = make_person("analyst", markets=["MY"])
    for path in (f"{AT}/1/dossier", f"{AT}/1/file", f"{AT}/1/diff?other=1"):
        assert call(analyst, "GET", path).status_code == 404
    assert call(analyst, "GET", "/moves").told["items"] == []
    assert call(analyst, "GET", "/debt").told["items"] == []
    assert call(analyst, "GET", "/today").told["moves"] == []


def test_what_is_scheduled_is_listed_and_taken_back_once(mall, call):
    mall.approved()
    at = (timezone.now() + timedelta(days=1)).isoformat()
    call(mall.author.person, "POST", f"{AT}/1/schedule", {"stage": "live", "at": at})
    (move,) = call(mall.author.person, "GET", "/moves").told["items"]
    assert (move["strategy"], move["stage"], move["by"]) == ("dear-demote", "live", mall.author.person.email)
    assert [one["id"] for one in call(mall.author.person, "GET", "/today").told["moves"]] == [move["id"]]
    drop = f"/moves/{move['id']}/drop"
    assert call(mall.responder.person, "POST", drop, {}).status_code == 403
    assert call(mall.author.person, "POST", drop, {"why": "not yet"}).told["dropped"]
    assert call(mall.author.person, "POST", drop, {}).status_code == 409
    assert call(mall.author.person, "GET", "/moves").told["items"] == []
    assert len(call(mall.author.person, "GET", "/moves?state=all").told["items"]) == 1


def test_today_and_debt_are_as_the_desk_tells_them(mall, call):
    mall.proposed()
    mall.draft("mine")
    today = call(mall.approver.person, "GET", "/today").told
    assert [one["strategy"] for one in today["approvals"]] == ["dear-demote"]
    assert (today["may_approve"], today["drafts"]) == (True, [])
    assert [one["strategy"] for one in call(mall.author.person, "GET", "/today").told["drafts"]] == ["mine"]
    mall.live("twice")
    mall.live("twice-again")
    debt = call(mall.author.person, "GET", "/debt?kind=conflict").told
    assert debt["total"] == 1
    assert debt["is_counted"] is False


def test_what_was_told_is_seen_by_whom_it_is_for_and_by_who_may_see_all(mall, call):
    mall.proposed()
    call(mall.approver.person, "POST", f"{AT}/1/refuse", {"why": "too wide"})
    (notice, *_) = call(mall.author.person, "GET", "/notices").told
    assert "dear-demote" in notice["subject"] + notice["link"]
    assert call(mall.author.person, "GET", "/outbox").status_code == 403
    page = call(mall.admin.person, "GET", "/outbox?state=kept&limit=1").told
    assert page["items"][0]["state"] == "kept"
    assert call(mall.admin.person, "POST", f"/outbox/{notice['id']}/again").status_code == 404  # it was not given up
    assert call(mall.author.person, "GET", "/outbox?state=lost").status_code == 400


def test_people_are_linked_signed_out_and_their_keys_ended(mall, call):
    admin, author = mall.admin.person, mall.author.person
    assert "/account/" in call(admin, "POST", f"/people/{author.pk}/link").told["link"]
    assert call(author, "POST", f"/people/{author.pk}/link").status_code == 403
    assert call(admin, "POST", f"/people/{author.pk}/end-sessions").told == {"ended": 0}
    (key,) = call(author, "GET", "/keys").told
    assert call(mall.colleague.person, "DELETE", f"/keys/{key['id']}").status_code == 404
    assert call(admin, "DELETE", f"/keys/{key['id']}").told["revoked"]
    assert call(author, "GET", "/me").status_code == 401


def test_teams_are_changed_and_removed_when_they_own_nothing(mall, call):
    admin = mall.admin.person
    mall.draft()
    call(admin, "POST", "/teams", {"slug": "new-team", "name": "New"})
    assert call(admin, "PUT", "/teams/new-team", {"name": "Newer"}).told == {"slug": "new-team", "name": "Newer"}
    assert "new-team" not in {one["slug"] for one in call(admin, "DELETE", "/teams/new-team").told}
    assert call(admin, "DELETE", "/teams/new-team").status_code == 404
    assert call(admin, "DELETE", "/teams/search-quality").status_code == 400
    assert call(mall.author.person, "PUT", "/teams/search-quality", {"name": "Ours"}).status_code == 403


def test_the_history_is_verified_by_a_job(mall, call):
    job = call(mall.admin.person, "POST", "/history/verify")
    assert (job.status_code, job.told["kind"]) == (201, "history.verify")
    assert call(mall.author.person, "POST", "/history/verify").status_code == 403


@pytest.mark.parametrize(
    "sent",
    [
        b'{"body": {"id": "a\\u0000b"}}', b'{"body": {"id": "\\ud800"}}', b'{"body": {"rank": 99999999999999999999}}',
        b'{"body": {"rank": 1e999}}', b'{"body": {"rank": NaN}}', b'{"body": {"rank": ' + b"9" * 5000 + b"}}",
        b'{"body": {}, "body": {}}', b'{"body": ' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"body": ' + b"[" * 100_000, b"\xff",
        b'"text"', b"[]", b"1", b"null", b'{"body": null}', b'{"body": {}, "note": 3}',
        b'{"body": {"id": "x", "owner": "' + b"y" * 100 + b'"}, "note": "' + b"n" * 501 + b'"}',
    ],
)  # fmt: skip
def test_bodies_that_nobody_writes_are_refused_in_the_one_shape(mall, call, sent):
    answer = call(mall.author.person, "POST", "/strategies", sent)
    assert answer.status_code == 400
    assert all(error["code"].startswith("AED-CON-") and error["message"] for error in answer.told["errors"])


@pytest.mark.parametrize("path", ["/strategies?q=a%00b", "/strategies/a%00b", "/lists/a%00b", "/decisions?id=%00"])
def test_addresses_that_nobody_writes_are_refused_in_the_one_shape(mall, call, path):
    assert call(mall.author.person, "GET", path).told["errors"][0]["code"] == "AED-CON-003"


@pytest.mark.parametrize("path", ["/strategies", "/lists", "/lists/x/changes", "/files/push", "/schema"])
def test_what_is_larger_than_four_mib_is_refused_in_the_one_shape(mall, call, path):
    answer = call(mall.admin.person, "PUT" if path == "/schema" else "POST", path, b'"' + b"x" * (4 << 20) + b'"')
    assert (answer.status_code, answer.told["errors"][0]["code"]) == (413, "AED-CON-008")


def test_whoever_calls_too_often_waits_and_nobody_else(mall, call, monkeypatch):
    from aedile.console.api import limiting

    monkeypatch.setattr(limiting, "BUCKETS", limiting.Buckets(3.0))
    found = [call(mall.author.person, "GET", "/me").status_code for _ in range(30)]
    assert found[:3] == [200, 200, 200]
    assert 429 in found
    refused = next(
        answer for answer in (call(mall.author.person, "GET", "/me") for _ in range(30)) if answer.status_code == 429
    )
    assert refused["Retry-After"] == "1"
    assert refused.told["errors"][0]["code"] == "AED-CON-143"
    assert call(mall.approver.person, "GET", "/me").status_code == 200


def test_calls_that_were_saved_up_come_back_with_time():
    from aedile.console.api.limiting import Buckets

    buckets = Buckets(2.0)
    assert [buckets.take(1, 0.0) for _ in range(3)] == [True, True, False]
    assert buckets.take(2, 0.0)
    assert buckets.take(1, 0.5)
    assert not buckets.take(1, 0.5)
    assert [buckets.take(1, 100.0) for _ in range(3)] == [True, True, False]


def test_what_is_not_there_yet_is_told_by_its_status(call, make_person):
    admin = make_person("admin")
    for path in ("/schema", "/entities?id=x"):
        answer = call(admin, "GET", path)
        assert (answer.status_code, len(answer.told["errors"])) == (409, 1)
