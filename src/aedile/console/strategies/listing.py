"""Which strategies are there? The list with its columns and filters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from aedile.console.accounts.models import Team
from aedile.console.base.tables import Column, Filter, Table
from aedile.console.base.templatetags.states import stage_badge, tier_badge, when
from aedile.console.strategies.models import STAGE_NAMES, Stage, Version
from aedile.engine.action_read import TIERS
from aedile.engine.strategy import ALL
from aedile.language.markets import CHANNELS, MARKETS

ACTIONS = ("exclude", "demote", "boost", "pin", "cap", "reserve", "badge", "refer", "exempt")


def _name(version: Version) -> Any:
    return format_html(
        '<a href="{}">{}</a><span class="text-secondary"> v{}</span><div class="text-secondary"><bdi>{}</bdi></div>',
        reverse("version", args=(version.strategy_id, version.number)), version.strategy_id, version.number,
        version.title,
    )  # fmt: skip


def _markets(version: Version) -> str:
    return " ".join(version.markets)


def _teams() -> Sequence[tuple[str, str]]:
    return list(Team.objects.values_list("slug", "name"))


def _by_stage(rows: QuerySet[Any], stage: str) -> QuerySet[Any]:
    if stage == "problems":
        return rows.filter(stage=Stage.DRAFT, digest="")
    if stage == "emergency":
        return rows.filter(emergency_until__isnull=False)
    return rows.filter(stage=stage)


STRATEGIES = Table(
    "strategies",
    columns=(
        Column("strategy", _("Strategy"), _name, sort="strategy_id", plain=lambda v: v.strategy_id),
        Column("version", _("Version"), plain=lambda v: v.number, shown=False, numeric=True),
        Column("title", _("Title"), sort="title", shown=False),
        Column("stage", _("Stage"), lambda v: stage_badge(v.stage, v.share), plain=lambda v: v.stage),
        Column("share", _("Canary share"), plain=lambda v: v.share, shown=False, numeric=True),
        Column("tier", _("Tier"), lambda v: tier_badge(v.tier)),
        Column("action", _("Action")),
        Column("markets", _("Markets"), plain=_markets),
        Column("channels", _("Channels"), plain=lambda v: " ".join(v.channels), shown=False),
        Column("team", _("Owner"), plain=lambda v: v.strategy.team_id),
        Column("author", _("Author"), plain=lambda v: v.author.name, shown=False),
        Column("expires", _("Expires"), lambda v: when(v.expires) if v.expires else "", plain=lambda v: v.expires),
        Column("changed", _("Changed"), lambda v: when(v.changed), plain=lambda v: v.changed, sort="changed"),
    ),
    filters=(
        Filter("q", _("Find in id, title, why, condition"), lambda rows, q: find(rows, q)),
        Filter(
            "stage", _("Stage"), _by_stage,
            [
                *((stage.value, name) for stage, name in STAGE_NAMES.items()),
                ("problems", _("with an error")),
                ("emergency", _("emergency")),
            ],
        ),
        Filter("tier", _("Tier"), lambda rows, tier: rows.filter(tier=tier), [(tier, tier) for tier in TIERS]),
        Filter("action", _("Action"), lambda rows, name: rows.filter(action=name), [(name, name) for name in ACTIONS]),
        Filter(
            "market", _("Market"), lambda rows, market: rows.filter(markets__overlap=[market, ALL]),
            [(market, market) for market in sorted(MARKETS)],
        ),
        Filter(
            "channel", _("Channel"), lambda rows, channel: rows.filter(channels__overlap=[channel, ALL]),
            [(channel, channel) for channel in sorted(CHANNELS)],
        ),
        Filter("team", _("Owner"), lambda rows, team: rows.filter(strategy__team_id=team), _teams),
    ),
    order="-changed",
    nothing=("target-arrow", _("No strategy yet"), _("Write the first one, or push a folder of files.")),
)  # fmt: skip


def find(rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
    """The versions that have every word typed, in id, title, why, owner or condition."""
    for word in typed.lower().split()[:8]:
        rows = rows.filter(words__contains=word)
    return rows
