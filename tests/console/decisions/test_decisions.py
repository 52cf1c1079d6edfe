"""What people find in the decision log, what they are told of it, and what they are not."""

from __future__ import annotations

import html
import re
import time

import pytest
from django.urls import reverse

from tests.console.decisions.conftest import HOUR, ITEMS, ODD, request
from tests.console.decisions.conftest import text as strategy


def text_of(answer):
    """The page's text without its tags."""
    page = re.sub(r"<(script|style).*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.fixture
def viewer(make_person, browse):
    return browse(make_person("viewer"))


@pytest.fixture
def analyst(make_person, browse):
    return browse(make_person("analyst"))


def test_an_empty_log_says_so(empty_log, viewer):
    assert "The log is empty" in text_of(viewer.get("/decisions/"))


FOUND = (
    ({}, ["r-3", "r-2", "r-1"]),
    ({"request": "r-2"}, ["r-2"]),
    ({"id": "fake"}, ["r-3", "r-1"]),
    ({"id": ODD}, ["r-3", "r-1"]),
    ({"strategy": "fake-exclude"}, ["r-3", "r-1"]),
    ({"strategy": "fake-exclude", "part": "excluded", "id": "fake"}, ["r-3", "r-1"]),
    ({"strategy": "fake-exclude", "id": "dear"}, []),
    ({"strategy": "fair-watch"}, []),
    ({"strategy": "fair-watch", "part": "shadow"}, ["r-3", "r-2", "r-1"]),
    ({"market": "my"}, ["r-3"]),
    ({"channel": "live"}, []),
    ({"query": "HANDBAG"}, ["r-3", "r-1"]),
    ({"release": "99"}, []),
    ({"until": "2020-01-01T00:00"}, []),
    ({"since": "0001-01-01T00:00+23:00", "until": "9999-12-31T23:59-23:00"}, ["r-3", "r-2", "r-1"]),
)


@pytest.mark.parametrize("sealed", [False, True])
def test_the_search_finds_what_was_asked_for(desk, viewer, sealed):
    desk.decide([request("r-1"), request("r-2", "ID", "dear", "fair", query="shoe"), request("r-3", "MY")])
    if sealed:
        from aedile.console.settings import HOME
        from aedile.store.decision_index import index_new
        from aedile.store.seal import seal_all

        seal_all(HOME, time.time(), everything=True)
        assert index_new(HOME) > 0
    for said, wanted in FOUND:
        page = viewer.get("/decisions/", said).content.decode()
        assert re.findall(r'<td><a class="entity" href="/decisions/\d+/(r-\d)/"', page) == wanted, said
        assert ("No decision in the log is so" in page) == (wanted == [])


def test_pages_follow_each_other_by_their_address(desk, viewer):
    desk.decide([request(f"r-{number}") for number in range(120)])
    seen, address = [], "/decisions/?channel=search"
    while address:
        page = viewer.get(address).content.decode()
        found = re.findall(r'<td><a class="entity" href="/decisions/\d+/(r-\d+)/"', page)
        assert 0 < len(found) <= 50
        seen += found
        further = re.search(r'<tr id="further">.*?href="([^"]+)"', page, re.DOTALL)
        address = html.unescape(further.group(1)) if further else None
    assert seen == [f"r-{number}" for number in reversed(range(120))]


def test_a_page_whose_time_is_up_says_how_far_it_got(desk, viewer, monkeypatch):
    from aedile.console.decisions import questions
    from aedile.store import decision_search

    for number in range(3):
        desk.decide([request(f"r-{number}")])

    def hurried(*arguments, **options):
        return decision_search.search(*arguments, **{**options, "seconds": -1.0})

    monkeypatch.setattr(questions, "search", hurried)
    answer = viewer.get("/decisions/")
    assert "Everything was looked at back to" in text_of(answer)
    assert "Search further back" in text_of(answer)


def test_a_search_that_means_nothing_is_told_so(empty_log, viewer):
    for said in ({"since": "yesterday"}, {"release": "one"}, {"part": "loved"}, {"after": "x"}):
        answer = viewer.get("/decisions/", said)
        assert answer.status_code == 400
        assert "AED-CON-101" in answer.content.decode()


def test_a_decision_shows_the_slate_before_and_after(desk, viewer):
    desk.decide([request("r-1")])
    answer = viewer.get(desk.address("r-1"))
    page = answer.content.decode()
    before, after = page.split('id="side-slate"')
    ids = [f'title="item {html.escape(id_)}"' for id_ in ITEMS]
    places = [before.index(one) for one in ids]
    assert places == sorted(places)
    order = [after.index(f'title="item {html.escape(id_)}"') for id_ in ("fair", "dear", ODD, "fake")]
    assert order == sorted(order)
    text = text_of(answer)
    assert "excluded fake-exclude" in text
    assert "acted × 0.1 dear-demote" in text
    assert "would have fired (shadow) fair-watch" in text
    assert 'href="/strategies/fake-exclude/"' in page
    assert 'href="/releases/3/"' in page


def test_a_shopper_is_never_shown_whole(desk, viewer):
    desk.decide([request("r-1")])
    from aedile.console.settings import HOME
    from aedile.store.decision_lookup import look_up

    whole = look_up(HOME, "r-1", desk.at["r-1"]).row["shopper"]
    for address in (desk.address("r-1"), desk.address("r-1", "why", "item", "fake"), "/decisions/"):
        page = viewer.get(address).content.decode()
        assert whole not in page
        assert "ann-the-shopper" not in page
    assert whole[:14] in viewer.get(desk.address("r-1")).content.decode()


def test_what_comes_from_outside_stays_text(desk, viewer):
    desk.decide([request("r-1"), request('"><img src=x>')])
    for address in (
        "/decisions/", desk.address("r-1"), desk.address('"><img src=x>'), desk.address("r-1", "why", "item", ODD),
        reverse("entity", args=["item", ODD]), reverse("request", args=['"><img src=x>']),
    ):  # fmt: skip
        answer = viewer.get(address, follow=True)
        assert answer.status_code == 200
        page = answer.content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<i>" not in page


def test_why_tells_strategies_values_and_the_least_change(desk, viewer):
    desk.decide([request("r-1")])
    text = text_of(viewer.get(desk.address("r-1", "why", "item", "fake")))
    assert "Why did this not appear?" in text
    assert "item.price < 50.0 && seller.late > 0.3" in text
    assert "item.price 30.0" in text
    assert "seller.late 0.4" in text
    assert re.search(r"The least change that turns it around (item.price 30.0 → 50.0|seller.late 0.4 → 0.3)", text)


def test_why_can_ask_about_one_strategy_that_did_not_fire(desk, viewer):
    desk.decide([request("r-1")])
    address = desk.address("r-1", "why", "item", "fair")
    assert "fair-watch" in text_of(viewer.get(address))
    text = text_of(viewer.get(address, {"strategy": "dear-demote"}))
    assert "does not fire" in text
    assert "item.price 20.0 → 100.0" in text
    assert "The release has no strategy" in text_of(viewer.get(address, {"strategy": "no-such"}))


def test_a_decision_logged_in_brief_says_what_acted_and_that_values_are_not_known(desk, analyst):
    desk.decide([request("r-1")], in_full=False)
    text = text_of(analyst.get(desk.address("r-1", "why", "item", "fake")))
    assert "excluded fake-exclude" in text
    assert "Its values were not logged" in text
    answer = analyst.get(desk.address("r-1", "replay"), {"release": "3"})
    assert answer.status_code == 400
    assert "AED-CON-102" in answer.content.decode()


def test_a_release_that_is_gone_leaves_what_the_log_says(desk, viewer, console):
    import psycopg

    desk.decide([request("r-1")])
    with psycopg.connect(console.dsn) as connection:
        connection.execute("alter table published disable trigger all")
        connection.execute("delete from published where kind = 'release'")
    text = text_of(viewer.get(desk.address("r-1", "why", "item", "fake")))
    assert "It cannot be made again: there is no release 3 any more" in text
    assert "excluded fake-exclude" in text


def test_a_replay_shows_what_another_release_would_have_decided(desk, analyst):
    desk.decide([request("r-1")])
    desk.live("fair-pin", 'item.title == "A fair one"', {"pin": {"position": 1}})
    text = text_of(analyst.get(desk.address("r-1", "replay"), {"release": "2"}))
    assert "0 candidates would be others" in text
    text = text_of(analyst.get(desk.address("r-1", "replay"), {"release": "1"}))
    assert re.search(r"dear 1 2 \S* 1 1 1 place down 1", text) or "dear-demote" in text
    text = text_of(analyst.get(desk.address("r-1", "replay"), {"release": "4"}))
    assert "fair-pin" in text
    answer = analyst.get(desk.address("r-1", "replay"), {"release": "77"})
    assert "there is no release 77" in text_of(answer)
    assert analyst.get(desk.address("r-1", "replay"), {"release": "x"}).status_code == 400


def test_viewers_may_not_replay(desk, viewer):
    desk.decide([request("r-1")])
    assert "Replay on release" not in text_of(viewer.get(desk.address("r-1")))
    assert viewer.get(desk.address("r-1", "replay"), {"release": "2"}).status_code == 403


def test_a_market_that_is_not_theirs_is_as_if_it_were_not(desk, make_person, browse):
    desk.decide([request("r-id"), request("r-my", "MY")])
    local = browse(make_person("analyst", markets=["MY"]))
    for said in ({}, {"market": "ID"}, {"market": "MY"}, {"id": "fake"}, {"request": "r-id"}):
        assert "r-id" not in re.findall(r"/decisions/\d+/([\w-]+)/", local.get("/decisions/", said).content.decode())
    assert "r-my" in local.get("/decisions/").content.decode()
    desk.at["r-no"] = desk.at["r-id"]
    for more in ((), ("why", "item", "fake"), ("replay",)):
        theirs = local.get(desk.address("r-id", *more), {"release": "1"})
        none = local.get(desk.address("r-no", *more), {"release": "1"})
        assert (theirs.status_code, none.status_code) == (404, 404)
        assert text_of(theirs).replace("r-id", "r-no") == text_of(none)
    theirs, none = (local.get(reverse("request", args=[one])) for one in ("r-id", "r-no"))
    assert (theirs.status_code, none.status_code) == (404, 404)
    assert text_of(theirs).replace("r-id", "r-no") == text_of(none)
    page = local.get(reverse("entity", args=["item", "fake"])).content.decode()
    assert "r-id" not in re.findall(r"/decisions/\d+/([\w-]+)/", page)
    assert "r-my" in page


def test_somebody_without_a_grant_sees_nothing(desk, make_person, browse):
    desk.decide([request("r-1")])
    stranger = browse(make_person())
    for address in (
        "/decisions/", desk.address("r-1"), reverse("entity", args=["item", "fake"]), reverse("request", args=["r-1"]),
        reverse("entity_exposures", args=["item", "fake"]), reverse("strategy_decisions", args=["fake-exclude"]),
    ):  # fmt: skip
        assert stranger.get(address).status_code == 403
    assert browse().get("/decisions/").status_code == 302


def test_a_requests_address_leads_to_its_decision_or_to_all_of_them(desk, viewer):
    desk.decide([request("r-1"), request("r-2"), request("r-2")])
    assert viewer.get(reverse("request", args=["r-1"])).url == desk.address("r-1")
    page = viewer.get(reverse("request", args=["r-2"])).content.decode()
    assert "decided more than once" in page
    assert page.count('/r-2/" title') == 2


def test_an_item_says_what_acts_on_it_where_since_when_and_by_whom(desk, viewer):
    desk.decide([request("r-1")])
    text = text_of(viewer.get(reverse("entity", args=["item", "fake"])))
    assert "What acts on it by release 3" in text
    row = text[text.index("fake-exclude") : text.index("Latest decisions")]
    assert "exclude live ID MY" in row
    assert "first here" in row
    assert str(desk.author.person) in row
    assert str(desk.approver.person) in row
    assert "dear-demote" not in row
    assert "shop-2" in text
    assert "r-1" in text


def test_an_item_tells_what_depends_on_the_request(desk, viewer):
    desk.live("query-boost", 'request.query == "handbag"', {"boost": {"factor": 2.0}})
    text = text_of(viewer.get(reverse("entity", args=["item", "fair"])))
    assert "depends on the request request.query" in text[text.index("query-boost") :]


def test_an_item_that_nothing_is_known_of_says_so(desk, viewer):
    text = text_of(viewer.get(reverse("entity", args=["item", "no-such-item"])))
    assert "The catalogue knows nothing of it now" in text
    assert "Nothing acts on it" in text
    assert viewer.get(reverse("entity", args=["planet", "mars"])).status_code == 404


def test_a_seller_has_its_items_and_the_share_of_exposures_touched(desk, viewer):
    desk.decide([request("r-1", limit=2), request("r-2", "MY", limit=2)])
    text = text_of(viewer.get(reverse("entity", args=["seller", "shop-1"])))
    assert "2 entities of kind item lead here" in text
    assert "something acts on 1 of 2" in text
    told = text_of(viewer.get(reverse("entity_exposures", args=["seller", "shop-1"])))
    assert "4 shown · 50 % of these touched" in told.replace("\xa0", " ")
    assert "dear-demote 2 50 %" in told.replace("\xa0", " ")


def test_a_strategy_is_counted_by_place_and_hour(desk, viewer):
    desk.decide([request("r-1"), request("r-2", "MY"), request("r-3", "MY")])
    text = text_of(viewer.get(reverse("strategy_decisions", args=["dear-demote"])))
    assert "MY · search acted 2 4" in text
    assert "ID · search acted 1 2" in text
    assert viewer.get(reverse("strategy_decisions", args=["no-such"])).status_code == 404


def test_a_strategys_page_reads_out_what_it_would_have_done_and_whether_others_agree(desk, viewer):
    desk.live("cheap-watch", "item.price < 50.0", {"exclude": {}}, stage="shadow")
    desk.decide([request("r-1"), request("r-2", "MY"), request("r-3", "MY")])
    page = viewer.get(reverse("version", args=["cheap-watch", 1])).content.decode()
    address = reverse("strategy_readout", args=["cheap-watch"])
    assert f'hx-get="{address}"' in page
    told = text_of(viewer.get(address)).replace("\xa0", " ")
    assert "6 would have fired" in told
    assert "MY · search 2 4" in told
    assert "ID · search 1 2" in told
    assert "Of 6 candidates, on 50 % nothing else acted; 50 % were not in the slate." in told
    assert "fake-exclude" in told
    assert "3 50 %" in told
    live = text_of(viewer.get(reverse("strategy_readout", args=["fake-exclude"]), {"days": "7"})).replace("\xa0", " ")
    assert "3 acted · 3 fired" in live
    assert "Of 3 candidates, on 100 % nothing else acted; 100 % were not in the slate." in live


def test_a_readout_of_nothing_says_so_and_a_draft_has_none(desk, viewer):
    from aedile.console.strategies.actions import create_draft

    create_draft(desk.author, strategy("a-draft", "item.price > 1.0", {"exclude": {}}))
    assert "readout" not in viewer.get(reverse("version", args=["a-draft", 1])).content.decode()
    told = text_of(viewer.get(reverse("strategy_readout", args=["dear-demote"])))
    assert "It did nothing in this time that the log knows of." in told
    for days in ("2", "x", ""):
        assert viewer.get(reverse("strategy_readout", args=["dear-demote"]), {"days": days}).status_code == 400


def test_a_readout_tells_only_of_markets_that_are_theirs(desk, make_person, browse):
    desk.decide([request("r-1"), request("r-2", "MY")])
    local = browse(make_person("analyst", markets=["MY"]))
    told = text_of(local.get(reverse("strategy_readout", args=["dear-demote"])))
    assert "MY · search" in told
    assert "ID · search" not in told
    assert browse(make_person()).get(reverse("strategy_readout", args=["dear-demote"])).status_code == 403


def test_a_damaged_file_is_named_and_the_rest_is_found(desk, viewer):
    from aedile.console.settings import HOME
    from aedile.store.seal import seal_all

    desk.decide([request("r-1")])
    seal_all(HOME, time.time(), everything=True)
    (path,) = (HOME.decisions / "brief").rglob("*.parquet")
    path.write_bytes(b"PAR1 and then nothing")
    desk.decide([request("r-2")])
    text = text_of(viewer.get("/decisions/"))
    assert "A file of the log cannot be read" in text
    assert path.name in text
    assert "r-2" in text


@pytest.mark.parametrize("id_", [ODD, "..", ".", "a/../b", "~", "", " ", "a\nb", "item-7", "x" * 128, "%2e%2e"])
def test_every_id_has_an_address_of_its_own(console, id_):
    from aedile.console.decisions.addresses import IdConverter

    converter = IdConverter()
    written = converter.to_url(id_)
    assert re.fullmatch(converter.regex, written)
    assert converter.to_python(written) == id_


def test_pages_are_quick_over_many_decisions(desk, viewer):
    start = time.time_ns() // 1000 - HOUR
    desk.decide([request(f"r-{number}") for number in range(900)], in_full=False, at=start)
    viewer.get("/decisions/")
    began = time.perf_counter()
    for said in ({}, {"id": "fake"}, {"strategy": "fake-exclude", "part": "excluded"}, {"request": "r-7"}):
        assert viewer.get("/decisions/", said).status_code == 200
    assert time.perf_counter() - began < 4 * 3
