"""What the console does to strategies by itself, and whom it tells."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from tests.console.strategies.conftest import body, mall  # noqa: F401  the fixture of that desk


def told(kind):
    from aedile.console.base.models import Outbox

    return [
        (notice.person.email if notice.person else notice.team.slug, notice.subject)
        for notice in Outbox.objects.filter(kind=kind).order_by("id")
    ]


def texts(kind):
    from aedile.console.base.models import Outbox

    return [notice.text for notice in Outbox.objects.filter(kind=kind)]


def test_who_may_approve_is_told_of_what_waits_and_its_author_of_the_word(mall):  # noqa: F811
    from aedile.console.strategies.actions import refuse

    version = mall.proposed()
    people = {person for person, _ in told("strategy.submit")}
    assert people == {mall.approver.person.email, mall.second.person.email}
    refuse(mall.approver, version, "too wide")
    assert told("strategy.refuse") == [(mall.author.person.email, f"{mall.approver.person} refused dear-demote v1")]


def test_a_person_who_may_not_approve_in_its_markets_is_not_told(mall, make_person):  # noqa: F811
    other = make_person("approver", markets=["US"])
    mall.proposed()
    assert other.email not in {person for person, _ in told("strategy.submit")}


def test_an_emergency_that_nobody_confirms_pauses_and_its_team_is_told(mall):  # noqa: F811
    from django.utils import timezone

    from aedile.console.strategies.actions import emergency
    from aedile.console.strategies.jobs import end_unconfirmed
    from aedile.console.strategies.models import Version

    draft = mall.draft(expires="2099-01-01T00:00:00Z")
    version = emergency(mall.responder, draft, "swollen cells")
    assert (
        "search-quality",
        f"{mall.responder.person} put dear-demote v1 live at once; it waits for confirmation",
    ) in (told("strategy.emergency"))
    Version.objects.filter(pk=version.pk).update(emergency_until=timezone.now() - timedelta(seconds=1))
    end_unconfirmed()
    assert Version.objects.get(pk=version.pk).stage == "paused"
    assert [to for to, _ in told("strategy.emergency-ends")] == ["search-quality"]


def test_what_is_scheduled_happens_when_it_is_due_and_who_asked_is_told_where_it_cannot(mall):  # noqa: F811
    from django.utils import timezone

    from aedile.console.strategies.actions import schedule
    from aedile.console.strategies.jobs import move_due
    from aedile.console.strategies.models import Move, Version

    ready, unready = mall.approved("first-demote"), mall.proposed("second-demote")
    for version in (ready, unready):
        schedule(mall.author, version, "live", timezone.now() + timedelta(hours=1))
    move_due()
    assert Version.objects.get(pk=ready.pk).stage == "proposed"
    Move.objects.update(at=timezone.now() - timedelta(seconds=1))
    move_due()
    assert Version.objects.get(pk=ready.pk).stage == "live"
    assert Version.objects.get(pk=unready.pk).stage == "proposed"
    assert told("release.schedule") == [
        (mall.author.person.email, "second-demote v1 could not become live as scheduled")
    ]


@pytest.mark.parametrize(("days", "word"), [(3, "ends on"), (30, None)])
def test_a_team_is_told_once_that_a_strategy_ends_soon(mall, days, word):  # noqa: F811
    from django.utils import timezone

    from aedile.console.strategies.jobs import tell_of_ends

    mall.live(expires=(timezone.now() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    tell_of_ends()
    tell_of_ends()
    found = told("strategy.expires")
    assert len(found) == (word is not None)
    assert all(to == "search-quality" and word in subject for to, subject in found)


@pytest.mark.parametrize(("paused", "word"), [(True, "pauses until the day ends"), (False, "goes on")])
def test_a_team_is_told_once_a_day_of_each_budget_that_is_exceeded(mall, paused, word):  # noqa: F811
    from aedile.console.settings import HOME
    from aedile.console.strategies.jobs import tell_of_budgets
    from aedile.server.gather import board_of
    from tests.console.base.test_today import write_board

    mall.live()
    alert = {"strategy": "dear-demote", "owner": "search-quality", "since": time.time(), "paused": paused}
    whole = {**alert, "budget": "exposures", "what": "exposures", "share": 0.0312, "limit": 0.02}
    seller = {**alert, "budget": "seller", "what": "exposures of seller s-1", "share": 0.61, "limit": 0.5}
    path = board_of(HOME.workers, 1)
    try:
        write_board(path, alerts=[whole])
        assert tell_of_budgets() == 1
        write_board(path, alerts=[{**whole, "share": 0.04}, seller, {**whole, "strategy": "of-another-release"}])
        assert tell_of_budgets() == 1
        assert tell_of_budgets() == 0
    finally:
        path.unlink()
    (first,), (second,) = told("strategy.over-exposures"), told("strategy.over-seller")
    assert first == second
    assert first[0] == "search-quality"
    assert word in first[1]
    assert texts("strategy.over-exposures") == ["It touched 3.12% of today's exposures; its budget is 2.00%."]
    assert texts("strategy.over-seller") == [
        "It touched 61.00% of today's exposures of seller s-1; its budget is 50.00%."
    ]


def test_a_team_is_told_once_that_entries_of_its_list_have_expired(mall):  # noqa: F811
    import numpy as np

    from aedile.console.lists.actions import create_list, edit_entries
    from aedile.console.lists.jobs import tell_of_expired
    from aedile.console.lists.lines import read_lines
    from aedile.console.lists.merging import Deed, Edit

    lines = b"for-ever\nlong-gone\t2020-06-01T00:00:00Z\nlater\t2099-01-01T00:00:00Z\n"
    create_list(mall.author, "makers", "search-quality", "Makers of parts.")
    entries = read_lines(np.frombuffer(bytearray(lines), np.uint8)).entries
    edit_entries(mall.author, "makers", Edit(Deed.PUT, entries), seen=1)
    assert tell_of_expired() == 1
    assert tell_of_expired() == 0
    assert told("list.expires") == [("search-quality", "makers: entries have expired (1)")]
