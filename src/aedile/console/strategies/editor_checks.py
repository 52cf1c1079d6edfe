"""What does the editor ask while somebody types? Faces of a condition, the live panel, values of features.

An answer that finds an error in what was typed is an answer like any other; only what cannot be taken at all is
refused.
"""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from aedile.console.base.codes import BAD_INPUT, NOT_FOUND
from aedile.console.base.context import actor_of
from aedile.console.strategies import live
from aedile.console.strategies.faces import FACES, environment_for, read_face, vocabulary
from aedile.console.strategies.forms import read_sent, written_value
from aedile.console.strategies.profiles import SHOWN, suggestions
from aedile.console.strategies.proving import prove
from aedile.console.strategies.world import current_schema, list_names
from aedile.errors import ConsoleError, Place
from aedile.fields import suggestion

#: Bytes of a call: a condition has 64 KiB at most, its rows are longer, and a form has everything around it.
MOST = 1 << 20
PERMISSION = "strategy.write"


@require_POST
def faces(request: HttpRequest) -> HttpResponse:
    """`{face, said, applies_to, written}` → the condition in every face, or what is wrong with it."""
    actor_of(request).require(PERMISSION)
    asked = _json(request)
    face, said = asked.get("face"), asked.get("said")
    if face not in FACES or not isinstance(said, dict if face == "builder" else str):
        raise _bad("a condition comes as `cel` or `sql` with a text, or as `builder` with rows", "face")
    schema, _ = current_schema()
    try:
        params = {"default": _written(asked.get("written"))}
        body = {"applies_to": asked.get("applies_to"), "params": params}
        found = read_face(face, said, environment_for(body, schema, list_names()))
        return JsonResponse(found.to_json())
    except RecursionError:
        raise _bad("the condition is nested too deep", "said") from None


@require_POST
def panel(request: HttpRequest) -> HttpResponse:
    """The form → the live panel."""
    actor = actor_of(request)
    actor.require(PERMISSION)
    refuse_large(request)
    body, errors = read_sent(request.POST)
    return render(request, "strategies/editor_panel.html", {"proof": prove(actor, body, errors), "body": body})


@require_GET
def words(request: HttpRequest) -> HttpResponse:
    """What there is to write a condition with, for candidates of a kind."""
    actor_of(request).require(PERMISSION)
    schema, row = current_schema()
    kind = request.GET.get("kind", "")
    if kind not in schema.kinds:
        kind = next(kind for kind in schema.kinds if kind != "query")
    answer = JsonResponse({"kind": kind, "schema": row.pk, **vocabulary(schema, kind, list_names())})
    answer["Cache-Control"] = "private, max-age=30"
    return answer


@require_GET
def feature(request: HttpRequest, name: str) -> HttpResponse:
    """What a feature means, and its values in the catalogue; `q` narrows them to what was typed."""
    actor_of(request).require(PERMISSION)
    schema, _ = current_schema()
    known = {name for kind in schema.kinds for name in schema.visible_for(kind)} if schema.kinds else set()
    if name not in known:
        raise ConsoleError(
            NOT_FOUND, f"there is no feature {name[:100]}", hint=suggestion(name, known), fix="look into the schema"
        )
    profile = live.profile(name, schema)
    typed = request.GET.get("q", "")[:200]
    values = suggestions(profile, typed) if typed else list(profile.top[:SHOWN])
    return JsonResponse(
        {
            "name": profile.name, "type": profile.type, "meaning": profile.meaning, "unit": profile.unit,
            "source": profile.source, "total": profile.total, "unknown": profile.unknown_share,
            "distinct": profile.distinct, "values": values, "quantiles": profile.quantiles,
        }
    )  # fmt: skip


def refuse_large(request: HttpRequest) -> None:
    """A `ConsoleError` for what is larger than any strategy."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST:
        raise _bad(f"what was sent has more than {MOST:,} bytes")


def _written(said: Any) -> dict[str, Any]:
    """The parameters' values, from name → [kind, value, its values in markets]."""
    found = {}
    for name, texts in said.items() if isinstance(said, dict) else ():
        if not (isinstance(texts, list) and len(texts) > 1 and all(isinstance(text, str) for text in texts)):
            raise _bad("a parameter comes as its kind and its values, all of them texts", "written")
        found[name] = written_value(texts[0], texts[1:])
    return found


def _json(request: HttpRequest) -> dict[str, Any]:
    refuse_large(request)
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError):
        raise _bad("the call is no JSON") from None
    if not isinstance(found, dict):
        raise _bad("the call is no JSON object")
    return found


def _bad(what: str, field: str | None = None) -> ConsoleError:
    return ConsoleError(BAD_INPUT, what, place=Place(field=field), fix="load the page again")
