"""What do people see of their long work? How far it is, what came of it, and a way to end it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from aedile.console.base.chores import ask_to_verify
from aedile.console.base.codes import BAD_INPUT, NOT_FOUND
from aedile.console.base.context import actor_of
from aedile.console.base.jobs import cancel
from aedile.console.base.models import Job
from aedile.errors import ConsoleError, Place

PAGE = 50


@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """My jobs, the newest first. before: the time of the last one of the page before."""
    found = Job.objects.filter(person=request.user)
    before = _before(request)
    if before is not None:
        found = found.filter(made__lt=before)
    page = list(found[: PAGE + 1])
    more = page[PAGE - 1].made.isoformat() if len(page) > PAGE else None
    context = {
        "jobs": page[:PAGE],
        "more": more,
        "before": before,
        "may_verify": actor_of(request).may("history.view"),
    }
    return render(request, "base/jobs.html", context)


def _before(request: HttpRequest) -> datetime | None:
    text = request.GET.get("before")
    if text is None:
        return None
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ConsoleError(BAD_INPUT, "`before` is not a time", place=Place(field="before"), fix="go to your jobs")
    return found


@require_safe
def job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    return render(request, "base/job.html", {"job": _mine(request, job_id)})


@require_safe
def job_state(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The part of the page that changes by itself, for htmx."""
    return render(request, "base/job_state.html", {"job": _mine(request, job_id)})


@require_POST
def cancel_job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    return redirect("job", cancel(actor_of(request), job_id).pk)


@require_POST
def verify_history(request: HttpRequest) -> HttpResponse:
    return redirect("job", ask_to_verify(actor_of(request)).pk)


def _mine(request: HttpRequest, job_id: UUID) -> Job:
    found = Job.objects.filter(pk=job_id, person=request.user).first()
    if found is None:
        raise ConsoleError(NOT_FOUND, "you have no such job", fix="see your jobs")
    return found
