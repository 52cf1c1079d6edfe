"""Does Today show each person what needs them, and nothing that is not theirs?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

Make = Callable[..., Any]


@pytest.fixture
def today(actor_for: Make) -> Make:
    def of(person: Any) -> Any:
        from aedile.console.base.today import today_of

        return today_of(actor_for(person))

    return of


def later(**time: float) -> Any:
    from django.utils import timezone

    return timezone.now() + timedelta(**time)


def ids(versions: Any) -> list[str]:
    return [version.strategy_id for version in versions]


def test_an_approver_sees_what_others_proposed_in_their_markets(
    make_person: Make, make_version: Make, today: Make
) -> None:
    approver = make_person("approver", markets=["ID", "SG"])
    make_version("both", stage="proposed", markets=["ID", "SG"])
    make_version("one", stage="proposed", markets=["ID"], staged=later(hours=-1))
    make_version("beyond", stage="proposed", markets=["ID", "US"])
    make_version("everywhere", stage="proposed", markets=["all"])
    make_version("draft", stage="draft", markets=["ID"])
    make_version("own", stage="proposed", markets=["ID"], author=approver)
    assert ids(today(approver).approvals) == ["one", "both"]
    assert ids(today(make_person("strategist")).approvals) == []
    assert len(today(make_person("approver")).approvals) == 5


def test_markets_of_two_grants_do_not_add_up_to_one(make_person: Make, make_version: Make, today: Make) -> None:
    from aedile.console.accounts.models import Grant, Team
    from aedile.console.base.acting import noted

    approver = make_person("approver", markets=["ID"])
    with noted("aedile", "cli", "person.manage"):
        Team.objects.create(slug="legal", name="Legal")
        Grant.objects.create(person=approver, role="approver", markets=["SG"], team_id="legal")
    make_version("both", stage="proposed", markets=["ID", "SG"])
    make_version("one", stage="proposed", markets=["SG"])
    assert ids(today(approver).approvals) == ["one"]


def test_what_i_have_judged_waits_no_more_until_its_text_changes(
    make_person: Make, make_version: Make, today: Make
) -> None:
    from aedile.console.base.acting import noted
    from aedile.console.strategies.models import Approval

    approver, version = make_person("approver"), make_version("judged", stage="proposed", needed=2)
    with noted("aedile", "cli", "strategy.approve"):
        Approval.objects.create(version=version, person=approver, approves=True, digest=version.digest)
    assert ids(today(approver).approvals) == []
    other = make_version("changed", stage="proposed", needed=2)
    with noted("aedile", "cli", "strategy.approve"):
        Approval.objects.create(version=other, person=approver, approves=True, digest="e" * 64)
    assert ids(today(approver).approvals) == ["changed"]


def test_my_drafts_with_problems_come_first(make_person: Make, make_version: Make, today: Make) -> None:
    me = make_person("strategist")
    make_version("fine", author=me)
    make_version("wrong", author=me, digest="", problems=[{"code": "AED-LANG-001"}], changed=later(days=-3))
    make_version("not-mine")
    assert ids(today(me).drafts) == ["wrong", "fine"]


def test_the_clock_of_an_emergency_shows_who_may_stop_it(make_person: Make, make_version: Make, today: Make) -> None:
    make_version("at-once", stage="live", markets=["ID"], emergency_until=later(hours=3))
    make_version("confirmed", stage="live", markets=["ID"])
    make_version("over", stage="live", markets=["ID"], emergency_until=later(hours=-1))
    commander, viewer = make_person("commander"), make_person("viewer")
    assert [(one.version.strategy_id, one.mine) for one in today(commander).emergencies] == [("at-once", True)]
    assert [(one.version.strategy_id, one.mine) for one in today(viewer).emergencies] == [("at-once", False)]
    assert today(make_person("viewer", markets=["US"])).emergencies == []


def test_what_runs_and_expires_soon_is_told_in_order(make_person: Make, make_version: Make, today: Make) -> None:
    make_version("late", stage="live", expires=later(days=13))
    make_version("soon", stage="canary", share=0.1, expires=later(hours=5))
    make_version("far", stage="live", expires=later(days=15))
    make_version("only-a-draft", expires=later(days=1))
    assert ids(today(make_person("viewer")).expiring) == ["soon", "late"]


def test_moves_that_are_open_and_releases_since_yesterday_are_told(
    make_person: Make, make_version: Make, today: Make
) -> None:
    from aedile.console.base.acting import noted
    from aedile.console.strategies.models import Move, PublishedRelease

    me, version = make_person("strategist"), make_version("moving", stage="shadow")
    with noted("aedile", "cli", "release.schedule"):
        Move.objects.create(version=version, stage="live", at=later(hours=2), by=me)
        Move.objects.create(version=version, stage="paused", at=later(hours=1), by=me, dropped=later())
        PublishedRelease.objects.create(number=1, digest="a" * 64, at=later(days=-3))
        PublishedRelease.objects.create(
            number=2, digest="b" * 64, at=later(minutes=-1), author=me, note="The first today"
        )
    told = today(me)
    assert [move.stage for move in told.moves] == ["live"]
    assert [release.number for release in told.releases] == [2]


def test_the_page_shows_all_of_it(browse: Make, make_person: Make, make_version: Make) -> None:
    me = make_person("commander")
    make_version("at-once", stage="live", markets=["ID"], emergency_until=later(hours=3))
    make_version("dangerous", title="<script>alert(1)</script>", author=me)
    page = browse(me).get("/").content.decode()
    assert "at-once" in page
    assert "confirm it, or it expires" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_person_without_a_role_is_told_whom_to_ask(browse: Make, make_person: Make) -> None:
    page = browse(make_person()).get("/").content.decode()
    assert "You have no role yet" in page
    assert browse(make_person()).get("/today/server").status_code == 403


def test_the_decision_server_shows_as_its_processes_last_wrote(
    browse: Make, make_person: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aedile.console.settings import HOME
    from aedile.server.gather import board_of

    client = browse(make_person("viewer"))
    assert "No decision server runs on this machine" in client.get("/").content.decode()
    write_board(board_of(HOME.workers, 1))
    try:
        page = client.get("/today/server").content.decode()
    finally:
        board_of(HOME.workers, 1).unlink()
    assert "deciding" not in page
    assert "refuses a release" in page
    assert "over its budget" in page
    assert "release 8: lists are missing" in page


def write_board(path: Path, alerts: Sequence[Mapping[str, Any]] = ()) -> None:
    """What a worker writes, with a minute of traffic behind it; alerts: budgets that are exceeded."""
    from aedile.server.stats import Stats
    from aedile.store.board import Board

    now = int(time.time())
    standing = {
        "release": {"number": 7, "digest": "d", "author": "a", "time": 0}, "refused": "release 8: lists are missing",
        "log": {}, "muted": {"cap-sellers": "over its budget"}, "alerts": list(alerts), "killed": None, "described": {},
        "entities": {}, "resident": 1, "trouble": {},
    }  # fmt: skip
    rates = [[now - 60 + n, 100.0 + n, 5000.0] for n in range(60)]
    Board(path).post({**Stats(1).told(standing), "rates": rates})
