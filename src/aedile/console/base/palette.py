"""What does somebody mean who types a few letters? Pages and things of all desks, as far as they may see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from aedile.console.accounts.actor import Actor
from aedile.console.accounts.models import Person
from aedile.console.base.context import actor_of
from aedile.console.base.navigation import PAGES, address_of, entries
from aedile.console.lists.models import NamedList
from aedile.console.strategies.models import PublishedRelease, Version

EACH = 8


@dataclass(frozen=True, slots=True)
class Found:
    """Something that can be gone to. kind: what it is, in a word; note: what tells it from its neighbours."""

    kind: str
    name: str
    href: str
    icon: str
    note: str = ""


def find(request: HttpRequest) -> HttpResponse:
    typed = request.GET.get("q", "").strip()[:100]
    return render(request, "base/palette.html", {"found": list(search(actor_of(request), typed))})


def search(actor: Actor, typed: str) -> Iterator[Found]:
    """What answers to the letters, pages first."""
    typed = typed.replace("\0", "")
    yield from _pages(actor, typed)
    if not typed:
        return
    for desk in (_strategies, _lists, _people, _releases, _requests):
        yield from desk(actor, typed)


def _pages(actor: Actor, typed: str) -> Iterator[Found]:
    desks = [(str(entry.desk.name), entry.href, entry.desk.icon) for entry in entries(actor, "")]
    for name, href, icon in [*desks, *_further(actor)]:
        if typed.lower() in name.lower():
            yield Found(_("page"), name, href, icon)


def _further(actor: Actor) -> Iterator[tuple[str, str, str]]:
    for page in PAGES:
        href = address_of(page.address) if page.permission is None or actor.may(page.permission) else None
        if href is not None:
            yield str(page.name), href, page.icon


def _strategies(actor: Actor, typed: str) -> Iterator[Found]:
    if not actor.may("strategy.view"):
        return
    seen = Version.objects.filter(actor.seen("strategy.view"))
    words = [Q(words__contains=word) for word in typed.lower().split()]
    rows = seen.filter(*words).values("strategy_id").annotate(newest=Max("number")).order_by("strategy_id")[:EACH]
    titles = dict(
        Version.objects.filter(strategy_id__in=[row["strategy_id"] for row in rows])
        .order_by("strategy_id", "number")
        .values_list("strategy_id", "title")
    )
    for row in rows:
        if href := address_of("strategy", row["strategy_id"]):
            yield Found(_("strategy"), row["strategy_id"], href, "target-arrow", titles.get(row["strategy_id"], ""))


def _lists(actor: Actor, typed: str) -> Iterator[Found]:
    if not actor.may("list.view"):
        return
    for found in NamedList.objects.filter(Q(name__contains=typed.lower()) | Q(meaning__icontains=typed))[:EACH]:
        if href := address_of("list", found.name):
            yield Found(_("list"), found.name, href, "list-details", found.meaning)


def _people(actor: Actor, typed: str) -> Iterator[Found]:
    if not actor.may("person.view"):
        return
    for person in Person.objects.filter(Q(name__icontains=typed) | Q(email__icontains=typed))[:EACH]:
        if href := address_of("person", person.pk):
            yield Found(_("person"), str(person), href, "user", person.email)


def _releases(actor: Actor, typed: str) -> Iterator[Found]:
    if not actor.may("release.view") or not typed.isdecimal() or len(typed) > 9:
        return
    for release in PublishedRelease.objects.filter(number=int(typed)):
        if href := address_of("release", release.number):
            yield Found(_("release"), str(release.number), href, "package-export", release.note)


def _requests(actor: Actor, typed: str) -> Iterator[Found]:
    """A request is looked up in the log by its desk: whatever could be an id is offered."""
    if not actor.may("decision.view") or len(typed) < 8 or " " in typed:
        return
    if href := address_of("request", typed):
        yield Found(_("request"), typed, href, "scale", _("look it up in the decision log"))
