"""What do the pages of Settings need beside what all pages have? `{% load settings_pages %}`."""

from __future__ import annotations

from typing import Any

from django import template

from aedile.console.accounts.permissions import ROLE_NAMES, Role
from aedile.console.accounts.settings_menu import Link, links

register = template.Library()


@register.simple_tag(takes_context=True)
def settings_menu(context: dict[str, Any]) -> list[Link]:
    actor = context.get("actor")
    return list(links(actor, context["request"].path)) if actor is not None else []


@register.filter
def role_name(role: str) -> str:
    return str(ROLE_NAMES[Role(role)])
