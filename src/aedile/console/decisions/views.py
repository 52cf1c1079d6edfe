"""What does a reader see of the decision log: the search, a decision, why, and what another release would have done?"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from aedile.console.base.context import actor_of
from aedile.console.decisions import questions
from aedile.console.decisions.codes import BAD_SEARCH, NO_SUCH
from aedile.console.decisions.form import PART_NAMES, read
from aedile.console.settings import AEDILE
from aedile.console.strategies.models import PublishedRelease
from aedile.engine.strategy import ALL
from aedile.errors import ConsoleError, Place
from aedile.language.markets import CHANNELS
from aedile.language.schema import CANDIDATE_KINDS

#: Candidates of a slate that are shown unless all are asked for.
SHOWN = 100


def index(request: HttpRequest) -> HttpResponse:
    """Search the log; the whole search is in the address."""
    markets = questions.granted(actor_of(request))
    asked = read(request.GET, markets)
    answer = questions.found(asked)
    told = {
        "asked": asked, "answer": answer, "parts": PART_NAMES.items(), "channels": CHANNELS, "kinds": CANDIDATE_KINDS,
        "markets": [] if ALL in markets else sorted(markets),
        "next": asked.address(answer.go_on) if answer.go_on is not None else None,
        "reached": questions.moment(answer.reached) if answer.is_partial and answer.reached else None,
        "keep_days": AEDILE.log.keep_days, "share": AEDILE.log.share,
    }  # fmt: skip
    alone = request.headers.get("HX-Target") == "further"
    page = render(request, "decisions/_hits.html" if alone else "decisions/search.html", told)
    page["Vary"] = "HX-Request, HX-Target"
    return page


def of_request(request: HttpRequest, request_id: str) -> HttpResponse:
    """A request's permanent address: its decision, or the list of them where it was decided several times."""
    answer = questions.of_request(actor_of(request), request_id)
    if not answer.hits and not answer.damaged and not answer.is_partial:
        raise ConsoleError(
            NO_SUCH,
            f"the log holds no decision of a request {request_id[:128]!r}",
            hint=f"decisions are kept for {AEDILE.log.keep_days} days; or it is of a market you may not look into",
            fix="search the log by item, strategy or time",
        )
    if len(answer.hits) == 1 and answer.go_on is None:
        return redirect("decision", answer.hits[0].decided_at, request_id)
    told = {"request_id": request_id, "answer": answer, "asked": None, "next": None, "reached": None}
    return render(request, "decisions/of_request.html", told)


def decision(request: HttpRequest, at: int, request_id: str) -> HttpResponse:
    """One decision: the slate before and after, side by side."""
    actor = actor_of(request)
    decided = questions.decision_of(actor, request_id, at)
    everything = "all" in request.GET
    cut = None if everything else SHOWN
    told = {
        "decided": decided, "sent": decided.sent[:cut], "slate": decided.slate[:cut],
        "excluded": decided.excluded[:cut], "is_cut": not everything and len(decided.sent) > SHOWN,
        **_replayable(request, decided),
    }  # fmt: skip
    return render(request, "decisions/decision.html", told)


def why(request: HttpRequest, at: int, request_id: str, kind: str, entity_id: str) -> HttpResponse:
    """Why did this candidate appear where it did, or not at all?"""
    asked = request.GET.get("strategy", "").strip()[:200] or None
    found = questions.why(actor_of(request), request_id, at, kind, entity_id, asked)
    told = {"why": found, "decided": found.decided, "placed": found.placed, "typed": asked or ""}
    return render(request, "decisions/why.html", {**told, "full_share": AEDILE.log.full_share})


def replay(request: HttpRequest, at: int, request_id: str) -> HttpResponse:
    """What would another release have decided?"""
    number = request.GET.get("release", "").strip()
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise ConsoleError(
            BAD_SEARCH, f"{number[:60]!r} is not the number of a release", place=Place(field="release"),
            fix="choose one of the list",
        )  # fmt: skip
    found = questions.replayed(actor_of(request), request_id, at, int(number))
    told = {"replay": found, "decided": found.decided, **_replayable(request, found.decided)}
    return render(request, "decisions/replay.html", told)


def _replayable(request: HttpRequest, decided: questions.Decided) -> dict[str, Any]:
    may = actor_of(request).may(questions.REPLAY, markets=[decided.market])
    releases = PublishedRelease.objects.order_by("-number")[:50] if may and decided.in_full else ()
    return {"may_replay": may, "releases": releases}
