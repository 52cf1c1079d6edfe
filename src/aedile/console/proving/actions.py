"""Who may backtest what, and who sees what came of it?

A backtest decides logged requests again, so it asks for the permission to replay decisions, and reads those of markets
that the person may look into; whoever may not look into all of them does not see the result.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aedile.console.accounts.actor import Actor, covers
from aedile.console.base.acting import acting
from aedile.console.base.codes import BAD_INPUT
from aedile.console.base.jobs import cancel, start
from aedile.console.proving.codes import NO_BACKTEST, NO_MARKET, NOT_READY, OVER
from aedile.console.proving.models import Backtest
from aedile.console.strategies.codes import NO_RELEASE_YET
from aedile.console.strategies.models import Version
from aedile.console.strategies.releases import raw_connection
from aedile.engine.strategy import ALL
from aedile.errors import ConsoleError, Place
from aedile.store.published import Published

PERMISSION = "decision.replay"
#: How far back a backtest may look, in hours, and how far it does unless told otherwise.
CHOICES, USUAL = (1, 24, 168, 720), 168


def begin(actor: Actor, version: Version, hours: int = USUAL) -> Backtest:
    """Ask for a backtest of a version as it is now, by a job."""
    if hours not in CHOICES:
        raise ConsoleError(
            BAD_INPUT, f"{hours} hours is no span that can be chosen", place=Place(field="hours"),
            fix=f"choose {', '.join(map(str, CHOICES))}",
        )  # fmt: skip
    if not version.digest:
        raise ConsoleError(
            NOT_READY, f"{version} has an error in its text", hint="what does not compile decides nothing",
            fix="mend it first",
        )  # fmt: skip
    number = Published(raw_connection()).current_numbers().get("release", (0, ""))[0]
    if number == 0:
        raise ConsoleError(
            NO_RELEASE_YET, "nothing has been released yet", hint="there are no decisions to look back at",
            fix="approve a strategy and let it go live",
        )  # fmt: skip
    actor.require(PERMISSION, markets=version.markets or [ALL])
    markets = _markets(actor, version)
    with acting(actor, PERMISSION, markets=version.markets or [ALL]):
        made = Backtest(
            version=version, digest=version.digest, body=version.body, release=number, markets=markets, hours=hours,
            person=actor.person,
        )  # fmt: skip
        made.job = start(actor, "proving.backtest", f"Backtest {version}", backtest=str(made.pk))
        made.save(force_insert=True)
    return made


def _markets(actor: Actor, version: Version) -> list[str]:
    """Whose decisions it reads: those of its own markets that the person may look into."""
    theirs, own = actor.markets_of(PERMISSION), set(version.markets or [ALL])
    if ALL in theirs:
        return sorted(own)
    found = sorted(theirs if ALL in own else theirs & own)
    if not found:
        raise ConsoleError(
            NO_MARKET, f"{version} is for {', '.join(sorted(own))}, and you may look into none of these",
            fix="ask somebody who may",
        )  # fmt: skip
    return found


def seen(actor: Actor, backtest_id: UUID) -> Backtest:
    """A backtest that the actor may see; a `ConsoleError` where there is none."""
    found = (
        Backtest.objects.select_related("version", "version__strategy", "job", "person").filter(pk=backtest_id).first()
    )
    if found is None or not may_see(actor, found):
        raise ConsoleError(
            NO_BACKTEST, "there is no such backtest", hint="or it is of markets that you may not look into",
            fix="see the strategy's page",
        )  # fmt: skip
    return found


def may_see(actor: Actor, backtest: Backtest) -> bool:
    """Whether all markets of it are theirs to look into."""
    return covers(actor.markets_of("decision.view"), backtest.markets)


def of_version(actor: Actor, version: Version, most: int = 10) -> list[Backtest]:
    """The latest backtests of a version that the actor may see."""
    found = Backtest.objects.filter(version=version).select_related("version", "job", "person").defer("result", "body")
    return [one for one in found[: 5 * most] if may_see(actor, one)][:most]


def latest(actor: Actor, version: Version) -> Backtest | None:
    """The latest that is done, of the version's present text."""
    done = Backtest.objects.filter(version=version, digest=version.digest, ended__isnull=False, result__isnull=False)
    return next((one for one in done.select_related("version", "person")[:20] if may_see(actor, one)), None)


def stop(actor: Actor, backtest_id: UUID) -> Backtest:
    """End a backtest of one's own that goes on."""
    found = seen(actor, backtest_id)
    if found.job is None or found.job.is_over:
        raise ConsoleError(OVER, "the backtest is over already", fix="load its page again")
    cancel(actor, found.job_id)
    found.job.refresh_from_db()
    return found


def told(backtest: Backtest, *, in_full: bool = True) -> dict[str, Any]:
    """The backtest for programs; without its result where it is one of many."""
    job = backtest.job
    return {
        "id": str(backtest.pk), "strategy": backtest.version.strategy_id, "version": backtest.version.number,
        "digest": backtest.digest, "release": backtest.release, "markets": backtest.markets, "hours": backtest.hours,
        "by": backtest.person.email, "asked": backtest.asked, "ended": backtest.ended,
        "state": job.state if job is not None else "", "done": job.done if job is not None else 0,
        "total": job.total if job is not None else None, "problems": job.problems if job is not None else [],
        "result": backtest.result if in_full else None,
    }  # fmt: skip
