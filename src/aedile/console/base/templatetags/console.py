"""What do all pages need that Django's own tags do not give? Built in: nothing to load.

`{% asset "base.js" %}` is the versioned address of a built file, `{% icon "trash" %}` an icon's SVG;
`{% desks %}` the entries of the menu.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString

from aedile.console.base.assets import address
from aedile.console.base.icons import icon_svg
from aedile.console.base.navigation import Entry, entries

register = template.Library()


@register.simple_tag
def asset(name: str) -> str:
    return address(name)


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    return icon_svg(name, classes)


@register.simple_tag(takes_context=True)
def desks(context: dict[str, Any]) -> list[Entry]:
    actor = context.get("actor")
    return list(entries(actor, context["request"].path)) if actor else []
