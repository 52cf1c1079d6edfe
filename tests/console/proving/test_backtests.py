"""A version is backtested in the console: by a job, for those who may, and nobody sees markets that are not theirs."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace

import pytest

from aedile.errors import ConsoleError
from tests.console.api.conftest import call  # noqa: F401  fixture
from tests.console.decisions.conftest import Desk, desk, empty_log, request, text  # noqa: F401  fixtures

_numbers = count(1)


@pytest.fixture
def decided(desk: Desk) -> Desk:  # noqa: F811
    """Requests in two markets, logged in brief and in full."""
    ids = ("dear", "fake", "fair", "new")
    desk.decide([request(f"id-{n}", "ID", *ids, limit=3) for n in range(30)], in_full=False)
    desk.decide([request(f"my-{n}", "MY", *ids, limit=3) for n in range(10)])
    return desk


def draft(desk, **changes):  # noqa: F811
    """A draft that would exclude what is dear."""
    from aedile.console.strategies.actions import create_draft

    said = text(f"dear-exclude-{next(_numbers)}", "item.price > 500.0", {"exclude": {}})
    return create_draft(desk.author, {**said, **changes})


def finished(backtest):
    """The backtest after a worker has done its job."""
    from aedile.console.base.jobs import run

    run(SimpleNamespace(should_abort=lambda: False), job=str(backtest.job_id))
    backtest.refresh_from_db()
    return backtest


def test_a_draft_is_backtested_against_the_running_release(decided, make_person, actor_for, browse):
    from aedile.console.proving.actions import begin

    analyst = make_person("analyst")
    found = finished(begin(actor_for(analyst), draft(decided)))
    total = found.result["total"]
    assert found.job.state == "done"
    assert found.result["requests"]["requests"] == 40
    assert total["newly_excluded"] == 40
    assert total["lost"] == 40
    assert total["gained"] == 0  # two are left of four, and three were asked for
    losers = found.result["groups"]["item.seller_id"]["losers"]
    assert [row["key"] for row in losers] == ["shop-1"]
    page = browse(analyst).get(f"/strategies/-/backtests/{found.pk}/")
    assert page.status_code == 200
    said = page.content.decode()
    assert "requests decided again" in said
    assert "/why/item/dear/" in said
    assert browse(analyst).get(_why(said)).status_code == 200


def _why(page: str) -> str:
    """The address of the first sampled item's why."""
    return next(part.partition('"')[0] for part in page.split('href="') if "/why/item/" in part.partition('"')[0])


def test_only_who_may_look_into_all_its_markets_sees_a_backtest(decided, make_person, actor_for, browse):
    from aedile.console.proving.actions import begin

    found = finished(begin(actor_for(make_person("analyst")), draft(decided)))
    assert found.markets == ["ID", "MY"]
    stranger = make_person("analyst", markets=["ID"])
    assert browse(stranger).get(f"/strategies/-/backtests/{found.pk}/").status_code == 404
    mine = finished(begin(actor_for(stranger), found.version))
    assert mine.markets == ["ID"]
    assert mine.result["requests"]["requests"] == 30
    assert [row["market"] for row in mine.result["by_market"]] == ["ID"]


def test_a_viewer_may_not_begin_one_and_bad_texts_are_refused(decided, make_person, actor_for, browse):
    from aedile.console.proving.actions import begin

    version = draft(decided)
    viewer = make_person("viewer")
    assert browse(viewer).post(f"/strategies/{version.strategy_id}/{version.number}/backtests").status_code == 403
    assert b"_start" not in browse(viewer).get(f"/strategies/{version.strategy_id}/{version.number}/").content
    broken = draft(decided, condition="item.prise > 1.0")
    with pytest.raises(ConsoleError) as caught:
        begin(decided.author, broken)
    assert caught.value.code.name == "AED-CON-161"
    with pytest.raises(ConsoleError) as caught:
        begin(decided.author, version, 5)
    assert caught.value.place.field == "hours"


def test_a_backtest_that_is_cancelled_keeps_nothing(decided):
    from aedile.console.proving.actions import begin, stop

    found = begin(decided.author, draft(decided))
    assert stop(decided.author, found.pk).job.state == "cancelled"
    found.refresh_from_db()
    assert found.result is None
    with pytest.raises(ConsoleError) as caught:
        stop(decided.author, found.pk)
    assert caught.value.code.name == "AED-CON-163"


def test_the_dossier_tells_of_the_latest_backtest_of_its_text(decided, browse):
    from aedile.console.proving.actions import begin
    from aedile.console.strategies.actions import save_draft

    version = draft(decided)
    address = f"/strategies/{version.strategy_id}/{version.number}/dossier"
    assert b"has not been backtested" in browse(decided.author.person).get(address).content
    finished(begin(decided.author, version))
    page = browse(decided.author.person).get(address).content.decode()
    assert "40 of 40 requests look otherwise." in page
    assert browse(decided.author.person).get(f"{address}?as=pdf").content.startswith(b"%PDF")
    save_draft(decided.author, version, {**version.body, "condition": "item.price > 5000.0"}, version.revision)
    assert b"has not been backtested" in browse(decided.author.person).get(address).content


def test_programs_begin_read_and_cancel_backtests(decided, make_person, call):  # noqa: F811  a fixture
    version, person = draft(decided), decided.author.person
    base = f"/strategies/{version.strategy_id}/versions/{version.number}/backtests"
    made = call(person, "POST", base, {"hours": 24})
    assert (made.status_code, made.told["state"], made.told["result"]) == (201, "waiting", None)
    one = f"/strategies/backtests/{made.told['id']}"
    assert [told["id"] for told in call(person, "GET", base).told] == [made.told["id"]]
    assert call(person, "POST", f"{one}/cancel").told["state"] == "cancelled"
    assert call(person, "POST", f"{one}/cancel").status_code == 400
    from aedile.console.proving.actions import begin

    done = finished(begin(decided.author, version))
    told = call(person, "GET", f"/strategies/backtests/{done.pk}").told
    assert told["result"]["total"]["newly_excluded"] == 40
    other = make_person("analyst", markets=["MY"])
    assert call(other, "GET", f"/strategies/backtests/{done.pk}").status_code == 404
    assert call(person, "POST", base, {"hours": 7}).status_code == 400
    assert call(make_person("admin"), "POST", base, {}).status_code == 403
