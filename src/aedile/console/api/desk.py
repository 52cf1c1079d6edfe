"""What else does the desk of strategies know, for programs? Dossiers, differences, debt, what is scheduled, and today.

Its router stands before that of `strategies.py`, whose deeds take any word behind a version.
"""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from aedile.console.accounts.actor import Actor
from aedile.console.api import desk_shapes as shapes
from aedile.console.api.calling import LIMIT, MOST, NUMBER, actor_in
from aedile.console.api.shapes import Brief, ReleaseTold, Whole, answers
from aedile.console.base.today import today_of
from aedile.console.settings import HOME
from aedile.console.strategies import actions
from aedile.console.strategies.codes import NO_SUCH
from aedile.console.strategies.comparing import compare_bodies
from aedile.console.strategies.debt import debts, may_owe
from aedile.console.strategies.deeds import deeds_for
from aedile.console.strategies.dossier import dossier_of
from aedile.console.strategies.lookup import version_seen, versions_seen
from aedile.console.strategies.models import Move
from aedile.console.strategies.world import text_of
from aedile.errors import ConsoleError
from aedile.server.gather import gathered

router = Router()
_VERSION = "/strategies/{strategy}/versions/{number}"


@router.get(
    f"{_VERSION}/dossier", response=answers(shapes.DossierTold), summary="What speaks for and against a version"
)
def dossier(request: HttpRequest, strategy: str, number: int = NUMBER) -> Any:
    """The text, what it changes, how far it reaches, whom it meets, who said what; as of now."""
    actor = actor_in(request)
    version = version_seen(actor, strategy, number)
    found = dossier_of(actor, version)
    whole = Whole.told(version, [deed.name for deed in deeds_for(actor, version)])
    return shapes.DossierTold.of(found, whole)


@router.get(f"{_VERSION}/file", response=answers(shapes.FileTold), summary="A version as a file")
def file(request: HttpRequest, strategy: str, number: int = NUMBER) -> Any:
    return {"name": f"{strategy}.yaml", "text": text_of(version_seen(actor_in(request), strategy, number))}


@router.get(f"{_VERSION}/diff", response=answers(list[shapes.FieldTold]), summary="What differs from another version")
def diff(
    request: HttpRequest,
    strategy: str,
    number: int = NUMBER,
    other: int = Query(ge=0, le=MOST, description="The number of the version on the left side.", example=1),
) -> Any:
    """Field by field in the order of a file, those that differ; lines side by side, null where a side has none."""
    actor = actor_in(request)
    left, right = version_seen(actor, strategy, other), version_seen(actor, strategy, number)
    return [
        {
            "field": one.name,
            "lines": [{"kind": line.kind, "left": line.left, "right": line.right} for line in one.lines],
        }
        for one in compare_bodies(left.body, right.body)
        if one.is_changed
    ]


@router.get("/debt", response=answers(shapes.DebtPage), summary="What strategies owe")
def debt(
    request: HttpRequest,
    kind: Literal["", "expired", "ownerless", "conflict", "silent", "forgotten"] = "",
    offset: int = Query(0, ge=0, le=MOST),
    limit: int = LIMIT,
) -> Any:
    """The gravest kinds first. is_counted: a server counts, so that what never fired is known."""
    actor = actor_in(request)
    actor.require("strategy.view")
    standing = gathered(HOME.workers)
    counts = standing["strategies"] if standing["workers"] else None
    now = timezone.now()
    owed = debts(may_owe(versions_seen(actor), now), counts, now)
    found = [one for one in owed if not kind or one.kind == kind]
    told = [
        {
            "kind": one.kind, "strategy": one.version.strategy_id, "number": one.version.number, "what": one.what,
            "since": one.since,
        }
        for one in found[offset : offset + limit]
    ]  # fmt: skip
    return {"items": told, "total": len(found), "is_counted": counts is not None}


@router.get("/moves", response=answers(shapes.Moves), summary="What is scheduled")
def moves(
    request: HttpRequest,
    state: Literal["open", "all"] = "open",
    after: int = Query(0, ge=0, le=MOST, description="The id of the last one of the page before."),
    limit: int = LIMIT,
) -> Any:
    """By their ids. open: neither done nor dropped; one that could not be done says why in `trouble`."""
    found = _moves(actor_in(request)).filter(pk__gt=after).order_by("pk")
    if state == "open":
        found = found.filter(done=None, dropped=None)
    page = list(found[: limit + 1])
    return {
        "items": [shapes.MoveTold.of(one) for one in page[:limit]],
        "after": page[limit - 1].pk if len(page) > limit else None,
    }


@router.post("/moves/{move}/drop", response=answers(shapes.MoveTold), summary="Take back what is scheduled")
def drop_move(request: HttpRequest, said: shapes.Dropped, move: int = NUMBER) -> Any:
    actor = actor_in(request)
    found = _moves(actor).filter(pk=move).first()
    if found is None:
        raise ConsoleError(NO_SUCH, f"nothing is scheduled as number {move}", fix="see /api/v1/moves")
    return shapes.MoveTold.of(actions.drop_move(actor, found, said.why))


@router.get("/today", response=answers(shapes.TodayTold), summary="What needs me today?")
def today(request: HttpRequest) -> Any:
    """Of each kind the first dozen: what went live at once, what waits for my approval, my drafts, what expires soon,
    what is scheduled, and releases since yesterday."""
    found = today_of(actor_in(request))
    return {
        "emergencies": [
            {**Brief.of(one.version), "until": one.version.emergency_until, "mine": one.mine}
            for one in found.emergencies
        ],
        "approvals": [Brief.of(one) for one in found.approvals], "drafts": [Brief.of(one) for one in found.drafts],
        "expiring": [Brief.of(one) for one in found.expiring],
        "moves": [shapes.MoveTold.of(one) for one in found.moves],
        "releases": [ReleaseTold.of(one) for one in found.releases],
        "may_approve": found.may_approve, "may_write": found.may_write,
    }  # fmt: skip


def _moves(actor: Actor) -> Any:
    actor.require("strategy.view")
    return Move.objects.filter(actor.seen("strategy.view", "version__markets")).select_related(
        "version", "version__strategy", "by"
    )
