"""What does the console do to strategies by itself? It ends emergencies, moves what is due, and tells of it all."""

from __future__ import annotations

from django.utils import timezone

from aedile.console.base.acting import noted
from aedile.console.base.jobs import chore
from aedile.console.settings import HOME
from aedile.console.strategies.actions import end_emergencies, run_due
from aedile.console.strategies.models import RUNNING, Stage, Version
from aedile.console.strategies.telling import ENDING, tell_of_budget, tell_of_end
from aedile.server.gather import gathered


@chore("end_emergencies", "* * * * * */15")
def end_unconfirmed() -> None:
    """Pause what nobody confirmed in time."""
    end_emergencies(timezone.now())


@chore("run_due", "* * * * * */5")
def move_due() -> None:
    """Do what was scheduled for by now."""
    run_due(timezone.now())


@chore("tell_of_ends", "7 * * * *")
def tell_of_ends() -> int:
    """Tell teams of running strategies that end soon, or have ended; how many teams were told."""
    now = timezone.now()
    ending = Version.objects.filter(stage__in=RUNNING, expires__lte=now + ENDING).select_related("strategy__team")
    told = 0
    for version in ending:
        with noted("aedile", "job", "strategy.expires"):
            told += tell_of_end(version, now)
    return told


@chore("tell_of_budgets", "* * * * * */20")
def tell_of_budgets() -> int:
    """Tell teams of strategies that the decision server found over their budget; how many budgets were told of."""
    alerts = gathered(HOME.workers)["alerts"]
    if not alerts:
        return 0
    ids = {alert["strategy"] for alert in alerts}
    running = Version.objects.filter(stage__in=(Stage.CANARY, Stage.LIVE), strategy_id__in=ids)
    versions = {version.strategy_id: version for version in running.select_related("strategy__team").order_by("number")}
    told = 0
    for alert in alerts:
        if alert["strategy"] in versions:
            with noted("aedile", "job", "strategy.budget"):
                told += tell_of_budget(versions[alert["strategy"]], alert)
    return told
