"""What was I told, and what did the console tell whom?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from aedile.console.base.addresses import shown
from aedile.console.base.codes import BAD_INPUT
from aedile.console.base.context import actor_of
from aedile.console.base.models import OUTBOX_STATES, Outbox
from aedile.console.base.notices import SEEN, mine, try_again
from aedile.errors import ConsoleError, Place

PAGE = 50
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """What I and my teams were told lately; having looked, none of it is new any more."""
    found = list(mine(actor_of(request)).select_related("team")[:PAGE])
    seen = request.session.get(SEEN)
    request.session[SEEN] = timezone.now().isoformat()
    # `notices` is how many are new, on every page
    return render(request, "base/notices.html", {"told": found, "seen": parse_datetime(seen) if seen else _LONG_AGO})


@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """All that was told to whom. state: only such; before: the number of the last one of the page before."""
    actor_of(request).require("outbox.view")
    state = request.GET.get("state", "")
    found = Outbox.objects.select_related("team", "person")
    if state:
        if state not in list(Outbox.State):
            raise ConsoleError(BAD_INPUT, "no notice is in that state", place=Place(field="state"), fix="choose one")
        found = found.filter(state=state)
    before = _number(request.GET.get("before"))
    if before is not None:
        found = found.filter(pk__lt=before)
    page = list(found[: PAGE + 1])
    context = {
        "rows": [(notice, _whom(notice)) for notice in page[:PAGE]],
        "more": page[PAGE - 1].pk if len(page) > PAGE else None,
        "state": state,
        "states": OUTBOX_STATES,
        "sends": settings.AEDILE.notices.send,
        "may_resend": actor_of(request).may("person.manage"),
        "mails": settings.AEDILE.notices.mail is not None,
    }
    return render(request, "base/outbox.html", context)


@require_POST
def send_again(request: HttpRequest, notice_id: int) -> HttpResponse:
    try_again(actor_of(request), notice_id)
    return redirect("outbox")


def _whom(notice: Outbox) -> dict[str, Any]:
    if notice.team is not None:
        return {"name": notice.team.name, "address": shown(notice.team.channel)}
    assert notice.person is not None
    return {"name": notice.person.name, "address": notice.person.email}


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise ConsoleError(BAD_INPUT, "`before` is not a number", place=Place(field="before"), fix="go to the outbox")
    return int(text)
