"""What does the console do to strategies by itself? It ends emergencies, moves what is due, and tells of ends."""

from __future__ import annotations

from django.utils import timezone

from aedile.console.base.acting import noted
from aedile.console.base.jobs import chore
from aedile.console.strategies.actions import end_emergencies, run_due
from aedile.console.strategies.models import RUNNING, Version
from aedile.console.strategies.telling import ENDING, tell_of_end


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
