"""My account: who am I here, how do I sign in, and what acts as me?"""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from aedile.console.accounts import actions, keys
from aedile.console.accounts.forms import AccountForm, KeyForm
from aedile.console.accounts.pages.sending import refusals_in, shown
from aedile.console.base.context import actor_of


@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """The page; by POST name, time zone and language are changed."""
    actor = actor_of(request)
    person = actor.person
    if request.method != "POST":
        form = AccountForm(initial={"name": person.name, "zone": person.zone, "language": person.language})
        return _page(request, form=form)
    form = AccountForm(request.POST)
    if form.is_valid():
        with refusals_in(form):
            actions.edit_own_account(actor, **form.cleaned_data)
    if form.errors:
        return _page(request, form=form)
    messages.success(request, _("Your account was changed."))
    answer = redirect("account")
    if person.language:
        answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, person.language, samesite=settings.LANGUAGE_COOKIE_SAMESITE)
    return answer


@never_cache
def make_key(request: HttpRequest) -> HttpResponse:
    """A new API key; the answer to the form is the one time it is shown."""
    actor = actor_of(request)
    actor.require("key.own")
    if request.method != "POST":
        return shown(request, "accounts/key_make.html", KeyForm())
    form = KeyForm(request.POST)
    text, key = "", None
    if form.is_valid():
        told = form.cleaned_data
        with refusals_in(form):
            text, key = keys.make_key(actor, told["scopes"], told["days"], told["note"])
    return shown(request, "accounts/key_make.html", form, made=text, key=key)


@require_POST
def revoke_key(request: HttpRequest, key: str) -> HttpResponse:
    actor = actor_of(request)
    keys.revoke_key(actor, get_object_or_404(actor.person.api_keys, pk=key))
    messages.success(request, _("The key works no more."))
    return redirect("account")


@require_POST
def end_session(request: HttpRequest, session: int) -> HttpResponse:
    """One of one's own sessions; the present one ends by signing out."""
    actor = actor_of(request)
    found = get_object_or_404(UserSession, pk=session, user=actor.person)
    if found.session_key == request.session.session_key:
        raise Http404
    actions.end_own_session(actor, found.session_key)
    messages.success(request, _("The session was ended."))
    return redirect("account")


def _page(request: HttpRequest, form: AccountForm) -> HttpResponse:
    actor = actor_of(request)
    person = actor.person
    found = UserSession.objects.purge_and_list(person)
    told: dict[str, Any] = {
        "sessions": sorted(found, key=lambda session: session.last_seen_at, reverse=True),
        "this_session": request.session.session_key,
        "keys": person.api_keys.all(),
        "now": timezone.now(),
        "may_have_keys": actor.may("key.own"),
        "has_password": person.has_usable_password(),
        "factors": _factors(person),
        "grants": actor.grants,
        "provider": settings.AEDILE.oidc.name if settings.AEDILE.oidc.issuer else "",
    }
    return shown(request, "accounts/account.html", form, **told)


def _factors(person: Any) -> dict[str, int]:
    """How many second factors of each kind there are."""
    types = list(Authenticator.objects.filter(user=person).values_list("type", flat=True))
    return {kind.value: types.count(kind.value) for kind in Authenticator.Type}
