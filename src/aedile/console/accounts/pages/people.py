"""People: who is here, in which roles, and what may an admin do for them?"""

from __future__ import annotations

from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from aedile.console.accounts import actions, keys
from aedile.console.accounts.forms import GrantForm, NewPersonForm, PersonForm, WhyForm
from aedile.console.accounts.models import Grant, Person
from aedile.console.accounts.pages.sending import refusals_in, shown
from aedile.console.base.context import actor_of

EACH = 100
VIEW = "person.view"


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Everybody, by name; `q` looks in names and addresses, `after` is the last of the page before."""
    actor = actor_of(request)
    actor.require(VIEW)
    typed = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    found = Person.objects.prefetch_related("grants__team").order_by("name", "id")
    if typed:
        found = found.filter(Q(name__icontains=typed) | Q(email__icontains=typed))
    last = Person.objects.filter(pk=request.GET.get("after", "")).first() if _is_id(request.GET.get("after")) else None
    if last is not None:
        found = found.filter(Q(name__gt=last.name) | Q(name=last.name, pk__gt=last.pk))
    rows = list(found[: EACH + 1])
    told = {"people": rows[:EACH], "more": rows[EACH - 1].pk if len(rows) > EACH else None, "typed": typed}
    return render(request, "accounts/people.html", {**told, "manages": actor.may(actions.MANAGE)})


@never_cache
def add(request: HttpRequest) -> HttpResponse:
    """Somebody new; the answer to the form shows the link by which they set a password, this once."""
    actor = actor_of(request)
    actor.require(actions.MANAGE)
    if request.method != "POST":
        return shown(request, "accounts/person_add.html", NewPersonForm(initial={"zone": "UTC", "markets": "all"}))
    form = NewPersonForm(request.POST)
    made, link = None, ""
    if form.is_valid():
        told = form.cleaned_data
        grants = [(told["role"], told["markets"], told["team"])]
        with refusals_in(form):
            made, link = actions.add_person(
                actor, told["email"], told["name"], zone=told["zone"], language=told["language"], grants=grants
            )
    if made is None:
        return shown(request, "accounts/person_add.html", form)
    return render(request, "accounts/link.html", {"person": made, "link": link, "is_new": True})


@require_safe
@never_cache
def person(request: HttpRequest, pk: int) -> HttpResponse:
    actor_of(request).require(VIEW)
    return _page(request, get_object_or_404(Person, pk=pk))


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    actor.require(actions.MANAGE)
    found = get_object_or_404(Person, pk=pk)
    if request.method != "POST":
        names = ("email", "name", "zone", "language")
        form = PersonForm(initial={name: getattr(found, name) for name in names})
        return shown(request, "accounts/person_edit.html", form, person=found)
    form = PersonForm(request.POST)
    if form.is_valid():
        with refusals_in(form):
            actions.edit_person(actor, found, **form.cleaned_data)
    if form.errors:
        return shown(request, "accounts/person_edit.html", form, person=get_object_or_404(Person, pk=pk))
    messages.success(request, _("The person was changed."))
    return redirect("person", pk)


@require_POST
def deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    found = get_object_or_404(Person, pk=pk)
    form = WhyForm(request.POST)
    why = form.cleaned_data["why"] if form.is_valid() else ""
    actions.deactivate(actor, found, why)
    messages.success(request, _("%(name)s was signed out everywhere, and gets in no more.") % {"name": found})
    return redirect("person", pk)


@require_POST
def activate(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Person, pk=pk)
    actions.activate(actor_of(request), found)
    words = _("%(name)s may sign in again, by a new link or the company account.")
    messages.success(request, words % {"name": found})
    return redirect("person", pk)


@require_POST
@never_cache
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """A link to set a password, shown this once."""
    found = get_object_or_404(Person, pk=pk)
    made = actions.make_link(actor_of(request), found)
    return render(request, "accounts/link.html", {"person": found, "link": made})


@require_POST
def end_sessions(request: HttpRequest, pk: int) -> HttpResponse:
    ended = actions.end_sessions(actor_of(request), get_object_or_404(Person, pk=pk))
    words = ngettext("%(count)s session was ended.", "%(count)s sessions were ended.", ended)
    messages.success(request, words % {"count": ended})
    return redirect("person", pk)


@require_POST
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    actor.require(actions.MANAGE)
    found = get_object_or_404(Person, pk=pk)
    form = GrantForm(request.POST)
    if form.is_valid():
        with refusals_in(form):
            actions.grant(actor, found, **form.cleaned_data)
    if form.errors:
        return _page(request, found, form)
    messages.success(request, _("The role was given; it holds from the next page on."))
    return redirect("person", pk)


@require_POST
def withdraw(request: HttpRequest, pk: int, grant: int) -> HttpResponse:
    actions.withdraw(actor_of(request), get_object_or_404(Grant, pk=grant, person_id=pk))
    messages.success(request, _("The role was taken away; it holds from the next page on."))
    return redirect("person", pk)


@require_POST
def revoke_key(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    actor = actor_of(request)
    actor.require(actions.MANAGE)
    keys.revoke_key(actor, get_object_or_404(get_object_or_404(Person, pk=pk).api_keys, pk=key))
    messages.success(request, _("The key works no more."))
    return redirect("person", pk)


def _page(request: HttpRequest, found: Person, form: GrantForm | None = None) -> HttpResponse:
    """A person's page; what concerns how they get in is shown to who manages people."""
    actor = actor_of(request)
    told: dict[str, Any] = {"person": found, "grants": found.grants.select_related("team").order_by("role", "id")}
    if actor.may(actions.MANAGE):
        told |= {
            "manages": True,
            "why": WhyForm(),
            "keys": found.api_keys.all(),
            "sessions": UserSession.objects.filter(user=found).order_by("-last_seen_at"),
            "factors": found.authenticator_set.count(),
            "now": timezone.now(),
        }
    return shown(request, "accounts/person.html", form or GrantForm(), **told)


def _is_id(text: str | None) -> bool:
    return text is not None and text.isascii() and text.isdecimal() and len(text) <= 18
