"""Teams: who owns strategies and lists together?"""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from aedile.console.accounts import actions
from aedile.console.accounts.forms import EditTeamForm, NewTeamForm
from aedile.console.accounts.models import Team
from aedile.console.accounts.pages.sending import refusals_in, shown
from aedile.console.base.context import actor_of

VIEW = "person.view"


@require_safe
def teams(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    actor.require(VIEW)
    # each count by itself: joined in one query they would multiply
    found = Team.objects.annotate(
        people=_counted("grants__person"), owned_strategies=_counted("strategies"), owned_lists=_counted("lists")
    )
    return render(request, "accounts/teams.html", {"teams": found, "manages": actor.may(actions.MANAGE)})


def _counted(of: str) -> Subquery:
    alone = Team.objects.filter(pk=OuterRef("pk")).order_by().values("pk")
    return Subquery(alone.annotate(found=Count(of, distinct=True)).values("found"))


def add(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    actor.require(actions.MANAGE)
    if request.method != "POST":
        return shown(request, "accounts/team_add.html", NewTeamForm())
    form = NewTeamForm(request.POST)
    if form.is_valid():
        with refusals_in(form):
            actions.add_team(actor, **form.cleaned_data)
    if form.errors:
        return shown(request, "accounts/team_add.html", form)
    messages.success(request, _("The team is there."))
    return redirect("team", form.cleaned_data["slug"])


def team(request: HttpRequest, slug: str) -> HttpResponse:
    """A team and its people; by POST an admin changes its name, and where its notices go."""
    actor = actor_of(request)
    actor.require(VIEW)
    found = get_object_or_404(Team, slug=slug)
    if request.method != "POST":
        return _page(request, found, EditTeamForm(initial={"name": found.name}))
    actor.require(actions.MANAGE)
    form = EditTeamForm(request.POST)
    if form.is_valid():
        told = form.cleaned_data
        channel = "" if told["forget"] else told["channel"] or None
        with refusals_in(form):
            actions.edit_team(actor, found, told["name"], channel)
    if form.errors:
        return _page(request, found, form)
    messages.success(request, _("The team was changed."))
    return redirect("team", slug)


@require_POST
def remove(request: HttpRequest, slug: str) -> HttpResponse:
    actions.remove_team(actor_of(request), get_object_or_404(Team, slug=slug))
    messages.success(request, _("The team was removed."))
    return redirect("teams")


def _page(request: HttpRequest, found: Team, form: EditTeamForm) -> HttpResponse:
    told = {
        "team": found,
        "grants": found.grants.select_related("person").order_by("person__name", "role"),
        "manages": actor_of(request).may(actions.MANAGE),
        "has_channel": bool(found.channel),
        "owned_strategies": found.strategies.count(),
        "owned_lists": found.lists.count(),
    }
    return shown(request, "accounts/team.html", form, **told)
