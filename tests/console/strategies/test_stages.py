"""Stages follow one another only as they may, with the approvals of others; the database sees to it."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from aedile.errors import AedileError, Errors

from .conftest import body


def refused(code, call, *args, **kwargs):
    with pytest.raises(AedileError) as caught:
        call(*args, **kwargs)
    assert caught.value.code.name == code, caught.value
    return caught.value


def actions():
    from aedile.console.strategies import actions as found

    return found


def fresh(version):
    from aedile.console.strategies.models import Version

    return Version.objects.get(pk=version.pk)


def test_from_draft_to_live_and_back_out(mall, running):
    do = actions()
    version = mall.approved()
    do.advance(mall.author, version, "shadow")
    assert running() == {"dear-demote": ("shadow", None)}
    do.advance(mall.author, version, "canary", share=0.05)
    assert running() == {"dear-demote": ("canary", 0.05)}
    do.advance(mall.author, version, "canary", share=0.5)
    assert running() == {"dear-demote": ("canary", 0.5)}
    do.advance(mall.author, version, "live")
    assert running() == {"dear-demote": ("live", None)}
    do.pause(mall.responder, version, "too many complaints")
    assert running() == {}
    do.advance(mall.author, version, "live", why="mended")
    do.retire(mall.author, version, "the season is over")
    assert running() == {}
    assert fresh(version).stage == "retired"


def test_nobody_approves_what_they_wrote(mall, actor_for, make_person):
    from aedile.console.accounts.models import Grant
    from aedile.console.base.acting import noted

    version = mall.proposed()
    with noted("aedile", "cli", "test"):
        Grant.objects.create(person=mall.author.person, role="approver", markets=["all"])
    refused("AED-CON-043", actions().approve, actor_for(mall.author.person), version)


def test_nobody_approves_what_they_wrote_some_of(mall, actor_for):
    from aedile.console.accounts.models import Grant
    from aedile.console.base.acting import noted

    do = actions()
    version = do.save_draft(mall.colleague, mall.draft(), body(title="Better"), 1)
    do.submit(mall.author, version, reach=0.0)
    with noted("aedile", "cli", "test"):
        Grant.objects.create(person=mall.colleague.person, role="approver", markets=["all"])
    refused("AED-CON-043", do.approve, actor_for(mall.colleague.person), version)


def test_without_approval_nothing_moves_on(mall):
    version = mall.proposed()
    refused("AED-CON-044", actions().advance, mall.author, version, "shadow")
    assert fresh(version).stage == "proposed"


def test_what_reaches_far_or_unknown_takes_two(mall, running):
    do = actions()
    for id_, reach in (("far", 0.5), ("unknown", None)):
        version = mall.proposed(id_, reach=reach)
        do.approve(mall.approver, version)
        refused("AED-CON-044", do.advance, mall.author, version, "shadow")
        do.approve(mall.second, version)
        do.advance(mall.author, version, "shadow")
    assert set(running()) == {"far", "unknown"}


def test_one_person_speaks_once_on_a_text(mall):
    version = mall.proposed(reach=0.9)
    actions().approve(mall.approver, version)
    refused("AED-CON-051", actions().approve, mall.approver, version)


def test_a_refusal_sends_it_back_and_counts_only_for_that_text(mall, running):
    do = actions()
    version = mall.proposed()
    do.refuse(mall.approver, version, "too harsh")
    assert fresh(version).stage == "draft"
    do.save_draft(mall.author, version, body(action={"demote": {"factor": 0.9}}), 1)
    do.submit(mall.author, version, reach=0.0)
    do.approve(mall.approver, version)
    do.advance(mall.author, version, "live")
    assert running() == {"dear-demote": ("live", None)}


def test_a_draft_with_an_error_is_kept_and_not_submitted(mall):
    version = mall.draft(condition="item.prise > 100.0")
    assert version.problems[0]["field"] == "condition"
    assert "item.price" in version.problems[0]["fix"]
    refused("AED-CON-042", actions().submit, mall.author, version, reach=0.0)


@pytest.mark.parametrize(
    "statement",
    [
        "update strategies_version set stage = 'live'",
        "update strategies_version set stage = 'shadow'",
        "update strategies_version set stage = 'canary', share = 0.5",
        "update strategies_version set stage = 'paused'",
        'update strategies_version set body = body || \'{"title": "other"}\'',
        "update strategies_version set number = 7",
        "update strategies_save set body = '{}'",
        "update strategies_version set emergency_until = now() + interval '30 days', stage = 'live'",
    ],
)
def test_the_database_refuses_what_the_actions_would(mall, console, statement):
    mall.proposed()
    with psycopg.connect(console.dsn) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(statement)


def test_a_version_begins_as_a_draft(mall, console):
    mall.draft()
    with psycopg.connect(console.dsn) as connection, pytest.raises(psycopg.errors.CheckViolation, match="draft"):
        connection.execute(
            "insert into strategies_version (strategy_id, number, body, stage, author_id, made, changed, staged, "
            "revision, note, needed, title, tier, action, applies_to, policy, markets, channels, digest, problems, "
            "words) select strategy_id, 9, body, 'live', author_id, made, changed, staged, 1, '', 1, '', '', '', '', "
            "'', "
            "markets, channels, 'x', '[]', '' from strategies_version"
        )


def test_an_approval_counts_for_the_text_it_was_given(mall, console):
    version = mall.approved()
    with psycopg.connect(console.dsn) as connection:
        connection.execute("update strategies_version set digest = 'another' where id = %s", (version.pk,))
    refused("AED-CON-044", actions().advance, mall.author, version, "shadow")


def test_a_challenger_shadows_beside_the_live_version_and_takes_its_place(mall, running):
    do = actions()
    first = mall.live()
    second = mall.approved(title="The next one", condition="item.price > 50.0", examples=[])
    refused("AED-CON-045", do.advance, mall.author, second, "canary", share=0.1)
    do.advance(mall.author, second, "shadow")
    assert running() == {"dear-demote": ("live", None), "dear-demote-v2": ("shadow", None)}
    do.advance(mall.author, second, "live")
    assert running() == {"dear-demote": ("live", None)}
    assert fresh(first).stage == "retired"


def test_one_text_at_a_time_is_written(mall):
    mall.draft()
    refused("AED-CON-046", actions().create_draft, mall.colleague, body())


def test_a_release_that_fails_its_example_leaves_everything_as_it_was(mall):
    version = mall.approved(
        examples=[{"given": {"item.price": 1.0}, "market": "ID", "channel": "search", "fires": True}]
    )
    with pytest.raises(Errors, match="example"):
        actions().advance(mall.author, version, "live")
    assert fresh(version).stage == "proposed"


def test_what_others_name_does_not_leave_the_release(mall, running):
    do = actions()
    live = mall.live()
    mall.live(
        "spare-some", tier="quality", expires="2099-01-01T00:00:00Z", examples=[],
        action={"exempt": {"from": ["dear-demote"]}},
    )  # fmt: skip
    with pytest.raises(Errors, match="spare-some names"):
        do.retire(mall.author, live, "no longer")
    assert fresh(live).stage == "live"


# ---------------------------------------------------------------- at once


def emergency_body():
    return body("recall-exclude", action={"exclude": {}}, tier="safety", policy="S-1", expires="2099-01-01T00:00:00Z")


def test_an_emergency_acts_at_once_and_stays_when_a_second_person_confirms(mall, running):
    do = actions()
    version = do.create_draft(mall.responder, emergency_body())
    do.emergency(mall.responder, version, "burning batteries")
    assert running() == {"recall-exclude": ("live", None)}
    refused("AED-CON-001", do.confirm, mall.author, version)
    do.confirm(mall.commander, version)
    assert do.end_emergencies(fresh(version).staged + timedelta(days=2)) == []
    assert running() == {"recall-exclude": ("live", None)}


def test_an_emergency_that_nobody_confirms_ends_after_a_day(mall, running):
    do = actions()
    version = do.create_draft(mall.responder, emergency_body())
    version = do.emergency(mall.responder, version, "burning batteries")
    assert do.end_emergencies(version.emergency_until - timedelta(seconds=1)) == []
    assert [str(one) for one in do.end_emergencies(version.emergency_until)] == ["recall-exclude v1"]
    assert running() == {}


def test_whoever_put_it_live_does_not_confirm_it(mall, actor_for):
    do = actions()
    draft = do.create_draft(mall.responder, emergency_body())
    version = do.emergency(mall.commander, draft, "burning batteries")
    refused("AED-CON-043", do.confirm, mall.commander, version)


def test_an_emergency_needs_an_end(mall):
    do = actions()
    draft = do.create_draft(mall.responder, {k: v for k, v in emergency_body().items() if k != "expires"})
    refused("AED-CON-050", do.emergency, mall.responder, draft, "now")


# ---------------------------------------------------------------- at a time


def test_what_is_scheduled_happens_at_its_time_and_once(mall, running):
    from django.utils import timezone

    do = actions()
    version = mall.approved()
    at = timezone.now() + timedelta(hours=1)
    do.schedule(mall.author, version, "live", at)
    assert do.run_due(at - timedelta(seconds=1)) == []
    assert len(do.run_due(at)) == 1
    assert do.run_due(at) == []
    assert running() == {"dear-demote": ("live", None)}


def test_what_cannot_be_done_at_its_time_says_why(mall):
    from django.utils import timezone

    from aedile.console.strategies.models import Move

    do = actions()
    version = mall.proposed()
    at = timezone.now() + timedelta(hours=1)
    do.schedule(mall.author, version, "live", at)
    assert do.run_due(at) == []
    assert "approv" in Move.objects.get().trouble


def test_what_was_dropped_does_not_happen(mall):
    from django.utils import timezone

    do = actions()
    move = do.schedule(mall.author, mall.approved(), "live", timezone.now() + timedelta(hours=1))
    do.drop_move(mall.author, move)
    assert do.run_due(move.at) == []


def test_releases_are_frozen_but_for_pauses_rollbacks_and_emergencies(mall, running):
    from django.utils import timezone

    from aedile.console.strategies.releases import freeze, microseconds, thaw

    do = actions()
    live = mall.live("first")
    version = mall.approved()
    start = timezone.now().replace(microsecond=0)
    freeze(mall.commander, start, start + timedelta(days=1), "campaign day")
    refused("AED-REL-005", do.advance, mall.author, version, "live")
    do.pause(mall.responder, live, "wrong")
    assert running() == {}
    thaw(mall.commander, microseconds(start), "the campaign is over")
    do.advance(mall.author, version, "live")
    assert running() == {"dear-demote": ("live", None)}


# ---------------------------------------------------------------- back


def test_a_rollback_restores_stages_and_what_decides(mall, running):
    from aedile.console.strategies.models import PublishedRelease, Version
    from aedile.console.strategies.releases import rollback

    do = actions()
    first = mall.live()
    second = mall.approved(title="The next one", examples=[])
    do.advance(mall.author, second, "shadow")
    before = PublishedRelease.objects.first()
    stood = {v.pk: (v.stage, v.share) for v in Version.objects.all()}
    do.advance(mall.author, second, "live")
    do.pause(mall.responder, fresh(second), "it was wrong")
    rollback(mall.approver, before.number, "it was wrong")
    assert running() == {"dear-demote": ("live", None), "dear-demote-v2": ("shadow", None)}
    assert {v.pk: (v.stage, v.share) for v in Version.objects.all()} == stood
    assert fresh(first).stage == "live"
    assert PublishedRelease.objects.first().number == before.number + 3
    do.advance(mall.author, fresh(second), "live")
    assert running() == {"dear-demote": ("live", None)}


def test_a_release_from_elsewhere_is_not_rolled_back_to(mall):
    from aedile.console.strategies.releases import rollback

    refused("AED-CON-049", rollback, mall.approver, 99, "why not")


# ---------------------------------------------------------------- who may


def test_another_team_does_not_write_it(mall, make_person, actor_for):
    other = actor_for(make_person("strategist", team="brand-protection"))
    version = mall.draft()
    refused("AED-CON-001", actions().save_draft, other, version, body(title="Mine now"), 1)
    refused("AED-CON-001", actions().save_draft, other, version, body(owner="brand-protection"), 1)


def test_a_local_team_writes_for_its_markets_alone(mall, make_person, actor_for):
    local = actor_for(make_person("strategist", team="search-quality", markets=["ID"]))
    do = actions()
    do.create_draft(local, body("local", markets=["ID"]))
    refused("AED-CON-001", do.create_draft, local, body("wide", markets=["ID", "MY"]))
    refused("AED-CON-001", do.create_draft, local, body("widest", markets=["all"]))
    refused("AED-CON-001", do.create_draft, local, body("open", markets=[]))


def test_a_local_approver_approves_for_their_markets_alone(mall, make_person, actor_for):
    local = actor_for(make_person("approver", markets=["MY"]))
    refused("AED-CON-001", actions().approve, local, mall.proposed())


# ---------------------------------------------------------------- two at once


def test_edits_that_fit_together_are_merged_and_those_that_do_not_are_shown(mall):
    from aedile.console.strategies.actions import Collision

    do = actions()
    version = mall.draft()
    do.save_draft(mall.colleague, version, body(title="Theirs", why="Because."), 1)
    with pytest.raises(Collision) as caught:
        do.save_draft(mall.author, version, body(title="Mine", rank=5), 1)
    found = caught.value
    assert found.conflicts == ("title",)
    assert found.merged == body(title="Theirs", why="Because.", rank=5)
    assert found.mine["title"] == "Mine"
    saved = do.save_draft(mall.author, version, {**found.merged, "title": "Mine"}, found.version.revision)
    assert saved.revision == 3
    assert [save.revision for save in saved.saves.all()] == [3, 2, 1]


def test_of_many_who_save_at_once_one_wins_and_the_others_are_told(mall, console):
    import threading

    from django.db import connections

    from aedile.console.strategies.actions import Collision

    do, version = actions(), mall.draft()
    outcomes: list[str] = []

    def save(number: int) -> None:
        try:
            do.save_draft(mall.author, version, body(title=f"Title {number}"), 1)
            outcomes.append("saved")
        except Collision:
            outcomes.append("collision")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=save, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["collision"] * 5 + ["saved"]


def test_releases_made_at_once_each_hold_everything(mall, running):
    import threading

    from django.db import connections

    do = actions()
    versions = [mall.approved(f"strategy-{number}") for number in range(5)]
    failed: list[Exception] = []

    def release(version) -> None:
        try:
            do.advance(mall.author, version, "live")
        except (AedileError, Errors) as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=release, args=(version,)) for version in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert set(running()) == {f"strategy-{number}" for number in range(5)}


def test_a_feature_that_runs_is_not_dropped_from_the_schema(mall):
    from aedile.console.base.acting import noted
    from aedile.console.strategies.releases import publish

    mall.live()
    actions().enter_schema(
        mall.admin, "entities: {item: {meaning: A listing., features: {title: {type: string, meaning: T.}}}}"
    )

    def again():
        with noted("aedile", "cli", "test"):
            publish(None, "with the new schema")

    with pytest.raises(AedileError, match="price"):
        again()
