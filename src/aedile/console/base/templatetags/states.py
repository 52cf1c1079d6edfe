"""How are a thing's state, its time and its name shown? Built in: nothing to load.

- `{% stage_badge version.stage %}`, `{% stage_badge "canary" share %}`; `{% tier_badge version.tier %}`: word and shape
  beside the colour. `{% state "warning" "hourglass" _("due today") %}` is any other state: `good`, `warning`, `bad`,
  `calm`, `plain`.
- `{% when at %}`: how long ago or ahead, the exact time with its zone on hover; `{% when at market="ID" %}` adds the
  time in the market's zone; `{% when at exact=True %}` writes the exact time out.
- `{% person one %}`: the name, linked to the person where the viewer may see people; `None` is the software itself.
- `{% entity_link "strategy" id %}`: the one permanent link of a thing; kinds are the names of addresses
  (`strategy`, `list`, `person`, `release`, `request`). `{% entity_link "release" 12 text="release 12" %}`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aedile.console.base.figures import share as share_in_words
from aedile.console.base.icons import icon_svg
from aedile.console.base.navigation import address_of
from aedile.console.base.zones import market_zone
from aedile.console.strategies.models import Stage

register = template.Library()

_STAGES = {
    Stage.DRAFT: ("plain", "pencil"),
    Stage.PROPOSED: ("warning", "hourglass"),
    Stage.SHADOW: ("calm", "circle-dashed"),
    Stage.CANARY: ("calm", "circle-half-2"),
    Stage.LIVE: ("good", "circle-check-filled"),
    Stage.PAUSED: ("warning", "player-pause"),
    Stage.RETIRED: ("plain", "archive"),
}
_TIERS: dict[str, tuple[Promise, str]] = {
    "legal": (gettext_lazy("legal"), "gavel"),
    "safety": (gettext_lazy("safety"), "shield-half"),
    "quality": (gettext_lazy("quality"), "star"),
    "experience": (gettext_lazy("experience"), "mood-smile"),
    "growth": (gettext_lazy("growth"), "trending-up"),
}


@register.simple_tag
def state(look: str, icon: str, word: str) -> SafeString:
    return format_html('<span class="state state-{}">{}{}</span>', look, icon_svg(icon), word)


@register.simple_tag
def stage_badge(stage: str, share: float | None = None) -> SafeString:
    look, icon = _STAGES[Stage(stage)]
    word = str(Stage(stage).label)
    return state(look, icon, f"{word} {share_in_words(share)}" if share is not None else word)


@register.simple_tag
def tier_badge(tier: str) -> SafeString:
    """A text with an error in it may lack its tier, or have one that is none; it is shown as it stands."""
    if tier not in _TIERS:
        return format_html('<span class="text-secondary">{}</span>', tier or "–")
    word, icon = _TIERS[tier]
    return format_html('<span class="tier tier-{}">{}{}</span>', tier, icon_svg(icon), word)


@register.simple_tag
def when(at: datetime | None, *, market: str = "", exact: bool = False) -> SafeString:
    if at is None:
        return format_html('<span class="text-secondary">–</span>')
    told = exactly(at, market)
    if exact:
        return format_html('<time datetime="{}">{}</time>', at.astimezone(UTC).isoformat(), told)
    return format_html(
        '<time datetime="{}" title="{}" data-relative>{}</time>', at.astimezone(UTC).isoformat(), told, naturaltime(at)
    )


def exactly(at: datetime, market: str = "") -> str:
    """The time to the second with its zone; for a market its own time, where the viewer's differs."""
    mine = timezone.localtime(at)
    text = f"{date_format(mine, 'Y-m-d H:i:s')} {mine.tzname()}"
    zone = market_zone(market) if market else None
    if zone is None:
        return text
    theirs = at.astimezone(zone)
    if theirs.utcoffset() == mine.utcoffset():
        return text
    return f"{text} · {market} {theirs:%Y-%m-%d %H:%M:%S} {theirs.tzname()}"


@register.simple_tag(takes_context=True)
def person(context: dict[str, Any], one: Any) -> SafeString:
    if one is None:
        return format_html('<span class="text-secondary">{}</span>', _("aedile itself"))
    actor = context.get("actor")
    href = address_of("person", one.pk) if actor is not None and actor.may("person.view") else None
    if href is None:
        return format_html('<span class="person" title="{}">{}</span>', one.email, one)
    return format_html('<a class="person" href="{}" title="{}">{}</a>', href, one.email, one)


@register.simple_tag
def entity_link(kind: str, id: object, text: object = None) -> SafeString:
    href = address_of(kind, id)
    shown = id if text is None else text
    if href is None:
        return format_html('<span class="entity">{}</span>', shown)
    return format_html('<a class="entity" href="{}">{}</a>', href, shown)
