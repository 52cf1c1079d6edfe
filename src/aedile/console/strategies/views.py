"""What does a reader see of strategies, and what do they do with a version?"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from aedile.console.base.codes import BAD_INPUT
from aedile.console.base.context import actor_of
from aedile.console.base.models import Entry
from aedile.console.proving import actions as backtests
from aedile.console.settings import HOME
from aedile.console.strategies import actions
from aedile.console.strategies.codes import NO_SUCH
from aedile.console.strategies.debt import KINDS, debts, may_owe
from aedile.console.strategies.deeds import DeedForm, deeds_for, do
from aedile.console.strategies.dossier import dossier_of
from aedile.console.strategies.listing import STRATEGIES
from aedile.console.strategies.lookup import acting_version, foremost, strategy_seen, version_seen, versions_seen
from aedile.console.strategies.models import RUNNING, Move, SchemaVersion, Stage, Version
from aedile.console.strategies.pdf import pdf_of
from aedile.console.strategies.world import acting_id, text_of
from aedile.errors import ConsoleError
from aedile.server.gather import gathered


def index(request: HttpRequest) -> HttpResponseBase:
    """All strategies: of each the version that matters most, unless others are asked for."""
    actor = actor_of(request)
    actor.require("strategy.view")
    context = {"may_write": actor.may("strategy.write"), "has_schema": SchemaVersion.objects.exists()}
    return STRATEGIES.answer(request, versions_seen(actor), "strategies/list.html", context)


def strategy(request: HttpRequest, strategy_id: str) -> HttpResponse:
    """A strategy's permanent address leads to the version that matters most."""
    found = foremost(strategy_seen(actor_of(request), strategy_id))
    return redirect("version", found.strategy_id, found.number)


def version(request: HttpRequest, strategy_id: str, number: int) -> HttpResponse:
    """One version: what it says, where it stands, who said what, and what may be done now."""
    actor = actor_of(request)
    found = version_seen(actor, strategy_id, number)
    return render(request, "strategies/version.html", _told(request, found))


def _told(request: HttpRequest, found: Version) -> dict[str, Any]:
    actor = actor_of(request)
    acting = acting_version(found.strategy_id)
    entries = Entry.objects.filter(subject="strategies_version", pk_of_row=str(found.pk))[:50]
    return {
        "version": found,
        "versions": strategy_seen(actor, found.strategy_id),
        "text": text_of(found),
        "deeds": list(deeds_for(actor, found)),
        "form": DeedForm(initial={"share": found.share}),
        "approvals": found.approvals.select_related("person"),
        "comments": found.comments.select_related("person"),
        "moves": found.moves.select_related("by").filter(done=None, dropped=None),
        "acting": acting if acting is not None and acting.pk != found.pk else None,
        "entries": entries,
        "may_see_history": actor.may("history.view"),
        "may_see_log": found.stage in RUNNING and actor.may("decision.view"),
        "may_edit": actor.may("strategy.write", markets=found.markets or ["all"], team=found.strategy.team_id),
        "may_drop": actor.may("release.schedule", markets=found.markets or ["all"], team=found.strategy.team_id),
        "stages": _way(found),
        "acting_id": acting_id(found),
        "may_backtest": bool(found.digest) and actor.may(backtests.PERMISSION, markets=found.markets or ["all"]),
        "backtests": backtests.of_version(actor, found, 5),
        "now": timezone.now(),
    }


def _way(found: Version) -> list[tuple[str, bool, bool]]:
    """The stages in order: name, passed, current."""
    way = [Stage.DRAFT, Stage.PROPOSED, Stage.SHADOW, Stage.CANARY, Stage.LIVE]
    if found.stage in (Stage.PAUSED, Stage.RETIRED):
        return [*((str(stage), False, False) for stage in way), (found.stage, True, True)]
    place = way.index(Stage(found.stage))
    return [(str(stage), number <= place, number == place) for number, stage in enumerate(way)]


@require_POST
def act(request: HttpRequest, strategy_id: str, number: int, deed: str) -> HttpResponse:
    """Do one of the deeds of a version's page."""
    actor = actor_of(request)
    found = version_seen(actor, strategy_id, number)
    done, made = do(actor, found, deed, request.POST)
    messages.success(request, done.done)
    if done.name == "next":
        return redirect("version_edit", made.strategy_id, made.number)
    return redirect("version", strategy_id, number)


@require_POST
def drop_move(request: HttpRequest, move: int) -> HttpResponse:
    """Take back what was scheduled."""
    actor = actor_of(request)
    found = Move.objects.select_related("version", "version__strategy").filter(pk=move).first()
    if found is None or not versions_seen(actor).filter(pk=found.version_id).exists():
        raise ConsoleError(NO_SUCH, f"nothing is scheduled as number {move}")
    actions.drop_move(actor, found)
    messages.success(request, _("It will not happen."))
    return redirect("version", found.version.strategy_id, found.version.number)


def dossier(request: HttpRequest, strategy_id: str, number: int) -> HttpResponse:
    """All that speaks for and against a change, on one page; with `?as=pdf` to file."""
    actor = actor_of(request)
    found = dossier_of(actor, version_seen(actor, strategy_id, number))
    if request.GET.get("as") == "pdf":
        answer = HttpResponse(pdf_of(found), content_type="application/pdf")
        answer["Content-Disposition"] = f'attachment; filename="{strategy_id}-v{number}.pdf"'
        return answer
    return render(request, "strategies/dossier.html", {"dossier": found, "version": found.version})


def debt(request: HttpRequest) -> HttpResponse:
    """What strategies owe."""
    actor = actor_of(request)
    actor.require("strategy.view")
    standing = gathered(HOME.workers)
    counts = standing["strategies"] if standing["workers"] else None
    now = timezone.now()
    found = debts(may_owe(versions_seen(actor), now), counts, now)
    kind = request.GET.get("kind", "")
    shown = [one for one in found if not kind or one.kind == kind]
    page = Paginator(shown, 50).get_page(request.GET.get("page"))
    prefetch_related_objects([one.version for one in page], "strategy__team")
    numbers = {name: sum(1 for one in found if one.kind == name) for name in KINDS}
    return render(
        request, "strategies/debt.html",
        {
            "page": page, "kind": kind,
            "kinds": [(name, says, numbers[name]) for name, says in KINDS.items()], "counted": counts is not None,
        },
    )  # fmt: skip


class SchemaForm(forms.Form):
    """A feature schema as text."""

    text = forms.CharField(
        label=_("Schema (YAML)"), max_length=1 << 20, widget=forms.Textarea({"rows": 30}), strip=False
    )
    note = forms.CharField(label=_("What changes"), max_length=300, required=False)


@require_http_methods(["GET", "POST"])
def schema(request: HttpRequest) -> HttpResponse:
    """The feature schema: what is known of entities, and since when."""
    actor = actor_of(request)
    actor.require("strategy.view")
    if request.method == "POST":
        form = SchemaForm(request.POST)
        if not form.is_valid():
            raise ConsoleError(BAD_INPUT, " ".join(message for said in form.errors.values() for message in said))
        actions.enter_schema(actor, form.cleaned_data["text"], form.cleaned_data["note"])
        messages.success(request, _("The schema is entered. Running strategies meet it with the next release."))
        return redirect("schema")
    newest = SchemaVersion.objects.select_related("author").first()
    form = SchemaForm(initial={"text": newest.text if newest else ""})
    rows = SchemaVersion.objects.select_related("author").defer("text")[:50]
    return render(
        request, "strategies/schema.html",
        {"form": form, "newest": newest, "rows": rows, "may_manage": actor.may("schema.manage")},
    )  # fmt: skip
