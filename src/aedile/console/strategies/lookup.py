"""Which strategy, version or release is meant? What the reader may not see is as if it were not there."""

from __future__ import annotations

from django.db.models import QuerySet

from aedile.console.accounts.actor import Actor
from aedile.console.strategies.codes import NO_SUCH
from aedile.console.strategies.models import Stage, Version
from aedile.errors import ConsoleError

#: The order in which a strategy's versions matter: what acts, then what waits, then what is over.
_WEIGHT = {stage: weight for weight, stage in enumerate(
    (Stage.LIVE, Stage.CANARY, Stage.PAUSED, Stage.SHADOW, Stage.PROPOSED, Stage.DRAFT, Stage.RETIRED)
)}  # fmt: skip


def versions_seen(actor: Actor) -> QuerySet[Version]:
    """All versions that touch a market the reader may look into."""
    return Version.objects.filter(actor.seen("strategy.view")).select_related("strategy", "strategy__team", "author")


def version_seen(actor: Actor, strategy: str, number: int) -> Version:
    found: Version | None = versions_seen(actor).filter(strategy_id=strategy, number=number).first()
    if found is None:
        raise ConsoleError(
            NO_SUCH,
            f"there is no version {number} of {strategy[:100]!r}",
            hint="or it is of markets that you may not look into",
            fix="search with Ctrl K, or see the list of strategies",
        )
    return found


def strategy_seen(actor: Actor, strategy: str) -> list[Version]:
    """A strategy's versions that the reader may see, the newest first; never empty."""
    found = list(versions_seen(actor).filter(strategy_id=strategy).order_by("-number"))
    if not found:
        raise ConsoleError(
            NO_SUCH,
            f"there is no strategy {strategy[:100]!r}",
            hint="or it is of markets that you may not look into",
            fix="search with Ctrl K, or see the list of strategies",
        )
    return found


def foremost(versions: list[Version]) -> Version:
    """The version that a strategy's address shows."""
    return min(versions, key=lambda version: (_WEIGHT[Stage(version.stage)], -version.number))


def acting_version(strategy: str) -> Version | None:
    """The version that acts, or did before it was paused."""
    rows = Version.objects.filter(strategy_id=strategy, stage__in=(Stage.LIVE, Stage.CANARY, Stage.PAUSED))
    return rows.select_related("author").first()
