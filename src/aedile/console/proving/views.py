"""What does a reader see of a backtest, and of what a strategy does in the log?"""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from aedile.console.base.context import actor_of
from aedile.console.proving import actions
from aedile.console.proving.report import Report
from aedile.console.strategies.lookup import version_seen


@require_POST
def start(request: HttpRequest, strategy_id: str, number: int) -> HttpResponse:
    """Ask for a backtest of a version."""
    actor = actor_of(request)
    hours = request.POST.get("hours", str(actions.USUAL))
    made = actions.begin(actor, version_seen(actor, strategy_id, number), int(hours) if hours.isdigit() else 0)
    return redirect("backtest", made.pk)


@require_GET
def backtest(request: HttpRequest, backtest_id: UUID) -> HttpResponse:
    """How far a backtest is, or what came of it."""
    actor = actor_of(request)
    found = actions.seen(actor, backtest_id)
    told = {
        "backtest": found, "report": Report(found.result) if found.result else None,
        "others": [one for one in actions.of_version(actor, found.version) if one.pk != found.pk],
        "may_begin": actor.may(actions.PERMISSION, markets=found.version.markets or ["all"]),
        "is_mine": found.person_id == actor.person.pk, "choices": actions.CHOICES,
    }  # fmt: skip
    return render(request, "proving/backtest.html", told)


@require_GET
def state(request: HttpRequest, backtest_id: UUID) -> HttpResponse:
    """The part of the page that changes by itself; when there is a result, the whole page is loaded anew."""
    actor = actor_of(request)
    found = actions.seen(actor, backtest_id)
    answer = render(request, "proving/_state.html", {"backtest": found, "is_mine": found.person_id == actor.person.pk})
    if found.result is not None:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
def cancel(request: HttpRequest, backtest_id: UUID) -> HttpResponse:
    return redirect("backtest", actions.stop(actor_of(request), backtest_id).pk)
