"""Long work, and what people are told, for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status

from aedile.console.api.calling import LIMIT, MOST, NUMBER, actor_in, aware
from aedile.console.api.shapes import answers
from aedile.console.base.addresses import shown
from aedile.console.base.chores import ask_to_verify
from aedile.console.base.codes import NOT_FOUND
from aedile.console.base.jobs import cancel
from aedile.console.base.models import Job, Outbox
from aedile.console.base.notices import mine, try_again
from aedile.errors import ConsoleError

router = Router()
_FOR_EVER = datetime(9998, 1, 1, tzinfo=UTC)


class JobTold(Schema):
    """state: waiting, running, done, failed or cancelled. done, total: how far it is, total null where nobody knows.
    result: the page of the console with what came of it. problems: why it failed, in the one shape."""

    id: str
    kind: str
    title: str
    state: str
    done: int
    total: int | None
    message: str
    result: str
    problems: list[dict[str, Any]]
    made: datetime
    began: datetime | None
    cancel_asked: datetime | None
    ended: datetime | None

    @staticmethod
    def of(job: Job) -> dict[str, Any]:
        names = (
            "kind", "title", "state", "done", "total", "message", "result", "problems", "made", "began", "cancel_asked",
            "ended",
        )  # fmt: skip
        return {"id": str(job.pk), **{name: getattr(job, name) for name in names}}


class Jobs(Schema):
    """before: what to ask with for older ones; null at the end."""

    items: list[JobTold]
    before: datetime | None


class NoticeTold(Schema):
    """link: the page of the console it is about. team: whose, null where it is for the caller alone."""

    id: int
    kind: str
    subject: str
    text: str
    link: str
    team: str | None
    made: datetime

    @staticmethod
    def of(notice: Outbox) -> dict[str, Any]:
        names = ("kind", "subject", "text", "link", "made")
        return {"id": notice.pk, "team": notice.team_id, **{name: getattr(notice, name) for name in names}}


class SentTold(NoticeTold):
    """person: for whom, null where it is for a team. address: where it goes, without what is secret in it. state:
    waiting, sent, kept (shown in the console alone) or dead (given up). trouble: why the last try failed."""

    person: str | None
    address: str
    state: str
    tries: int
    next_try: datetime
    trouble: str
    sent: datetime | None

    @staticmethod
    def told(notice: Outbox) -> dict[str, Any]:
        names = ("state", "tries", "next_try", "trouble", "sent")
        person = notice.person.email if notice.person is not None else None
        address = person or (shown(notice.team.channel) if notice.team is not None else "")
        return {
            **NoticeTold.of(notice), **{name: getattr(notice, name) for name in names}, "person": person,
            "address": address,
        }  # fmt: skip


class SentPage(Schema):
    """before: what to ask with for older ones; null at the end."""

    items: list[SentTold]
    before: int | None


@router.get("/jobs", response=answers(Jobs), summary="My jobs", tags=["jobs"])
def jobs(request: HttpRequest, before: datetime = _FOR_EVER, limit: int = LIMIT) -> Any:
    """The newest first. before: only those that were asked for earlier."""
    found = Job.objects.filter(person=actor_in(request).person, made__lt=aware(before, "before"))
    page = list(found[: limit + 1])
    return {
        "items": [JobTold.of(one) for one in page[:limit]],
        "before": page[limit - 1].made if len(page) > limit else None,
    }


@router.get("/jobs/{job}", response=answers(JobTold), summary="A job of mine", tags=["jobs"])
def one_job(request: HttpRequest, job: UUID) -> Any:
    found = Job.objects.filter(pk=job, person=actor_in(request).person).first()
    if found is None:
        raise ConsoleError(NOT_FOUND, "you have no such job", fix="see /api/v1/jobs")
    return JobTold.of(found)


@router.post("/jobs/{job}/cancel", response=answers(JobTold), summary="End a job of mine", tags=["jobs"])
def cancel_job(request: HttpRequest, job: UUID) -> Any:
    """At once where it waits, else as soon as its work looks up."""
    return JobTold.of(cancel(actor_in(request), job))


@router.post(
    "/history/verify",
    response=answers(JobTold, 201),
    summary="Compute every hash of the history again",
    tags=["history"],
)
def verify(request: HttpRequest) -> Any:
    """By a job: it fails, and names the entry, where something is not as it was written."""
    return Status(201, JobTold.of(ask_to_verify(actor_in(request))))


@router.get("/notices", response=answers(list[NoticeTold]), summary="What I and my teams were told", tags=["notices"])
def notices(request: HttpRequest, limit: int = LIMIT) -> Any:
    """Of the last two weeks, the newest first."""
    return [NoticeTold.of(one) for one in mine(actor_in(request))[:limit]]


@router.get("/outbox", response=answers(SentPage), summary="What was told to whom", tags=["notices"])
def outbox(
    request: HttpRequest,
    state: Literal["", "waiting", "sent", "kept", "dead"] = "",
    before: int = Query(MOST, ge=1, le=MOST, description="Only those of smaller ids."),
    limit: int = LIMIT,
) -> Any:
    actor_in(request).require("outbox.view")
    found = Outbox.objects.select_related("team", "person").filter(pk__lt=before)
    page = list((found.filter(state=state) if state else found)[: limit + 1])
    return {
        "items": [SentTold.told(one) for one in page[:limit]],
        "before": page[limit - 1].pk if len(page) > limit else None,
    }


@router.post("/outbox/{notice}/again", response=answers(SentTold), summary="Send what was given up", tags=["notices"])
def send_again(request: HttpRequest, notice: int = NUMBER) -> Any:
    try_again(actor_in(request), notice)
    return SentTold.told(Outbox.objects.select_related("team", "person").get(pk=notice))
