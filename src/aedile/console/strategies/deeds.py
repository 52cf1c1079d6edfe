"""What may this person do with this version now? The buttons of its page, and what each of them does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aedile.console.accounts.actor import Actor
from aedile.console.base.codes import BAD_INPUT
from aedile.console.strategies import actions
from aedile.console.strategies.models import Stage, Version
from aedile.console.strategies.proof import reach_of
from aedile.errors import AedileError, ConsoleError, Errors, Place


class DeedForm(forms.Form):
    """What a person adds to a deed."""

    why = forms.CharField(label=_("Why"), max_length=500, required=False, widget=forms.Textarea({"rows": 2}))
    stage = forms.ChoiceField(label=_("Stage"), choices=[(s, s) for s in ("shadow", "canary", "live")], required=False)
    share = forms.FloatField(label=_("Share of units (0 to 1)"), min_value=0.0001, max_value=0.9999, required=False)
    at = forms.DateTimeField(
        label=_("At (your time zone)"), required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip
    through_freeze = forms.BooleanField(label=_("Release although releases are frozen"), required=False)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something to be done with a version. fields: of `DeedForm` to be asked; needed: those that may not be empty.

    look: of the button. undo: how it is taken back, told before it is done.
    """

    name: str
    label: Promise
    permission: str
    fits: Callable[[Version], bool]
    run: Callable[[Actor, Version, dict[str, Any]], Any]
    fields: tuple[str, ...] = ("why",)
    needed: tuple[str, ...] = ()
    look: str = ""
    icon: str = ""
    undo: Promise | str = ""
    done: Promise | str = field(default=_("Done."))


def _stage(*stages: Stage) -> Callable[[Version], bool]:
    return lambda version: version.stage in stages


def _advance(stage: Stage) -> Callable[[Actor, Version, dict[str, Any]], Any]:
    def run(actor: Actor, version: Version, said: dict[str, Any]) -> Any:
        freeze = said["why"] if said["through_freeze"] else ""
        return actions.advance(actor, version, stage, share=said["share"], why=said["why"], through_freeze=freeze)

    return run


def _submit(actor: Actor, version: Version, said: dict[str, Any]) -> Any:
    return actions.submit(actor, version, reach=reach_of(version), note=said["why"])


def _schedule(actor: Actor, version: Version, said: dict[str, Any]) -> Any:
    at: datetime = said["at"]
    return actions.schedule(actor, version, said["stage"], at, share=said["share"], why=said["why"])


def _no_acting_other(version: Version) -> bool:
    others = Version.objects.filter(strategy_id=version.strategy_id, stage__in=(Stage.CANARY, Stage.LIVE, Stage.PAUSED))
    return not others.exclude(pk=version.pk).exists()


DEEDS: tuple[Deed, ...] = (
    Deed(
        "submit", _("Submit for approval"), "strategy.submit", _stage(Stage.DRAFT), _submit, look="primary",
        icon="send", undo=_("take it back to draft"), done=_("Submitted: a second person has to approve."),
    ),
    Deed(
        "approve", _("Approve"), "strategy.approve", _stage(Stage.PROPOSED),
        lambda a, v, said: actions.approve(a, v, said["why"]), look="success", icon="check", done=_("Approved."),
    ),
    Deed(
        "refuse", _("Refuse"), "strategy.approve", _stage(Stage.PROPOSED),
        lambda a, v, said: actions.refuse(a, v, said["why"]), needed=("why",), look="danger", icon="x",
        done=_("Refused: it is a draft again."),
    ),
    Deed(
        "withdraw", _("Take back to draft"), "strategy.submit", _stage(Stage.PROPOSED),
        lambda a, v, said: actions.withdraw(a, v, said["why"]), icon="arrow-back-up", done=_("It is a draft again."),
    ),
    Deed(
        "shadow", _("Run in shadow"), "strategy.advance",
        _stage(Stage.PROPOSED, Stage.CANARY, Stage.PAUSED), _advance(Stage.SHADOW),
        fields=("why", "through_freeze"), icon="eye", undo=_("pause or retire it"),
        done=_("It runs in shadow: evaluated and logged, never applied."),
    ),
    Deed(
        "canary", _("Run as canary"), "strategy.advance",
        lambda v: v.stage in (Stage.PROPOSED, Stage.SHADOW, Stage.CANARY, Stage.LIVE, Stage.PAUSED)
        and _no_acting_other(v),
        _advance(Stage.CANARY), fields=("share", "why", "through_freeze"), needed=("share",), icon="circle-half-2",
        undo=_("pause it, or roll the release back"), done=_("It acts for this share of units."),
    ),
    Deed(
        "live", _("Go live"), "strategy.advance",
        _stage(Stage.PROPOSED, Stage.SHADOW, Stage.CANARY, Stage.PAUSED), _advance(Stage.LIVE),
        fields=("why", "through_freeze"), look="primary", icon="player-play",
        undo=_("pause it, or roll the release back"), done=_("It is live."),
    ),
    Deed(
        "schedule", _("Schedule"), "release.schedule",
        _stage(Stage.PROPOSED, Stage.SHADOW, Stage.CANARY, Stage.PAUSED), _schedule,
        fields=("stage", "share", "at", "why"), needed=("stage", "at"), icon="calendar",
        undo=_("drop what is scheduled"), done=_("Scheduled."),
    ),
    Deed(
        "pause", _("Pause"), "strategy.pause", _stage(Stage.SHADOW, Stage.CANARY, Stage.LIVE),
        lambda a, v, said: actions.pause(a, v, said["why"]), needed=("why",), look="warning", icon="player-pause",
        undo=_("let it go live again: its approvals stay"), done=_("Paused: it acts no more."),
    ),
    Deed(
        "confirm", _("Confirm the emergency"), "strategy.confirm",
        lambda v: v.emergency_until is not None and v.emergency_until > timezone.now(),
        lambda a, v, said: actions.confirm(a, v, said["why"]), look="success", icon="check",
        done=_("Confirmed: it stays until it expires."),
    ),
    Deed(
        "emergency", _("Live at once"), "strategy.emergency", _stage(Stage.DRAFT, Stage.PROPOSED),
        lambda a, v, said: actions.emergency(a, v, said["why"]), needed=("why",), look="danger", icon="bolt",
        undo=_("pause it; unless a second person confirms within a day, it pauses by itself"),
        done=_("It is live. A second person has a day to confirm it."),
    ),
    Deed(
        "next", _("New version"), "strategy.write", lambda v: v.stage not in (Stage.DRAFT, Stage.PROPOSED),
        lambda a, v, said: actions.next_draft(a, v, said["why"]), icon="plus", done=_("This is the draft."),
    ),
    Deed(
        "retire", _("Retire"), "strategy.retire", lambda v: v.stage != Stage.RETIRED,
        lambda a, v, said: actions.retire(a, v, said["why"]), needed=("why",), look="danger", icon="archive",
        undo=_("roll the release back, or make a new version"), done=_("Retired."),
    ),
    Deed(
        "comment", _("Comment"), "strategy.comment", lambda _v: True,
        lambda a, v, said: actions.comment(a, v, said["why"]), needed=("why",), icon="message",
    ),
)  # fmt: skip
_BY_NAME = {deed.name: deed for deed in DEEDS}


def deeds_for(actor: Actor, version: Version) -> Iterator[Deed]:
    """What the person may do with the version as it stands, in the order of the buttons."""
    markets, team = version.markets or ["all"], version.strategy.team_id
    for deed in DEEDS:
        if deed.fits(version) and actor.may(deed.permission, markets=markets, team=team):
            yield deed


def do(actor: Actor, version: Version, name: str, said: Any) -> tuple[Deed, Any]:
    """Do it; the deed and what its action gave. An `AedileError` or `Errors` where it cannot be."""
    deed = _BY_NAME.get(name)
    if deed is None:
        raise ConsoleError(BAD_INPUT, f"there is no {name[:40]!r} to be done", fix="use the buttons of the page")
    form = DeedForm(said)
    asked = {key: form.fields[key] for key in deed.fields}
    form.fields = asked
    for key in deed.needed:
        form.fields[key].required = True
    if not form.is_valid():
        raise _errors(form)
    cleaned = {"why": "", "share": None, "at": None, "stage": "", "through_freeze": False} | form.cleaned_data
    return deed, deed.run(actor, version, cleaned)


def _errors(form: forms.Form) -> Errors:
    found: list[AedileError] = [
        ConsoleError(BAD_INPUT, f"{form.fields[name].label}: {' '.join(said)}", place=Place(field=name))
        for name, said in form.errors.items()
    ]
    return Errors(found)
