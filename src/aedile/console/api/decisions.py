"""What was decided, why, and what would another release have decided? The log, for programs.

Ids of requests and entities may hold any character, so they stand in the query of an address, never in its path.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from aedile.console.accounts.actor import Actor
from aedile.console.api import decision_shapes as shapes
from aedile.console.api.calling import MOST, actor_in
from aedile.console.api.shapes import answers
from aedile.console.decisions import questions
from aedile.console.decisions.codes import NO_SUCH
from aedile.console.decisions.entity_views import LISTED, lately, since_of
from aedile.console.decisions.form import MOST as LONGEST
from aedile.console.decisions.form import read
from aedile.console.decisions.now import member_ids, standing
from aedile.console.decisions.readout import readout_of
from aedile.console.settings import AEDILE, HOME
from aedile.errors import ConsoleError
from aedile.language.schema import CANDIDATE_KINDS
from aedile.store.decision_counts import counts_of_strategy, exposures_of
from aedile.store.decision_search import Sought, search
from aedile.store.decision_units import Within

router = Router()
_REQUEST = Query(min_length=1, max_length=LONGEST, description="The request's id.", example="r1")
_AT = Query(
    None, ge=0, le=2**62, description="When it was decided, in microseconds since 1970 (`at` of the search); without "
    "it the newest decision of the request is meant."
)  # fmt: skip
_KIND = Query("item", max_length=60)
_ID = Query(min_length=1, max_length=LONGEST, description="The entity's id.", example="i1")


class Search(Schema):
    """What is looked for; what is left out does not count."""

    request: str = Query("", max_length=LONGEST, description="A request's id.")
    kind: str = Query("", max_length=60, description="Of the entity; item where an id alone is given.")
    id: str = Query("", max_length=LONGEST, description="A candidate's id.")
    strategy: str = Query("", max_length=LONGEST)
    part: str = Query("", max_length=20, description="What the strategy did; acted where nothing is said.")
    market: str = Query("", max_length=5)
    channel: str = Query("", max_length=60)
    query: str = Query("", max_length=LONGEST, description="A part of what was typed.")
    release: str = Query("", max_length=9, description="The number of a release.")
    since: str = Query("", max_length=40, description="A time (RFC 3339), inclusive.")
    until: str = Query("", max_length=40, description="A time (RFC 3339), exclusive.")
    after: str = Query("", max_length=LONGEST, description="Where the page before ended.")


@router.get("/decisions", response=answers(shapes.Hits), summary="Search the decision log")
def find_decisions(request: HttpRequest, said: Query[Search], limit: int = Query(50, ge=1, le=200)) -> Any:
    """The newest first, of the markets the caller may look into. A page ends where its time is up: then `is_partial`
    says so, `reached` down to when everything was looked at, and `after` where to go on."""
    asked = read(said.dict(), questions.granted(actor_in(request)))
    return shapes.Hits.of(questions.found(asked, limit=limit))


@router.get("/decisions/one", response=answers(shapes.DecisionTold), summary="A decision")
def decision(request: HttpRequest, id: str = _REQUEST, at: int | None = _AT) -> Any:
    """Every candidate in the order of the request, where it was placed, and what acted on it."""
    actor = actor_in(request)
    return shapes.DecisionTold.of(questions.decision_of(actor, id, _at(actor, id, at)))


@router.get("/decisions/why", response=answers(shapes.WhyTold), summary="Why was a candidate where it was?")
def why(
    request: HttpRequest,
    id: str = _REQUEST,
    candidate: str = _ID,
    kind: str = _KIND,
    at: int | None = _AT,
    strategy: str = Query("", max_length=LONGEST, description="One to explain; by default all that had a part."),
) -> Any:
    """With the values of the time, each predicate, and the least change that flips it; `trouble` says why that cannot
    be told any more, and where values were not logged `strategies` is null."""
    actor = actor_in(request)
    found = questions.why(actor, id, _at(actor, id, at), kind, candidate, strategy or None)
    return shapes.WhyTold.of(found)


@router.get("/decisions/replay", response=answers(shapes.ReplayTold), summary="What would another release have done?")
def replay(
    request: HttpRequest,
    id: str = _REQUEST,
    release: int = Query(ge=0, le=MOST, description="Its number.", example=1),
    at: int | None = _AT,
) -> Any:
    """Candidates that would stand elsewhere, or on which other strategies would act."""
    actor = actor_in(request)
    return shapes.ReplayTold.of(questions.replayed(actor, id, _at(actor, id, at), release))


@router.get("/decisions/counts", response=answers(shapes.CountsTold), summary="What did a strategy do lately?")
def counts(request: HttpRequest, strategy: str = Query(min_length=1, max_length=LONGEST, example="dear-demote")) -> Any:
    """By market, channel, hour and part, over the last two days."""
    found = counts_of_strategy(HOME, strategy, lately(actor_in(request)))
    return shapes.CountsTold.of(found)


@router.get("/decisions/readout", response=answers(shapes.ReadoutTold), summary="Does a strategy do what it should?")
def readout(
    request: HttpRequest,
    strategy: str = Query(min_length=1, max_length=LONGEST, example="dear-demote"),
    days: int = Query(1, ge=1, le=28, description="How many days back: 1, 7 or 28."),
) -> Any:
    """What it did, or would have done in shadow, by place and hour, and which others acted on the same candidates."""
    return shapes.ReadoutTold.of(readout_of(actor_in(request), strategy, str(days)))


@router.get("/entities", response=answers(shapes.EntityTold), summary="What acts on an entity now?")
def entity(request: HttpRequest, id: str = _ID, kind: str = _KIND) -> Any:
    """By the running release, in the markets the caller may look into; what is known of it, and of a seller the items
    with what acts on them; its latest decisions."""
    actor = actor_in(request)
    found = standing(actor, kind, id)
    within = Within(markets=questions.theirs(actor))
    recent = None
    if kind in CANDIDATE_KINDS:
        recent = search(HOME, Sought(entity=(kind, id), within=within), limit=LISTED)
    return shapes.EntityTold.of(found, list(since_of(found.acts, kind, id, within)), recent)


@router.get("/entities/exposures", response=answers(list[shapes.ExposedTold]), summary="How often was an entity shown?")
def exposures(request: HttpRequest, id: str = _ID, kind: str = _KIND) -> Any:
    """Over the last two days, by market, channel and hour: its own exposures, and those of what leads to it."""
    within = lately(actor_in(request))
    own: list[tuple[str, list[str]]] = [(kind, [id])] if kind in CANDIDATE_KINDS else []
    asked = own + member_ids(kind, id)
    return [shapes.ExposedTold.of(of, exposures_of(HOME, of, ids, within, seconds=1.0)) for of, ids in asked]


def _at(actor: Actor, request_id: str, at: int | None) -> int:
    if at is not None:
        return at
    answer = questions.of_request(actor, request_id)
    if not answer.hits:
        raise ConsoleError(
            NO_SUCH, f"the log holds no decision of a request {request_id[:128]!r}",
            hint=f"decisions are kept for {AEDILE.log.keep_days} days; or it is of a market you may not look into",
            fix="search the log by item, strategy or time",
        )  # fmt: skip
    return answer.hits[0].decided_at
