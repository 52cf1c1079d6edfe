"""Which releases were there, what did each change, and how does one go back?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from aedile.console.base.codes import BAD_INPUT
from aedile.console.base.context import actor_of
from aedile.console.strategies import releases
from aedile.console.strategies.models import PublishedRelease, Version
from aedile.engine.actions import Tier
from aedile.errors import AedileError, ConsoleError, Errors, Place
from aedile.store.controls import Freeze

_PAGE = 50


@dataclass(frozen=True, slots=True)
class Change:
    """How a strategy stood before and after; None where it was not there."""

    strategy: str
    number: int
    before: tuple[str, float | None] | None
    after: tuple[str, float | None] | None


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """What is otherwise in the new one, version by version."""
    was, is_ = _flat(old), _flat(new)
    return [Change(*key, was.get(key), is_.get(key)) for key in sorted({*was, *is_}) if was.get(key) != is_.get(key)]


def _flat(versions: Mapping[str, Any]) -> dict[tuple[str, int], tuple[str, float | None]]:
    return {(id_, int(number)): (as_[0], as_[1]) for id_, own in versions.items() for number, as_ in own.items()}


def index(request: HttpRequest) -> HttpResponse:
    """All releases, the newest first, with what holds for all strategies at once."""
    actor = actor_of(request)
    actor.require("release.view")
    pages = Paginator(PublishedRelease.objects.select_related("author").defer("versions"), _PAGE)
    return render(
        request, "strategies/releases.html",
        {
            "page": pages.get_page(request.GET.get("page")), "controls": releases.controls(),
            "current": PublishedRelease.objects.order_by("-number").first(),
            "freezes": [Frozen.of(one) for one in releases.controls().freezes],
            "freeze_form": FreezeForm(), "kill_form": KillForm(), "may_freeze": actor.may("release.freeze"),
            "may_kill": actor.may("release.kill"),
        },
    )  # fmt: skip


def release(request: HttpRequest, number: int) -> HttpResponse:
    """One release: what it holds, and what it changed."""
    actor = actor_of(request)
    actor.require("release.view")
    found = releases.release_or_error(number)
    before = PublishedRelease.objects.filter(number=found.parent).first() if found.parent else None
    current = PublishedRelease.objects.order_by("-number").first()
    seen = set(
        Version.objects.filter(actor.seen("strategy.view"), strategy_id__in=found.versions)
        .values_list("strategy_id", flat=True)
    )  # fmt: skip
    held = [(id_, number, *as_) for (id_, number), as_ in sorted(_flat(found.versions).items())]
    return render(
        request, "strategies/release.html",
        {
            "release": found, "before": before, "is_current": current == found, "seen": seen, "held": held,
            "changes": changes(before.versions if before else {}, found.versions),
            "back": changes(current.versions if current else {}, found.versions),
            "may_rollback": actor.may("release.rollback") and current != found,
        },
    )  # fmt: skip


@require_POST
def rollback(request: HttpRequest, number: int) -> HttpResponse:
    made = releases.rollback(actor_of(request), number, _why(request))
    messages.success(
        request, _("Release %(new)d decides what release %(old)d said.") % {"new": made.number, "old": number}
    )
    return redirect("release", made.number)


@dataclass(frozen=True, slots=True)
class Frozen:
    """A freeze as the page shows it. stamp: what names it when it is lifted."""

    start: datetime
    end: datetime
    why: str
    stamp: int
    holds: bool

    @classmethod
    def of(cls, freeze: Freeze) -> Frozen:
        start, end = (datetime.fromtimestamp(us / 1e6, UTC) for us in (freeze.start, freeze.end))
        return cls(start, end, freeze.why, freeze.start, start <= timezone.now() < end)


class FreezeForm(forms.Form):
    """A span in which nothing is released."""

    start = forms.DateTimeField(
        label=gettext_lazy("From (your time zone)"), widget=forms.DateTimeInput({"type": "datetime-local"})
    )
    end = forms.DateTimeField(
        label=gettext_lazy("Until, exclusive"), widget=forms.DateTimeInput({"type": "datetime-local"})
    )
    why = forms.CharField(label=gettext_lazy("Why"), max_length=300)

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("start") and said.get("end") and said["start"] >= said["end"]:
            self.add_error("end", _("It ends before it begins."))
        return said


class KillForm(forms.Form):
    """Which tiers to turn off at once; legal never is."""

    below = forms.ChoiceField(
        label=gettext_lazy("Turn off this tier and all below"),
        choices=[(str(t), str(t)) for t in Tier if t > Tier.LEGAL],
    )
    why = forms.CharField(label=gettext_lazy("Why"), max_length=300)


@require_POST
def freeze(request: HttpRequest) -> HttpResponse:
    said = _cleaned(FreezeForm(request.POST))
    releases.freeze(actor_of(request), said["start"], said["end"], said["why"])
    messages.success(request, _("Releases are frozen in that span. Rollbacks, pauses and emergencies go through."))
    return redirect("releases")


@require_POST
def thaw(request: HttpRequest) -> HttpResponse:
    form = forms.Form(request.POST)
    form.fields["start"] = forms.IntegerField(min_value=0)
    releases.thaw(actor_of(request), _cleaned(form)["start"], _why(request))
    messages.success(request, _("The freeze is lifted."))
    return redirect("releases")


@require_POST
def kill(request: HttpRequest) -> HttpResponse:
    if "off" in request.POST:
        releases.kill(actor_of(request), None, _why(request))
        messages.success(request, _("All tiers are on again."))
    else:
        said = _cleaned(KillForm(request.POST))
        releases.kill(actor_of(request), Tier[said["below"].upper()], said["why"])
        messages.warning(request, _("These tiers are off, everywhere, until somebody turns them on."))
    return redirect("releases")


def _why(request: HttpRequest) -> str:
    why = request.POST.get("why", "").strip()
    if not why:
        raise ConsoleError(BAD_INPUT, "it says why", place=Place(field="why"), fix="write why, in a few words")
    return why[:300]


def _cleaned(form: forms.Form) -> dict[str, Any]:
    if form.is_valid():
        return dict(form.cleaned_data)
    found: list[AedileError] = [
        ConsoleError(BAD_INPUT, f"{name}: {' '.join(said)}", place=Place(field=name))
        for name, said in form.errors.items()
    ]
    raise Errors(found)
