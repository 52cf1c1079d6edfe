"""Programs do what people do, by the same rules, and are told what is wrong in the one shape."""

from __future__ import annotations

import pytest

from ..strategies.conftest import SCHEMA, body

PAGE = "/strategies/dear-demote/versions/1"


def test_the_whole_way_by_keys(mall, call, running):
    author, approver = mall.author.person, mall.approver.person
    made = call(author, "POST", "/strategies", {"body": body(), "note": "first"})
    assert made.status_code == 201
    assert made.told["problems"] == []
    assert "submit" in made.told["may"]
    saved = call(author, "PUT", PAGE, {"body": body(title="Better"), "revision": 1})
    assert saved.told["revision"] == 2
    assert call(author, "POST", f"{PAGE}/submit", {}).told["stage"] == "proposed"
    assert call(author, "POST", f"{PAGE}/live", {}).status_code == 409
    approved = call(approver, "POST", f"{PAGE}/approve", {"why": "fine"}).told
    assert [one["person"] for one in approved["approvals"]] == [approver.email]
    call(mall.second.person, "POST", f"{PAGE}/approve", {})  # the catalogue is empty, so two are needed
    assert call(author, "POST", f"{PAGE}/live", {"why": "go"}).told["stage"] == "live"
    assert running() == {"dear-demote": ("live", None)}
    assert call(mall.responder.person, "POST", f"{PAGE}/pause", {"why": "wrong"}).told["stage"] == "paused"
    rolled = call(mall.responder.person, "POST", "/releases/1/rollback", {"why": "it was right"})
    assert rolled.told["number"] == 3
    assert running() == {"dear-demote": ("live", None)}
    (first, *_) = call(mall.admin.person, "GET", "/history?action=release.rollback").told["entries"]
    assert first["via"].startswith("api:")
    assert first["why"] == "it was right"


def test_a_collision_loses_neither_text(mall, call):
    author = mall.author.person
    call(author, "POST", "/strategies", {"body": body()})
    call(mall.colleague.person, "PUT", PAGE, {"body": body(title="Theirs"), "revision": 1})
    answer = call(author, "PUT", PAGE, {"body": body(title="Mine", rank=3), "revision": 1})
    assert answer.status_code == 409
    assert answer.told["conflicts"] == ["title"]
    assert answer.told["mine"]["title"] == "Mine"
    assert answer.told["merged"]["rank"] == 3
    assert answer.told["errors"][0]["code"] == "AED-CON-041"


def test_pages_of_the_list_join_without_a_seam(mall, call):
    for number in range(7):
        mall.draft(f"strategy-{number}")
    found, after = [], ""
    while True:
        page = call(mall.author.person, "GET", f"/strategies?limit=3&after={after}").told
        found += [item["strategy"] for item in page["items"]]
        if page["after"] is None:
            break
        after = page["after"]
    assert found == [f"strategy-{number}" for number in range(7)]


def test_files_are_pulled_planned_and_pushed(mall, call):
    mall.live()
    files = call(mall.author.person, "GET", "/files").told["files"]
    changed = {"dear-demote.yaml": files["dear-demote.yaml"].replace("What is dear", "What is very dear")}
    plan = call(mall.author.person, "POST", "/files/plan", {"files": changed}).told
    assert [step["does"] for step in plan["steps"]] == ["version"]
    pushed = call(mall.author.person, "POST", "/files/push", {"files": changed, "stamp": plan["stamp"]}).told
    assert [(one["strategy"], one["number"], one["stage"]) for one in pushed] == [("dear-demote", 2, "draft")]


def test_a_text_is_checked_without_being_kept(mall, call):
    from aedile.console.strategies.models import Version

    mall.live("dear-exclude", action={"exclude": {}}, tier="safety", policy="S-1")
    wrong = call(mall.author.person, "POST", "/check", {"body": body(condition="item.prise > 1.0")}).told
    assert wrong["problems"][0]["field"] == "condition"
    found = call(mall.author.person, "POST", "/check", {"body": body(action={"boost": {"factor": 2.0}})}).told
    assert found["conflicts"][0]["kind"] == "contradiction"
    assert Version.objects.count() == 1


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("POST", "/strategies", b"{", 400),
        ("POST", "/strategies", b"\xff\xfe", 400),
        ("POST", "/strategies", b"[" * 100_000, 400),
        ("POST", "/strategies", {"body": []}, 400),
        ("POST", "/strategies", {"body": {"id": "x\x00y", "owner": "search-quality"}}, 400),
        ("POST", "/strategies", {"body": {"id": "Not Kebab", "owner": "search-quality"}}, 400),
        ("POST", "/strategies", {"body": {"id": "fine", "owner": "nobody"}}, 404),
        ("POST", "/strategies", b'{"body": {"id": "big", "why": "' + b"x" * (5 << 20) + b'"}}', 413),
        ("GET", "/strategies?after=nowhere", None, 400),
        ("GET", "/strategies?limit=0", None, 400),
        ("GET", "/strategies/nowhere", None, 404),
        ("GET", "/strategies/nowhere/versions/1", None, 404),
        ("GET", "/releases/99", None, 404),
        ("GET", "/no-such-thing", None, 404),
        ("POST", "/controls/kill", {"below": "legal", "why": "x"}, 400),
        ("POST", "/controls/freezes", {"start": "2026-01-01T00:00:00", "end": "2026-01-02T00:00:00Z", "why": "x"}, 400),
        ("PUT", "/schema", {"text": "entities: 3"}, 400),
    ],
)
def test_what_cannot_be_is_told_in_the_one_shape(mall, call, method, path, sent, status):
    answer = call(mall.commander.person if "controls" in path else mall.author.person, method, path, sent)
    assert answer.status_code == status, answer.content[:500]
    assert answer.told["errors"][0]["code"].startswith("AED-")


def test_deeply_nested_and_odd_texts_cost_nothing_and_are_kept_or_refused(mall, call):
    deep: object = 1
    for _ in range(200):
        deep = [deep]
    answer = call(mall.author.person, "POST", "/strategies", {"body": body(params=deep)})
    assert answer.status_code in (201, 400)
    odd = call(mall.author.person, "POST", "/strategies", {"body": body("odd-one", title="\u202eevil\u0000")})
    assert odd.status_code in (201, 400)


def test_without_a_key_nothing_is_told(mall, call, browse):
    for path in ("/strategies", "/me", "/history", "/people"):
        answer = call(None, "GET", path)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer.told["errors"][0]["code"].startswith("AED-CON-02")


def test_a_key_to_read_does_not_write(mall, call):
    answer = call(mall.author.person, "POST", "/strategies", {"body": body()}, scopes=("read",))
    assert answer.status_code == 403
    assert call(mall.author.person, "GET", "/strategies", scopes=("read",)).status_code == 200


def test_with_a_session_a_write_needs_its_token(mall):
    from django.test import Client

    client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    client.force_login(mall.author.person, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/api/v1/me").json()["email"] == mall.author.person.email
    refused = client.post("/api/v1/strategies", {"body": body()}, content_type="application/json")
    assert refused.status_code == 403
    page = client.get("/strategies/")
    token = page.cookies["aedile_csrf"].value
    taken = client.post(
        "/api/v1/strategies", {"body": body()}, content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert taken.status_code == 201


def test_a_key_makes_no_key(mall, call):
    assert call(mall.author.person, "POST", "/keys", {"scopes": ["write"], "days": 1}).status_code == 405


def test_a_schema_is_entered_and_told(mall, call):
    told = call(mall.admin.person, "PUT", "/schema", {"text": SCHEMA, "note": "again"}).told
    assert told["note"] == "again"
    assert call(mall.author.person, "GET", "/schema").told["digest"] == told["digest"]


def test_people_are_let_in_given_roles_and_let_out(mall, call):
    admin = mall.admin.person
    new = {"email": "new@example.com", "name": "New", "grants": [{"role": "viewer", "markets": ["ID"]}]}
    made = call(admin, "POST", "/people", new)
    assert made.status_code == 201
    assert "/" in made.told["link"]
    id_ = made.told["id"]
    assert call(admin, "GET", f"/people/{id_}").told["grants"][0]["role"] == "viewer"
    assert (
        len(call(admin, "POST", f"/people/{id_}/grants", {"role": "analyst", "markets": ["all"]}).told["grants"]) == 2
    )
    assert call(admin, "POST", f"/people/{id_}/deactivate", {"why": "left"}).told["is_active"] is False
    assert call(mall.author.person, "POST", "/people", new | {"email": "x@example.com"}).status_code == 403
