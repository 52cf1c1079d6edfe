"""Which strategies cost more than they give? Those that never fire, are shadowed, expired, ownerless or overlap.

What is said of one strategy is a `Debt`; the gravest kinds come first. Counts are of the running server, matches of the
catalogue, conflicts of the engine: nothing here computes anything anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aedile.console.accounts.models import Grant
from aedile.console.accounts.permissions import Role
from aedile.console.strategies.models import RUNNING, Stage, Version
from aedile.console.strategies.world import current_schema, lists_held, strategies_of
from aedile.engine.conflicts import Conflict, find_conflicts
from aedile.engine.engine import lists_used
from aedile.engine.strategy import Strategy

#: For how long a version may wait in a stage before somebody is asked.
WAITS = timedelta(days=30)

#: What is read of each version that may owe: there may be thousands.
_READ = ("strategy__team", "number", "stage", "changed", "staged")

KINDS: Mapping[str, Promise] = {
    "expired": _("expired: it acts no more, and still stands there"),
    "ownerless": _("nobody of its team may write"),
    "conflict": _("contradicts, shadows or repeats another"),
    "silent": _("has not fired since the server started"),
    "forgotten": _("waits in its stage for longer than 30 days"),
}


@dataclass(frozen=True, slots=True)
class Debt:
    """Something owed by one version. kind: of `KINDS`; what: in words; since: when it began, where that is known."""

    kind: str
    version: Version
    what: str
    since: datetime | None = None


def debts(versions: Sequence[Version], counts: Mapping[str, Any] | None, now: datetime) -> list[Debt]:
    """What is owed by these versions, the gravest kind first, then by strategy.

    counts: what the server counted by strategy, None where it does not say; then nothing is called silent.
    """
    running = [version for version in versions if version.stage in RUNNING]
    found = [*_expired(running, now), *_ownerless(versions), *_conflicting(running), *_forgotten(versions, now)]
    if counts is not None:
        found += _silent(running, counts)
    order = list(KINDS)
    return sorted(found, key=lambda debt: (order.index(debt.kind), debt.version.strategy_id))


def may_owe(seen: QuerySet[Version], now: datetime) -> list[Version]:
    """Of the versions that somebody sees those that can owe anything: what runs, and what waits too long or has no
    owner, without their texts. Cost ∝ these, however many there are."""
    seen = seen.select_related(None).select_related("strategy")
    late = now - WAITS
    owes = Q(stage=Stage.DRAFT, changed__lt=late) | Q(stage=Stage.PROPOSED, staged__lt=late)
    teams = _teams_that_write()
    if teams is not None:
        owes |= ~Q(strategy__team__in=teams)
    waiting = seen.filter(owes, stage__in=(Stage.DRAFT, Stage.PROPOSED)).only(*_READ)
    return [*seen.filter(stage__in=RUNNING).only(*_READ, "digest", "share", "expires"), *waiting]


def _teams_that_write() -> frozenset[str] | None:
    """The teams in which somebody may write; None where somebody does for every team."""
    writers = Grant.objects.filter(role=Role.STRATEGIST, person__is_active=True)
    teams = frozenset(writers.values_list("team_id", flat=True))
    return None if None in teams else teams


def _expired(running: Sequence[Version], now: datetime) -> Iterator[Debt]:
    for version in running:
        if version.expires is not None and version.expires <= now:
            yield Debt("expired", version, str(_("Its time was over.")), version.expires)


def _ownerless(versions: Sequence[Version]) -> Iterator[Debt]:
    teams = _teams_that_write()
    if teams is None:
        return
    for version in versions:
        if version.stage != Stage.RETIRED and version.strategy.team_id not in teams:
            yield Debt("ownerless", version, str(_("No active strategist is in %s.") % version.strategy.team_id))


def _forgotten(versions: Sequence[Version], now: datetime) -> Iterator[Debt]:
    waiting = (Stage.DRAFT, Stage.PROPOSED, Stage.SHADOW, Stage.CANARY, Stage.PAUSED)
    for version in versions:
        since = version.changed if version.stage == Stage.DRAFT else version.staged
        if version.stage in waiting and now - since > WAITS:
            yield Debt("forgotten", version, str(_("It is %s.") % version.stage), since)


def _silent(running: Sequence[Version], counts: Mapping[str, Any]) -> Iterator[Debt]:
    for version in running:
        told = counts.get(version.strategy_id)
        if version.stage in (Stage.LIVE, Stage.CANARY) and told is not None and not any(told):
            yield Debt("silent", version, str(_("No candidate met its condition.")), None)


def _conflicting(running: Sequence[Version]) -> Iterator[Debt]:
    by_id = {version.strategy_id: version for version in running if version.stage != Stage.SHADOW}
    for conflict in conflicts_of(running):
        version = by_id.get(conflict.second or conflict.first)
        if conflict.certain and version is not None:
            yield Debt("conflict", version, conflict.message)


def conflicts_of(running: Sequence[Version]) -> list[Conflict]:
    """All conflicts among running versions; found once for each set of them, whose texts are not read again."""
    schema, row = current_schema()
    strategies = strategies_of(running)
    lists = lists_held(set().union(*(lists_used(strategy) for strategy in strategies)))
    key = tuple((strategy.id, strategy.version, strategy.stage) for strategy in strategies)
    stamp = tuple(sorted((name, one.digest) for name, one in lists.items()))
    return _found(key, row.digest, stamp, _Inputs(strategies, schema, lists))


@dataclass(frozen=True, slots=True, eq=False)
class _Inputs:
    """What conflicts are found from; its key stands beside it, so it is equal to any other."""

    strategies: Sequence[Strategy]
    schema: Any
    lists: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Inputs)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=8)
def _found(_key: Any, _schema: str, _lists: Any, inputs: _Inputs) -> list[Conflict]:
    return find_conflicts(inputs.strategies, inputs.schema, inputs.lists)
