"""How is a strategy written, and how do two texts of it compare?

A form shows everything of a strategy; what a form cannot hold is edited as its file. Nothing that was typed is lost:
with an error the page comes back as it was sent, and where somebody else saved meanwhile both texts are laid side by
side.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from aedile.console.accounts.models import Team
from aedile.console.base.codes import BAD_INPUT, NOT_ALLOWED
from aedile.console.base.context import actor_of
from aedile.console.proving.actions import PERMISSION, begin
from aedile.console.strategies.actions import Collision, create_draft, save_draft, submit
from aedile.console.strategies.body import Body, to_text
from aedile.console.strategies.codes import COLLISION
from aedile.console.strategies.comparing import compare_bodies, lines_of
from aedile.console.strategies.drafts import merge
from aedile.console.strategies.editor_checks import refuse_large
from aedile.console.strategies.forms import (
    KINDS,
    ExampleRow,
    Fields,
    Parameter,
    fields_of,
    names_in,
    read_sent,
)
from aedile.console.strategies.lookup import version_seen
from aedile.console.strategies.models import Save, Stage, Strategy, Version
from aedile.console.strategies.proof import reach_of
from aedile.console.strategies.proving import live_version
from aedile.console.strategies.world import current_schema, list_names
from aedile.engine.action_read import ACTIONS, TIERS
from aedile.engine.strategy import CANARY_UNITS
from aedile.errors import AedileError, ConsoleError, Place
from aedile.language.features import CANDIDATE_KINDS
from aedile.language.markets import CHANNELS, MARKETS

_NEW: Body = {"tier": "quality", "applies_to": "item", "channels": ["all"]}


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A strategy that is not there yet."""
    actor = actor_of(request)
    actor.require("strategy.write")
    if request.method == "POST":
        return _posted(request, None, None)
    teams = [grant.team_id for grant in actor.grants if grant.team_id]
    return _editor(request, {**_NEW, **({"owner": teams[0]} if teams else {})}, None, None)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, id_: str, number: int) -> HttpResponse:
    """A draft; of a version that is none, the draft that saving would begin from its text."""
    version = _version(request, id_, number)
    strategy, draft = version.strategy, version if version.stage == Stage.DRAFT else None
    actor_of(request).require("strategy.write", markets=version.markets or None, team=strategy.team_id)
    written = strategy.versions.filter(stage__in=(Stage.DRAFT, Stage.PROPOSED)).exclude(pk=version.pk).first()
    if draft is None and (written is not None or version.stage == Stage.PROPOSED):
        if written is not None and written.stage == Stage.DRAFT and request.method == "GET":
            return HttpResponseRedirect(_editor_of(written))
        raise ConsoleError(
            COLLISION, f"{written or version} is there already: one text at a time is written",
            fix="take it back to draft first, on its page",
        )  # fmt: skip
    if request.method == "POST":
        return _posted(request, strategy, draft)
    return _editor(request, version.body, strategy, draft)


@require_GET
def compare(request: HttpRequest, id_: str, left: int, right: int) -> HttpResponse:
    """Two versions side by side, field by field."""
    sides = [_version(request, id_, number) for number in (left, right)]
    fields = compare_bodies(sides[0].body, sides[1].body)
    numbers = sides[0].strategy.versions.order_by("number").values_list("number", flat=True)
    return render(
        request,
        "strategies/editor_compare.html",
        {"left": sides[0], "right": sides[1], "fields": fields, "numbers": list(numbers),
         "changed": sum(field.is_changed for field in fields)},
    )  # fmt: skip


# ---------------------------------------------------------------- what was sent


def _posted(request: HttpRequest, strategy: Strategy | None, draft: Version | None) -> HttpResponse:
    refuse_large(request)
    deed = request.POST.get("do", "save")
    if deed == "resolve" and draft is not None:
        return _resolve(request, draft)
    if "\x00" in "".join(str(value) for values in dict(request.POST).values() for value in values):
        raise ConsoleError(BAD_INPUT, "a character that no text has stands in the form", fix="remove it")
    body, errors = read_sent(request.POST)
    if deed.startswith(("add-", "drop-")):
        return _editor(request, body, strategy, draft, sent=_with_rows(request.POST, deed), status=200)
    if errors:
        return _editor(request, body, strategy, draft, errors, sent=request.POST, status=422)
    try:
        saved = _save(request, body, draft)
        if deed == "backtest":
            return HttpResponseRedirect(reverse("backtest", args=[begin(actor_of(request), saved).pk]))
        if deed == "submit":
            submit(actor_of(request), saved, reach=reach_of(saved))
    except Collision as collision:
        return _collided(request, collision, int(request.POST.get("revision") or 0))
    except AedileError as error:
        if draft is None:  # it may be there by now: what follows goes on from it
            draft = Version.objects.filter(strategy_id=str(body.get("id"))[:100], stage=Stage.DRAFT).first()
            strategy = draft.strategy if draft is not None else strategy
        status = 403 if error.code is NOT_ALLOWED else 422  # what was typed is kept, refused or not
        return _editor(request, body, strategy, draft, [error], sent=request.POST, status=status)
    if deed == "submit":
        messages.success(request, _("Submitted for approval."))
        return HttpResponseRedirect(reverse("version", args=[saved.strategy_id, saved.number]))
    messages.success(request, _("Saved.") if not saved.problems else _("Saved, with an error to mend."))
    return HttpResponseRedirect(_editor_of(saved) + ("?as=text" if "text" in request.POST else ""))


def _editor_of(version: Version) -> str:
    return reverse("version_edit", args=[version.strategy_id, version.number])


def _save(request: HttpRequest, body: Body, draft: Version | None) -> Version:
    actor, note = actor_of(request), request.POST.get("note", "")[:500]
    if draft is None:
        return create_draft(actor, body, note)
    revision = request.POST.get("revision", "")
    return save_draft(actor, draft, body, int(revision) if revision.isdigit() else 0, note)


def _with_rows(sent: QueryDict, deed: str) -> QueryDict:
    """What was sent with one row more or less: for browsers without scripts."""
    data = sent.copy()
    word, __, number = deed.partition(":")
    name = word.partition("-")[2]
    if word == "add-pack":
        for market in names_in(data.get("new-pack", "")):
            if market not in data.getlist("pack") and market in MARKETS:
                data.appendlist("pack", market)
        data["new-pack"] = ""
    elif word.startswith("add-") and name in ("param", "example"):
        taken = [int(value) for value in data.getlist(name) if value.isdigit()]
        data.appendlist(name, str(max(taken, default=-1) + 1))
    elif name in ("param", "example", "pack"):
        data.setlist(name, [value for value in data.getlist(name) if value != number])
    return data


# ---------------------------------------------------------------- two who saved at once


def _collided(request: HttpRequest, collision: Collision, base_revision: int) -> HttpResponse:
    """Both texts, with what fits together already put together."""
    rows = []
    for key in {**collision.base, **collision.theirs, **collision.mine}:
        sides = [side.get(key) for side in (collision.base, collision.theirs, collision.mine)]
        if sides[0] == sides[1] == sides[2]:
            continue
        rows.append(
            {"name": key, "in_conflict": key in collision.conflicts,
             "whose": "mine" if collision.merged.get(key) == sides[2] and sides[1] != sides[2] else "theirs",
             "base": lines_of(sides[0]), "theirs": lines_of(sides[1]), "mine": lines_of(sides[2])}
        )  # fmt: skip
    last = Save.objects.filter(version=collision.version).select_related("person").first()
    return render(
        request,
        "strategies/editor_collision.html",
        {"version": collision.version, "rows": rows, "base_revision": base_revision, "last": last,
         "mine": json.dumps(collision.mine, ensure_ascii=False), "note": request.POST.get("note", "")},
        status=409,
    )  # fmt: skip


def _resolve(request: HttpRequest, draft: Version) -> HttpResponse:
    """What was chosen of two texts: saved, or opened in the editor."""
    try:
        mine = json.loads(request.POST.get("mine", ""))
    except (ValueError, RecursionError):
        mine = None
    if not isinstance(mine, dict):
        raise ConsoleError(BAD_INPUT, "your text was not sent along", place=Place(field="mine"), fix="go back")
    based, seen = (int(v) if (v := request.POST.get(n, "")).isdigit() else 0 for n in ("base_revision", "revision"))
    base = Save.objects.filter(version=draft, revision=based).first()
    if draft.revision != seen:
        return _collided(request, Collision(draft, base.body if base else {}, mine), based)
    merged, conflicts = merge(base.body if base else {}, draft.body, mine)
    for key in conflicts:
        chosen = request.POST.get(f"choice.{key}")
        if chosen not in ("mine", "theirs"):
            return _collided(request, Collision(draft, base.body if base else {}, mine), based)
        if chosen == "mine":
            merged.pop(key, None)
            merged |= {key: mine[key]} if key in mine else {}
    if request.POST.get("then") == "edit":
        return _editor(request, merged, draft.strategy, draft, status=200)
    try:
        saved = save_draft(actor_of(request), draft, merged, seen, request.POST.get("note", "")[:500])
    except Collision as collision:
        return _collided(request, collision, based)
    messages.success(request, _("Saved, with what both of you changed."))
    return HttpResponseRedirect(_editor_of(saved))


# ---------------------------------------------------------------- what is shown


def _editor(
    request: HttpRequest,
    body: Body,
    strategy: Strategy | None,
    draft: Version | None,
    errors: Sequence[AedileError] = (),
    *,
    sent: QueryDict | None = None,
    status: int = 200,
) -> HttpResponse:
    """The editor. sent: what was typed, where it comes back."""
    schema, _row = current_schema()
    fields = fields_of(body) if sent is None else _fields_sent(sent)
    is_text = request.GET.get("as") == "text" or fields is None or (sent is not None and "text" in sent)
    text = sent["text"] if sent is not None and "text" in sent else to_text(body, Stage.SHADOW)
    if not errors and draft is not None and draft.problems and sent is None:
        told: Sequence[Mapping[str, Any]] = draft.problems
    else:
        told = [error.to_dict() for error in errors]
    before = live_version(strategy.pk) if strategy is not None else None
    context = {
        "strategy": strategy, "draft": draft, "before": before, "revision": draft.revision if draft else 0,
        "fields": fields, "is_text": is_text, "must_be_text": fields is None, "text": text, "problems": told,
        "teams": Team.objects.all(), "tiers": TIERS, "actions": ACTIONS,
        "channels": CHANNELS, "kinds": [kind for kind in schema.kinds if kind in CANDIDATE_KINDS],
        "kind_meanings": schema.meanings, "units": CANARY_UNITS, "param_kinds": KINDS,
        "lists": sorted(list_names()), "note": (sent or {}).get("note", ""),
        "features": sorted(schema.features),
        "sent_back": sent is not None, "may_backtest": actor_of(request).may(PERMISSION),
    }  # fmt: skip
    return render(request, "strategies/editor.html", context, status=status)


def _fields_sent(sent: QueryDict) -> Fields | None:
    """The form with exactly what was typed in it."""
    if "text" in sent:
        return None
    name = sent.get("action", "")
    packs = tuple(market for market in sent.getlist("pack") if market in MARKETS)
    return Fields(
        texts={key: sent.get(key, "") for key in
               ("id", "title", "why", "owner", "policy", "tier", "applies_to", "condition")},
        rank=sent.get("rank", ""),
        markets=tuple(names_in(sent.get("markets", ""))),
        channels=tuple(sent.getlist("channels")),
        action=name,
        acting={key.partition(".")[2]: sent.get(key, "") for key in sent if key.startswith(f"{name}.")},
        starts=sent.get("starts", ""),
        expires=sent.get("expires", ""),
        budget={key: sent.get(f"budget.{key}", "") for key in ("exposures", "seller")},
        unit=sent.get("unit", ""),
        overrides=tuple(names_in(sent.get("overrides", ""), upper=False)),
        packs=packs,
        parameters=tuple(
            Parameter(sent.get(f"param.{n}.name", ""), sent.get(f"param.{n}.kind", "number"),
                      {m: sent.get(f"param.{n}.{m}", "") for m in ("default", *packs)})
            for n in sent.getlist("param")
        ),
        examples=tuple(
            ExampleRow(sent.get(f"example.{n}.given", ""), sent.get(f"example.{n}.market", ""),
                       sent.get(f"example.{n}.channel", ""), sent.get(f"example.{n}.fires", "") == "yes")
            for n in sent.getlist("example")
        ),
    )  # fmt: skip


def _version(request: HttpRequest, id_: str, number: int) -> Version:
    return version_seen(actor_of(request), id_, number)
