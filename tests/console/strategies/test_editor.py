"""The editor's pages: what is typed is saved, comes back with its errors, and is never lost."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.console.strategies.conftest import Mall, body
from tests.console.strategies.goods import SCHEMA, SELLERS, items, put

NEW = "/strategies/-/new"


@pytest.fixture
def desk(mall: Mall) -> Mall:
    from aedile.console.settings import HOME
    from aedile.console.strategies import live
    from aedile.console.strategies.actions import enter_schema
    from aedile.console.strategies.exposed import COUNTER

    live.forget()
    COUNTER.forget()
    HOME.entities_log.unlink(missing_ok=True)
    enter_schema(mall.admin, SCHEMA)
    yield mall
    live.forget()


def sent(**changes: Any) -> dict[str, Any]:
    """What the form of a strategy sends."""
    from aedile.console.strategies.forms import fields_of, sent_by

    fields = fields_of(body(**changes))
    assert fields is not None
    return dict(sent_by(fields))


def saved(id_: str = "dear-demote") -> Any:
    from aedile.console.strategies.models import Version

    return Version.objects.filter(strategy_id=id_).order_by("-number").first()


# ---------------------------------------------------------------- a body as a form, and back

_WORDS = st.text("ab ü中ع‏\U0001f45c&<>\"'#:-{}[]%\n", min_size=1, max_size=30).map(str.strip).filter(bool)
_BODIES = st.fixed_dictionaries(
    {
        "id": st.just("some-id"), "title": _WORDS, "why": _WORDS, "owner": st.just("search-quality"),
        "tier": st.sampled_from(["legal", "quality"]), "applies_to": st.just("item"),
        "markets": st.sampled_from([["ID"], ["ID", "MY"], ["all"]]),
        "channels": st.sampled_from([["all"], ["live", "search"]]), "condition": _WORDS,
        "action": st.sampled_from([
            "exclude", {"demote": {"factor": 0.5}}, {"boost": {"factor": 2}}, {"pin": {"position": 3}},
            {"cap": {"key": "item.seller_id", "max": 0.2, "first_n": 10}},
            {"cap": {"per": "shopper", "max": 3, "window": "24h"}}, {"reserve": {"min": 1, "first_n": 10}},
            {"badge": {"key": "official"}}, {"refer": {"queue": "people", "share": 0.1}},
            {"exempt": {"from": ["a-b", "c"]}}, {"exempt": {"from": {"tier": "growth"}}},
        ]),
    },
    optional={
        "policy": _WORDS, "rank": st.integers(-5, 5).filter(bool), "starts": st.just("2026-11-25T00:00:00Z"),
        "expires": st.just("2027-01-01T12:30:15Z"),
        "budget": st.sampled_from([{"exposures": 0.02}, {"exposures": 0.075, "seller": 0.5}]),
        "canary": st.just({"unit": "item"}), "overrides": st.just(["a-b", "c"]),
        "params": st.fixed_dictionaries(
            {"default": st.fixed_dictionaries({
                "a": st.floats(0.1, 9e9).filter(lambda x: x != int(x)), "b": st.integers(-9, 9), "c": st.booleans(),
                "d": st.just({"duration": "24h"}), "e": st.just(["x", "y z"]), "f": st.just([1, 2]),
                "g": st.just({"timestamp": "2026-01-01T00:00:00Z"}),
            })},
            optional={"MY": st.just({"b": 7, "e": ["q"]}), "ID": st.just({})},
        ),
        "examples": st.lists(
            st.fixed_dictionaries({
                "given": st.dictionaries(st.sampled_from(["item.title", "item.tags"]), st.sampled_from(["no", "5"])),
                "market": st.just("ID"), "channel": st.just("live"), "fires": st.booleans(),
            }), max_size=2,
        ),
    },
)  # fmt: skip


@settings(max_examples=150)
@given(_BODIES)
def test_a_body_comes_back_from_its_form_as_it_was(console_home: Any, written: dict[str, Any]) -> None:
    from aedile.console.strategies.forms import body_of, fields_of, sent_by

    fields = fields_of(written)
    assert fields is not None
    again, errors = body_of(sent_by(fields))
    assert errors == []
    assert again == {k: v for k, v in written.items() if v not in ([], {})}


@pytest.mark.parametrize(
    "odd",
    [
        {"color": "red"}, {"params": {"default": {"a": [[1]]}}}, {"action": {"demote": {"factor": 0.5}, "pin": {}}},
        {"examples": "none"}, {"markets": "ID"}, {"action": {"demote": {"factor": 0.5, "by": 3}}},
    ],
)  # fmt: skip
def test_what_no_form_can_hold_is_edited_as_a_file(desk: Mall, browse, odd: dict[str, Any]) -> None:
    version = desk.draft(**odd)
    page = browse(desk.author.person).get(f"/strategies/dear-demote/{version.number}/edit").content.decode()
    assert 'name="text"' in page
    assert 'name="condition"' not in page


# ---------------------------------------------------------------- writing


def test_a_new_strategy_is_saved_from_its_form(desk: Mall, browse) -> None:
    client = browse(desk.author.person)
    assert client.get(NEW).status_code == 200
    answer = client.post(NEW, {**sent(), "do": "save", "note": "first"})
    assert answer.status_code == 302
    assert answer["Location"] == "/strategies/dear-demote/1/edit"
    assert saved().body == body()
    assert (saved().problems, saved().note) == ([], "first")
    page = client.get(answer["Location"]).content.decode()
    assert "What is dear is shown later" in page


def test_a_draft_with_an_error_is_saved_and_says_so(desk: Mall, browse) -> None:
    client = browse(desk.author.person)
    data = {**sent(), "condition": "item.prise > 5.0"}
    answer = client.post(NEW, data, follow=True)
    assert "There is no feature" in answer.content.decode() or "item.prise" in answer.content.decode()
    assert saved().problems[0]["field"] == "condition"
    assert saved().body["condition"] == "item.prise > 5.0"


def test_what_cannot_be_kept_comes_back_as_it_was_typed(desk: Mall, browse) -> None:
    answer = browse(desk.author.person).post(NEW, {**sent(), "id": "No Id!", "title": "Tas “مقلدة” 手提包"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Tas “مقلدة” 手提包" in page
    assert "No Id!" in page
    assert "AED-STRAT" in page
    assert saved() is None


def test_an_example_that_is_no_yaml_comes_back_with_its_place(desk: Mall, browse) -> None:
    data = {**sent(), "example": ["0"], "example.0.given": ["item.price: [1"], "example.0.market": ["ID"]}
    answer = browse(desk.author.person).post(NEW, data)
    assert answer.status_code == 422
    assert "examples[0].given" in answer.content.decode()
    assert "item.price: [1" in answer.content.decode()


def test_a_strategy_is_saved_as_a_file_too(desk: Mall, browse) -> None:
    from aedile.console.strategies.body import to_text

    client = browse(desk.author.person)
    assert 'name="text"' in client.get(f"{NEW}?as=text").content.decode()
    answer = client.post(f"{NEW}?as=text", {"text": to_text(body(), "shadow"), "do": "save"})
    assert answer["Location"].endswith("/edit?as=text")
    assert saved().body == body()
    broken = client.post(f"{NEW}?as=text", {"text": "id: [", "do": "save"})
    assert broken.status_code == 422
    assert "AED-DATA-004" in broken.content.decode()


def test_rows_come_and_go_without_a_script_and_nothing_is_written(desk: Mall, browse) -> None:
    client = browse(desk.author.person)
    data = {**sent(), "do": "add-param"}
    assert 'name="param.0.name"' in client.post(NEW, data).content.decode()
    assert 'name="example.1.given"' in client.post(NEW, {**data, "do": "add-example"}).content.decode()
    assert 'name="example.0.given"' not in client.post(NEW, {**data, "do": "drop-example:0"}).content.decode()
    page = client.post(NEW, {**data, "param": "0", "do": "add-pack", "new-pack": "my, xx"}).content.decode()
    assert 'name="param.0.MY"' in page
    assert "param.0.XX" not in page
    assert saved() is None


def test_a_version_that_runs_begins_a_draft_when_it_is_saved(desk: Mall, browse) -> None:
    version = desk.live()
    client = browse(desk.author.person)
    address = f"/strategies/dear-demote/{version.number}/edit"
    assert client.get(address).status_code == 200
    answer = client.post(address, {**sent(title="Other"), "do": "save"})
    assert answer["Location"] == "/strategies/dear-demote/2/edit"
    assert (saved().number, saved().stage, saved().body["title"]) == (2, "draft", "Other")
    assert client.get(address)["Location"] == "/strategies/dear-demote/2/edit"


def test_a_proposed_text_is_not_edited(desk: Mall, browse) -> None:
    version = desk.proposed()
    answer = browse(desk.author.person).get(f"/strategies/dear-demote/{version.number}/edit")
    assert answer.status_code == 409
    assert "AED-CON-041" in answer.content.decode()


def test_submitting_tells_the_reach_that_was_measured(desk: Mall, browse) -> None:
    put(items(50))
    client = browse(desk.author.person)
    answer = client.post(NEW, {**sent(condition="item.price >= 40.0", examples=[]), "do": "submit"})
    assert answer["Location"] == "/strategies/dear-demote/1/"
    assert saved().stage == "proposed"
    assert saved().reach == pytest.approx(9 / 50)


def test_a_draft_with_an_error_is_kept_and_not_submitted(desk: Mall, browse) -> None:
    answer = browse(desk.author.person).post(NEW, {**sent(), "condition": "item.prise > 5.0", "do": "submit"})
    assert answer.status_code == 422
    assert "AED-CON-042" in answer.content.decode()
    assert (saved().stage, saved().body["condition"]) == ("draft", "item.prise > 5.0")


# ---------------------------------------------------------------- who may


@pytest.mark.parametrize("role", ["viewer", "approver", "auditor", "admin"])
def test_whoever_may_not_write_meets_no_editor(desk: Mall, browse, make_person, role: str) -> None:
    version = desk.draft()
    client = browse(make_person(role))
    edit = f"/strategies/dear-demote/{version.number}/edit"
    assert {client.get(a).status_code for a in (NEW, edit, "/strategies/-/words")} == {403}
    for address in (NEW, edit, "/strategies/-/panel"):
        assert client.post(address, sent()).status_code == 403
    assert client.post("/strategies/-/faces", "{}", content_type="application/json").status_code == 403
    assert saved().revision == 1


def test_another_team_or_market_may_not_save(desk: Mall, browse, make_person) -> None:
    version = desk.draft()
    address = f"/strategies/dear-demote/{version.number}/edit"
    others = make_person("strategist", team="brand-protection")
    assert browse(others).post(address, {**sent(title="Mine"), "revision": "1"}).status_code == 403
    elsewhere = make_person("strategist", team="search-quality", markets=["MY"])
    assert browse(elsewhere).get(address).status_code == 404
    assert saved().revision == 1


def test_a_stranger_is_led_to_the_sign_in_and_a_form_from_elsewhere_is_refused(desk: Mall, browse) -> None:
    from django.test import Client

    assert browse().get(NEW).status_code == 302
    client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    client.force_login(desk.author.person, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(NEW, sent()).status_code == 403
    assert client.post("/strategies/-/panel", sent()).status_code == 403


# ---------------------------------------------------------------- two at once


def test_two_who_save_at_once_see_both_texts_and_what_fits_together(desk: Mall, browse) -> None:
    from aedile.console.strategies.actions import save_draft

    version = desk.draft()
    save_draft(desk.colleague, version, body(title="Theirs", why="Their reason."), 1)
    client = browse(desk.author.person)
    address = f"/strategies/dear-demote/{version.number}/edit"
    mine = {**sent(title="Mine", condition="item.price > 50.0"), "revision": "1", "do": "save"}
    answer = client.post(address, mine)
    assert answer.status_code == 409
    page = answer.content.decode()
    for text in ("Theirs", "Mine", "Their reason.", "item.price &gt; 50.0", "What is dear is shown later"):
        assert text in page
    assert set(re.findall(r'name="choice\.(\w+)"', page)) == {"title"}
    assert saved().revision == 2
    kept = json.dumps(body(title="Mine", condition="item.price > 50.0"))
    chosen = {"do": "resolve", "mine": kept, "base_revision": "1", "revision": "2", "choice.title": "mine"}
    assert client.post(address, {**chosen, "then": "save"}).status_code == 302
    assert saved().body == body(title="Mine", why="Their reason.", condition="item.price > 50.0")
    assert saved().revision == 3


def test_what_was_not_chosen_is_asked_again_and_a_third_save_is_met(desk: Mall, browse) -> None:
    from aedile.console.strategies.actions import save_draft

    version = desk.draft()
    save_draft(desk.colleague, version, body(title="Theirs"), 1)
    client = browse(desk.author.person)
    address = f"/strategies/dear-demote/{version.number}/edit"
    kept = json.dumps(body(title="Mine"))
    chosen = {"do": "resolve", "mine": kept, "base_revision": "1", "revision": "2", "then": "save"}
    assert client.post(address, chosen).status_code == 409
    version.refresh_from_db()
    save_draft(desk.colleague, version, body(title="Theirs again"), 2)
    again = client.post(address, {**chosen, "choice.title": "theirs"})
    assert again.status_code == 409
    assert "Theirs again" in again.content.decode()
    assert saved().revision == 3
    bad = client.post(address, {**chosen, "mine": "{"})
    assert bad.status_code == 400


def test_what_was_put_together_can_be_taken_into_the_editor(desk: Mall, browse) -> None:
    from aedile.console.strategies.actions import save_draft

    version = desk.draft()
    save_draft(desk.colleague, version, body(why="Their reason."), 1)
    answer = browse(desk.author.person).post(
        f"/strategies/dear-demote/{version.number}/edit",
        {
            "do": "resolve",
            "mine": json.dumps(body(title="Mine")),
            "base_revision": "1",
            "revision": "2",
            "then": "edit",
        },
    )
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Their reason." in page
    assert 'value="Mine"' in page
    assert saved().revision == 2


# ---------------------------------------------------------------- two versions


def test_two_versions_are_compared_field_by_field(desk: Mall, browse) -> None:
    from aedile.console.strategies.actions import next_draft, save_draft

    version = desk.live()
    draft = next_draft(desk.author, version)
    save_draft(
        desk.author, draft, body(condition="item.price > 100.0\n&& item.stock > 3", budget={"exposures": 0.02}), 1
    )
    page = browse(desk.approver.person).get("/strategies/dear-demote/1/2/compare").content.decode()
    assert "edit-line-added" in page
    assert "&amp;&amp; item.stock &gt; 3" in page
    assert "budget" in page
    assert browse(desk.approver.person).get("/strategies/dear-demote/1/9/compare").status_code == 404


def test_lines_are_laid_side_by_side() -> None:
    from aedile.console.strategies.comparing import Line, compare_lines

    assert compare_lines(["a", "b", "c"], ["a", "x", "c", "d"]) == [
        Line("same", "a", "a"), Line("changed", "b", "x"), Line("same", "c", "c"), Line("added", None, "d"),
    ]  # fmt: skip


# ---------------------------------------------------------------- the live panel


def panel(client: Any, **changes: Any) -> str:
    answer = client.post("/strategies/-/panel", sent(**changes))
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def test_the_panel_counts_shows_samples_and_says_what_is_unknown(desk: Mall, browse) -> None:
    put(SELLERS, "seller")
    put(items(110))
    page = panel(browse(desk.author.person), condition="item.category == 'bags' && item.price >= 8.0", examples=[])
    count = sum(r.get("category") == "bags" and r.get("price", 0) >= 8 for r in items(110))
    assert f'data-count="{count}"' in page
    assert page.count("data-use-example") >= 12
    assert "item.category" in page
    assert 'data-unknown="' in page
    assert "no decisions in the log yet" in page
    assert "Sellers" in page


def test_the_panel_says_how_each_example_comes_out(desk: Mall, browse) -> None:
    page = panel(browse(desk.author.person), condition="item.price > 500.0")
    assert 'data-outcome-of="0" data-holds="no"' in page
    assert "it does not fire" in page


def test_the_panel_tells_what_is_wrong_with_its_field(desk: Mall, browse) -> None:
    client = browse(desk.author.person)
    assert 'data-field="condition"' in panel(client, condition="item.prise > 5.0")
    assert 'data-field="action.demote.factor"' in panel(client, action={"demote": {"factor": 7}})
    assert "an empty catalogue" not in panel(client)


def test_the_panel_shows_conflicts_with_owners_and_witnesses(desk: Mall, browse, make_person) -> None:
    desk.live(examples=[], action="exclude", condition="item.price > 50.0")
    page = panel(browse(desk.author.person), id_="push-toys", condition="item.price > 90.0 && item.category == 'toys'",
                 action={"boost": {"factor": 2}}, examples=[])  # fmt: skip
    assert "contradiction" in page
    assert "dear-demote" in page
    assert "search-quality" in page
    assert "toys" in page
    local = make_person("strategist", team="search-quality", markets=["MY"])
    elsewhere = panel(browse(local), id_="push-toys", markets=["all"], condition="item.price > 90.0",
                      action={"boost": {"factor": 2}}, examples=[])  # fmt: skip
    assert "dear-demote" not in elsewhere
    assert "and 1 in markets that you may not look into" in elsewhere


def test_the_panel_shows_the_difference_to_what_is_live(desk: Mall, browse) -> None:
    desk.live()
    page = panel(browse(desk.author.person), condition="item.price > 90.0")
    assert "-condition: &quot;item.price &gt; 100.0&quot;" in page
    assert "+condition: &quot;item.price &gt; 90.0&quot;" in page


def test_the_panel_counts_each_pack_of_markets(desk: Mall, browse) -> None:
    put(items(50))
    page = panel(browse(desk.author.person), condition="item.price >= param.least", markets=["ID", "MY"], examples=[],
                 params={"default": {"least": 40.0}, "MY": {"least": 10.0}})  # fmt: skip
    assert re.search(r"<td>ID</td>\s*<td class=\"number\">9</td>", page)
    assert re.search(r"<td>MY</td>\s*<td class=\"number\">36</td>", page)
