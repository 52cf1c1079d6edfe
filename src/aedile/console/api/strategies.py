"""Strategies, their versions and files, releases and what holds for all strategies at once, for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Status

from aedile.console.accounts.actor import Actor
from aedile.console.api import shapes
from aedile.console.api.calling import LIMIT, MOST, NUMBER, actor_in, aware
from aedile.console.api.shapes import answers
from aedile.console.base.codes import BAD_INPUT
from aedile.console.strategies import actions, files, releases
from aedile.console.strategies.deeds import deeds_for, do
from aedile.console.strategies.listing import find
from aedile.console.strategies.lookup import strategy_seen, version_seen, versions_seen
from aedile.console.strategies.models import PublishedRelease, SchemaVersion, Version
from aedile.console.strategies.proving import prove
from aedile.console.strategies.world import current_schema
from aedile.engine.actions import Tier
from aedile.engine.strategy import ALL
from aedile.errors import ConsoleError, Place

router = Router()


@router.get("/strategies", response=answers(shapes.Page), summary="Find versions of strategies")
def find_strategies(
    request: HttpRequest,
    q: str = Query("", max_length=200, description="Words of id, title, why, owner, condition."),
    stage: str = Query("", max_length=10),
    tier: str = Query("", max_length=20),
    team: str = Query("", max_length=60),
    market: str = Query("", max_length=5),
    after: str = Query("", max_length=120, description="Where the page before ended."),
    limit: int = LIMIT,
) -> Any:
    """Versions in the order of their strategies, the newest of each first; only of markets the caller may look into."""
    rows = find(versions_seen(actor_in(request)), q)
    equal = {"stage": stage, "tier": tier, "strategy__team_id": team}
    rows = rows.filter(**{name: value for name, value in equal.items() if value})
    if market:
        rows = rows.filter(markets__overlap=[market, ALL])
    if after:
        strategy, _, number = after.rpartition("@")
        if not number.isdigit() or len(number) > 9:
            raise ConsoleError(BAD_INPUT, f"{after!r} is no place in the list", place=Place(field="after"))
        same = rows.filter(strategy_id=strategy, number__lt=int(number))
        rows = same | rows.filter(strategy_id__gt=strategy)
    found = list(rows.order_by("strategy_id", "-number")[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    return {
        "items": [shapes.Brief.of(version) for version in found[:limit]],
        "after": f"{last.strategy_id}@{last.number}" if last is not None else None,
    }


@router.post("/strategies", response=answers(shapes.Whole, 201), summary="Write a draft")
def create(request: HttpRequest, said: shapes.Written) -> Any:
    """The first version of a new strategy, or the next one of a strategy that has no draft; with or without errors."""
    version = actions.create_draft(actor_in(request), said.body, said.note)
    return Status(201, _whole(actor_in(request), version))


@router.get("/strategies/{strategy}", response=answers(list[shapes.Brief]), summary="A strategy's versions")
def versions(request: HttpRequest, strategy: str) -> Any:
    return [shapes.Brief.of(version) for version in strategy_seen(actor_in(request), strategy)]


@router.get("/strategies/{strategy}/versions/{number}", response=answers(shapes.Whole), summary="A version")
def version(request: HttpRequest, strategy: str, number: int = NUMBER) -> Any:
    actor = actor_in(request)
    return _whole(actor, version_seen(actor, strategy, number))


@router.put(
    "/strategies/{strategy}/versions/{number}",
    response=answers(shapes.Whole, conflict=shapes.CollisionRefusal), summary="Save a draft",
)  # fmt: skip
def save(request: HttpRequest, strategy: str, said: shapes.Saved, number: int = NUMBER) -> Any:
    """Saves a draft that was read at a revision. Where somebody saved it since, both texts come back, and a merge."""
    actor = actor_in(request)
    found = version_seen(actor, strategy, number)
    return _whole(actor, actions.save_draft(actor, found, said.body, said.revision, said.note))


@router.post(
    "/strategies/{strategy}/versions/{number}/{deed}", response=answers(shapes.Whole), summary="Do something with it"
)
def act(request: HttpRequest, strategy: str, deed: str, said: shapes.Said, number: int = NUMBER) -> Any:
    """submit, withdraw, approve, refuse, shadow, canary, live, schedule, pause, confirm, emergency, next, retire or
    comment: what the buttons of a version's page do, by the same rules."""
    actor = actor_in(request)
    _, made = do(actor, version_seen(actor, strategy, number), deed, said.dict())
    return _whole(actor, made if isinstance(made, Version) else version_seen(actor, strategy, number))


@router.post("/check", response=answers(shapes.Checked), summary="Check a text without keeping it")
def check(request: HttpRequest, said: shapes.Written) -> Any:
    """What is wrong with a text; or how far it reaches in the catalogue, and what it would conflict with."""
    actor = actor_in(request)
    actor.require("strategy.view")
    proof = prove(actor, said.body)
    found = proof.matches
    return {
        "digest": proof.strategy.version if proof.strategy is not None else "",
        "problems": [error.to_dict() for error in proof.errors],
        "matches": found.count if found is not None else None, "total": found.total if found is not None else None,
        "unknown": found.unknown_count if found is not None else None,
        "conflicts": [meeting.conflict.to_json() for meeting in proof.meetings],
    }  # fmt: skip


def _whole(actor: Actor, found: Version) -> dict[str, Any]:
    fresh = versions_seen(actor).filter(pk=found.pk).first() or found
    return shapes.Whole.told(fresh, [deed.name for deed in deeds_for(actor, fresh)])


# ---------------------------------------------------------------- files


@router.get("/files", response=answers(shapes.Files), summary="Pull what runs as files")
def pull(request: HttpRequest) -> Any:
    actor = actor_in(request)
    actor.require("strategy.view")
    return {"files": files.pull(actor)}


@router.post("/files/plan", response=answers(shapes.PlanTold), summary="What would pushing these files do?")
def plan(request: HttpRequest, said: shapes.Files) -> Any:
    return files.plan(actor_in(request), said.files).to_json()


@router.post("/files/push", response=answers(list[shapes.Brief]), summary="Push files as drafts")
def push(request: HttpRequest, said: shapes.Pushed) -> Any:
    """Does what the plan of this stamp said, or nothing where something changed since."""
    made = files.push(actor_in(request), said.files, said.stamp, said.note)
    return [shapes.Brief.of(version) for version in made]


# ---------------------------------------------------------------- schema


@router.get("/schema", response=answers(shapes.SchemaTold), summary="The feature schema")
def schema(request: HttpRequest) -> Any:
    actor_in(request).require("strategy.view")
    return _schema(current_schema()[1])


@router.put("/schema", response=answers(shapes.SchemaTold), summary="Enter a feature schema")
def enter_schema(request: HttpRequest, said: shapes.SchemaWritten) -> Any:
    return _schema(actions.enter_schema(actor_in(request), said.text, said.note))


def _schema(row: SchemaVersion) -> dict[str, Any]:
    return {"text": row.text, "digest": row.digest, "author": row.author.email, "at": row.at, "note": row.note}


# ---------------------------------------------------------------- releases


@router.get("/releases", response=answers(list[shapes.ReleaseTold]), summary="Releases, the newest first")
def list_releases(
    request: HttpRequest,
    before: int = Query(MOST, ge=1, le=MOST),
    limit: int = LIMIT,
) -> Any:
    """before: a number; only older ones are listed."""
    actor_in(request).require("release.view")
    rows = PublishedRelease.objects.select_related("author").defer("versions").filter(number__lt=before)
    return [shapes.ReleaseTold.of(one) for one in rows[:limit]]


@router.get("/releases/{number}", response=answers(shapes.ReleaseWhole), summary="A release")
def release(request: HttpRequest, number: int = NUMBER) -> Any:
    actor_in(request).require("release.view")
    found = releases.release_or_error(number)
    return {**shapes.ReleaseTold.of(found), "versions": found.versions}


@router.post("/releases/{number}/rollback", response=answers(shapes.ReleaseTold), summary="Roll back to a release")
def rollback(request: HttpRequest, said: shapes.Reason, number: int = NUMBER) -> Any:
    return shapes.ReleaseTold.of(releases.rollback(actor_in(request), number, said.why))


@router.get("/controls", response=answers(shapes.ControlsTold), summary="Kill switch and freezes")
def controls(request: HttpRequest) -> Any:
    actor_in(request).require("release.view")
    return _controls()


@router.post("/controls/freezes", response=answers(shapes.ControlsTold), summary="Freeze releases")
def freeze(request: HttpRequest, said: shapes.FreezeAsked) -> Any:
    start, end = aware(said.start, "start"), aware(said.end, "end")
    if start >= end:
        raise ConsoleError(BAD_INPUT, "it ends before it begins", place=Place(field="end"), fix="choose a later end")
    releases.freeze(actor_in(request), start, end, said.why)
    return _controls()


@router.post("/controls/freezes/lift", response=answers(shapes.ControlsTold), summary="Lift the freezes of a start")
def thaw(request: HttpRequest, said: shapes.FreezeAsked) -> Any:
    releases.thaw(actor_in(request), releases.microseconds(aware(said.start, "start")), said.why)
    return _controls()


@router.post("/controls/kill", response=answers(shapes.ControlsTold), summary="Turn tiers off, or on again")
def kill(request: HttpRequest, said: shapes.KillAsked) -> Any:
    below = None
    if said.below is not None:
        below = next((tier for tier in Tier if str(tier) == said.below and tier > Tier.LEGAL), None)
        if below is None:
            raise ConsoleError(
                BAD_INPUT, f"{said.below[:40]!r} is no tier that can be turned off", place=Place(field="below"),
                hint="legal always stays", fix="safety, quality, experience or growth",
            )  # fmt: skip
    releases.kill(actor_in(request), below, said.why)
    return _controls()


def _controls() -> dict[str, Any]:
    found = releases.controls()
    return {
        "kill_below": str(found.kill_below) if found.kill_below is not None else None, "why": found.why,
        "freezes": [{"start": _moment(f.start), "end": _moment(f.end), "why": f.why} for f in found.freezes],
    }  # fmt: skip


def _moment(us: int) -> datetime:
    return datetime.fromtimestamp(us / 1_000_000, UTC)
