"""How is an icon drawn? As the SVG itself, within the page: one file of `icons/` each, from Tabler's set (MIT)."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.utils.safestring import SafeString, mark_safe

FOLDER = Path(__file__).parent / "icons"


@cache
def icon_svg(name: str, classes: str = "") -> SafeString:
    """An icon, which screen readers pass over: the words stand beside it, or in `aria-label` of what it is in."""
    text = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    inner = re.sub(r"\s+", " ", text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]).strip()
    filled = 'fill="currentColor"' in text[: text.index(">", text.index("<svg"))]
    paint = 'fill="currentColor"' if filled else 'fill="none" stroke="currentColor" stroke-width="1.75"'
    return mark_safe(  # noqa: S308  the files are our own
        f'<svg class="icon {classes}" width="24" height="24" viewBox="0 0 24 24" {paint} '
        f'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{inner}</svg>'
    )
