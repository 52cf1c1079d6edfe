"""How are entities, strategies and times of the log shown? `{% load decided %}`.

Ids and queries come from outside: they are escaped, kept apart from the text around them (`<bdi>`), and clipped with
the whole on hover.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aedile.console.base.figures import number
from aedile.console.base.icons import icon_svg
from aedile.console.base.navigation import address_of
from aedile.console.decisions.form import PART_NAMES
from aedile.console.decisions.questions import Placed, moment
from aedile.console.strategies.models import Strategy

register = template.Library()

#: Characters of an id or a query that are shown.
CLIPPED = 48
MOST_OF_A_VALUE = 300


@register.simple_tag
def thing(kind: str, id: str) -> SafeString:
    """An entity as a link to its page."""
    href = address_of("entity", kind, id)
    return format_html('<a class="entity" href="{}" title="{} {}"><bdi>{}</bdi></a>', href, kind, id, clipped(id))


@register.filter
def clipped(text: str) -> str:
    return text if len(text) <= CLIPPED else f"{text[: CLIPPED - 1]}…"


@register.simple_tag
def typed(query: str | None) -> SafeString:
    """What a shopper typed."""
    if not query:
        return format_html('<span class="text-secondary">–</span>')
    return format_html('<bdi class="typed" title="{}">{}</bdi>', query, clipped(query))


@register.simple_tag(takes_context=True)
def strategies(context: dict[str, Any], ids: Iterable[str]) -> SafeString:
    """Strategies by the ids under which they decide and are logged, each as a link."""
    return format_html_join(", ", "{}", ((strategy_link(context, id_),) for id_ in ids))


def strategy_link(context: dict[str, Any], id_: str) -> SafeString:
    """A challenger in shadow is logged as `<strategy>-v<number>`; it leads to that version."""
    links: dict[str, SafeString] = context["request"].__dict__.setdefault("strategy_links", {})
    if id_ not in links:
        own, dash, version = id_.rpartition("-v")
        is_version = dash and version.isascii() and version.isdecimal() and len(version) < 9
        if is_version and not Strategy.objects.filter(pk=id_).exists():
            href = address_of("version", own, int(version))
        else:
            href = address_of("strategy", id_)
        shape = '<a class="entity" href="{}">{}</a>' if href is not None else '<span class="entity">{1}</span>'
        links[id_] = format_html(shape, href, id_)
    return links[id_]


@register.filter
def role(name: str) -> str:
    """What a strategy did, as a word."""
    return str(PART_NAMES.get(name, name))  # type: ignore[call-overload]


@register.filter
def at(microseconds: int) -> datetime:
    return moment(microseconds)


@register.simple_tag
def move(placed: Placed) -> SafeString:
    """How far a candidate moved, as shape, number and words."""
    if placed.move is None:
        return format_html('<span class="move move-out">{}{}</span>', icon_svg("ban"), _("out"))
    if placed.move == 0:
        return format_html('<span class="move" title="{}">=</span>', _("where it was sent"))
    up = placed.move > 0
    places = abs(placed.move)
    told = (
        ngettext("%(count)s place up", "%(count)s places up", places)
        if up
        else ngettext("%(count)s place down", "%(count)s places down", places)
    ) % {"count": number(places)}
    return format_html(
        '<span class="move move-{}" title="{}">{}<span aria-hidden="true">{}</span><span class="visually-hidden">{}'
        "</span></span>",
        "up" if up else "down", told, icon_svg("arrow-up" if up else "arrow-down"), number(places), told,
    )  # fmt: skip


@register.filter
def listed(one: str) -> tuple[str, ...]:
    """One id where a list of them is wanted."""
    return (one,)


@register.filter
def text(one: object) -> str:
    return str(one)


@register.filter
def as_value(value: object) -> str:
    """A feature's value as JSON writes it; what is unknown as a word."""
    if value is None:
        return _("unknown")
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= MOST_OF_A_VALUE else f"{shown[: MOST_OF_A_VALUE - 1]}…"
