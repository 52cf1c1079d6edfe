"""What needs somebody today? Their approvals, drafts and clocks, and what moved since yesterday, from the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from aedile.console.accounts.actor import Actor
from aedile.console.strategies.models import RUNNING, Approval, Move, PublishedRelease, Stage, Version
from aedile.engine.strategy import ALL

EACH = 12
SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Emergency:
    """A version that went live at once. mine: the reader may confirm it."""

    version: Version
    mine: bool


@dataclass(frozen=True, slots=True)
class Today:
    """Of each kind the first few; the desks have them all. may_approve: the reader approves somewhere at all."""

    emergencies: Sequence[Emergency]
    approvals: Sequence[Version]
    drafts: Sequence[Version]
    expiring: Sequence[Version]
    moves: Sequence[Move]
    releases: Sequence[PublishedRelease]
    may_approve: bool
    may_write: bool


def today_of(actor: Actor) -> Today:
    """What the desk shows to one person now."""
    now = timezone.now()
    seen = Version.objects.filter(actor.seen("strategy.view")).select_related("author", "strategy__team")
    return Today(
        emergencies=[Emergency(one, _may(actor, "strategy.confirm", one)) for one in _emergencies(seen, now)],
        approvals=_approvals(actor, seen),
        drafts=_drafts(actor),
        expiring=_expiring(seen, now),
        moves=_moves(actor),
        releases=_releases(actor),
        may_approve=actor.may("strategy.approve"),
        may_write=actor.may("strategy.write"),
    )


def _emergencies(seen: QuerySet[Version], now: datetime) -> Sequence[Version]:
    return seen.filter(stage__in=RUNNING, emergency_until__gt=now).order_by("emergency_until")[:EACH]


def _approvals(actor: Actor, seen: QuerySet[Version]) -> Sequence[Version]:
    """Proposed by others, in markets that one grant covers, without the reader's word on that very text."""
    markets = actor.markets_of("strategy.approve")
    if not markets:
        return []
    spoken = Approval.objects.filter(version=OuterRef("pk"), digest=OuterRef("digest"), person=actor.person)
    waiting = seen.filter(~Exists(spoken), stage=Stage.PROPOSED).exclude(author=actor.person)
    if ALL not in markets:
        waiting = waiting.filter(markets__contained_by=[*markets])
    found = (version for version in waiting.order_by("staged")[: 4 * EACH] if _may(actor, "strategy.approve", version))
    return [version for version, _ in zip(found, range(EACH), strict=False)]


def _drafts(actor: Actor) -> Sequence[Version]:
    """The reader's own, those with problems first."""
    mine = Version.objects.filter(author=actor.person, stage=Stage.DRAFT).select_related("strategy__team")
    troubled = list(mine.exclude(problems=[]).order_by("-changed")[:EACH])
    return [*troubled, *mine.filter(problems=[]).order_by("-changed")[: EACH - len(troubled)]]


def _expiring(seen: QuerySet[Version], now: datetime) -> Sequence[Version]:
    return seen.filter(stage__in=RUNNING, expires__gt=now, expires__lte=now + SOON).order_by("expires")[:EACH]


def _moves(actor: Actor) -> Sequence[Move]:
    open_ = Move.objects.filter(actor.seen("strategy.view", "version__markets"), done=None, dropped=None)
    return open_.select_related("version", "by").order_by("at")[:EACH]


def _releases(actor: Actor) -> Sequence[PublishedRelease]:
    if not actor.may("release.view"):
        return []
    since = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    return PublishedRelease.objects.filter(Q(at__gte=since)).select_related("author").order_by("-number")[:EACH]


def _may(actor: Actor, permission: str, version: Version) -> bool:
    return actor.may(permission, markets=version.markets, team=version.strategy.team_id)
