"""History: who wrote what, and what was it before?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from aedile.console.accounts.history import Filter, name_of, page_of, values_of
from aedile.console.base.context import actor_of
from aedile.console.base.models import Entry

VIEW = "history.view"


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    actor_of(request).require(VIEW)
    asked = Filter.of(request.GET)
    page = page_of(asked)
    told = {
        "asked": asked,
        "rows": [(entry, name_of(entry.subject)) for entry in page.entries],
        "next": asked.address(before=page.more) if page.more else "",
        "newest": asked.address(before=""),
        "actions": values_of("action"),
        "tables": sorted((name_of(table), table) for table in values_of("subject")),
    }
    return render(request, "accounts/history.html", told)


@require_safe
def entry(request: HttpRequest, seq: int) -> HttpResponse:
    """One write: each field with what it was and what it became, and the hashes that bind it to its neighbours."""
    actor_of(request).require(VIEW)
    found = get_object_or_404(Entry, pk=seq)
    same = Filter(table=found.subject, key=found.pk_of_row).address()
    told = {"entry": found, "name": name_of(found.subject), "same_row": same}
    return render(request, "accounts/history_entry.html", told)
