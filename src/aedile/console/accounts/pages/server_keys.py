"""Server keys: who may ask the decision server, and for what?"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from aedile.console.accounts import server_keys as keys
from aedile.console.accounts.forms import ServerKeyForm
from aedile.console.accounts.models import ServerKeyChange
from aedile.console.accounts.pages.sending import refusals_in, shown
from aedile.console.base.context import actor_of

CHANGES = 20


@never_cache
def server_keys(request: HttpRequest) -> HttpResponse:
    """The keys; by POST a new one is made, and the answer is the one time it is shown."""
    actor = actor_of(request)
    actor.require(keys.PERMISSION)
    form, made = ServerKeyForm(), ""
    if request.method == "POST":
        form = ServerKeyForm(request.POST)
        if form.is_valid():
            told = form.cleaned_data
            with refusals_in(form):
                made, _record = keys.make_server_key(actor, told["scopes"], told["days"], told["limit"], told["note"])
    now = timezone.now()
    rows = [(record, keys.ends(record), keys.ends(record) <= now) for record in keys.server_keys(actor)]
    changes = ServerKeyChange.objects.select_related("author")[:CHANGES]
    return shown(request, "accounts/server_keys.html", form, made=made, keys=rows, changes=changes)


@require_POST
def revoke(request: HttpRequest, key: str) -> HttpResponse:
    keys.revoke_server_key(actor_of(request), key)
    messages.success(request, _("The key works no more."))
    return redirect("server_keys")
