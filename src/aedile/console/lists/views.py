"""Which lists are there, what does one hold, and who asks it?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aedile.console.base.codes import BAD_INPUT
from aedile.console.base.context import actor_of
from aedile.console.lists import actions
from aedile.console.lists.content import list_or_error, load, pieces_of, revision_or_error
from aedile.console.lists.effects import effect_of, uses, who_uses
from aedile.console.lists.forms import DescribeForm, ListForm
from aedile.console.lists.listing import rows, table_of
from aedile.console.lists.looking import Entry, Found, exactly, with_prefix
from aedile.console.lists.looking import page as page_of
from aedile.console.lists.models import Change, NamedList, Revision
from aedile.errors import ConsoleError, Place
from aedile.language.lists import MOST_BYTES
from aedile.language.values import parse_timestamp

PAGE = 50
_NEWEST = 8


@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """All lists; retired ones where they are asked for."""
    actor = actor_of(request)
    actor.require("list.view")
    found = rows() if request.GET.get("state") else rows().filter(retired=None)
    used = uses(list(NamedList.objects.values_list("name", flat=True)))
    return table_of(used).answer(request, found, "lists/lists.html", {"may_write": actor.may("list.write")})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a list."""
    actor = actor_of(request)
    actor.require("list.write")
    form = ListForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            actions.create_list(actor, given["name"], given["team"].pk, given["meaning"])
        except ConsoleError as error:
            _tell(form, error)
        else:
            messages.success(request, _("The list is there, empty. Put entries in."))
            return redirect("list", given["name"])
    return render(request, "lists/new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def describe(request: HttpRequest, name: str) -> HttpResponse:
    """Say anew whose a list is, and what it means."""
    actor = actor_of(request)
    actor.require("list.write")
    found = list_or_error(name)
    form = DescribeForm(request.POST or None, initial={"team": found.team_id, "meaning": found.meaning})
    if request.method == "POST" and form.is_valid():
        actions.describe_list(actor, name, form.cleaned_data["team"].pk, form.cleaned_data["meaning"])
        messages.success(request, _("Kept."))
        return redirect("list", name)
    return render(request, "lists/describe.html", {"form": form, "list": found}, status=422 if form.errors else 200)


def _tell(form: Any, error: ConsoleError) -> None:
    """Say at its field what is wrong, or raise what is about no field."""
    if error.place.field not in form.fields:
        raise error
    form.add_error(error.place.field, f"{error.message}; {error.fix}")


@require_POST
def retire(request: HttpRequest, name: str) -> HttpResponse:
    actions.retire_list(actor_of(request), name, _why(request))
    messages.success(request, _("The list is retired."))
    return redirect("list", name)


@require_POST
def bring_back(request: HttpRequest, name: str) -> HttpResponse:
    actions.bring_back_list(actor_of(request), name)
    messages.success(request, _("Strategies may ask the list again."))
    return redirect("list", name)


def _why(request: HttpRequest) -> str:
    why: str = request.POST.get("why", "").strip()
    if not why or len(why) > 300:
        raise ConsoleError(
            BAD_INPUT, "the reason is missing, or has more than 300 characters", place=Place(field="why"), fix="say why"
        )
    return why


# ---------------------------------------------------------------- one list


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as the page shows it."""

    text: str
    until: str
    is_expired: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of entries, and the addresses of its neighbours. first, last: places among what was found, from 1."""

    q: str
    exact: bool
    rows: tuple[Row, ...]
    total: int
    first: int
    last: int
    before: str
    after: str


@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    """One list: its entries, searched or leafed through; how it came about; who asks it."""
    actor = actor_of(request)
    actor.require("list.view")
    found, newest = list_or_error(name), revision_or_error(name)
    context: dict[str, Any] = {
        "list": found, "newest": newest, "shown": _shown(request, newest), "may_write": actor.may("list.write"),
    }  # fmt: skip
    if request.headers.get("HX-Target") == "entries":
        return render(request, "lists/_entries.html", context)
    using = who_uses(name, running=False)
    now = time.time_ns() // 1000
    soonest = [piece.soonest for piece in pieces_of(newest) if piece.soonest is not None]
    context |= {
        "using": using,
        "effect": effect_of(newest, using),
        "has_expired": any(at <= now for at in soonest),
        "revisions": found.revisions.select_related("author").defer("chunks")[:_NEWEST],
        "open": Change.objects.filter(list=found, person=actor.person, ended=None).select_related("job")[:5],
        "hows": [(how, label) for how, label in Change.How.choices if how in ("put", "remove", "time", "replace")],
        "may_see_history": actor.may("history.view"),
    }
    return render(request, "lists/list.html", context)


def _shown(request: HttpRequest, newest: Revision) -> Shown:
    q, exact = request.GET.get("q", ""), request.GET.get("match") == "exact"
    if len(q.encode("utf-8", "replace")) > MOST_BYTES or "\0" in q or not _is_text(q):
        raise ConsoleError(BAD_INPUT, f"no entry has more than {MOST_BYTES:,} bytes", place=Place(field="q"))
    offset, pieces = _offset(request), pieces_of(newest)
    if q and exact:
        found = exactly(pieces, load, q)
        offset = 0
    elif q:
        found = with_prefix(pieces, load, q, offset, PAGE)
    else:
        found = page_of(pieces, load, offset, PAGE)
    return _told(q, exact, found, offset)


def _told(q: str, exact: bool, found: Found, offset: int) -> Shown:
    now = time.time_ns() // 1000
    told = tuple(_row(entry, now) for entry in found.entries)
    return Shown(
        q, exact, told, found.total, offset + 1, offset + len(told),
        _link(q, max(offset - PAGE, 0)) if offset else "",
        _link(q, offset + PAGE) if offset + len(told) < found.total and told else "",
    )  # fmt: skip


def _row(entry: Entry, now: int) -> Row:
    end = parse_timestamp(entry.until) if entry.until else None
    return Row(entry.text, entry.until, end is not None and end <= now)


def _link(q: str, offset: int) -> str:
    query = QueryDict(mutable=True)
    if q:
        query["q"] = q
    if offset:
        query["offset"] = str(offset)
    return f"?{query.urlencode()}"


def _offset(request: HttpRequest) -> int:
    text = request.GET.get("offset", "0")
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise ConsoleError(
            BAD_INPUT, "`offset` is no number", place=Place(field="offset"), fix="begin at the first page"
        )
    return int(text)


def _is_text(q: str) -> bool:
    try:
        q.encode()
    except UnicodeEncodeError:
        return False
    return True
