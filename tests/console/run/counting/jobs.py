"""Jobs that take as long as a test wants them to."""

from __future__ import annotations

import time

from aedile.console.base.jobs import does


@does("test.count")
def count(running, to, seconds):
    """Counts slowly; then makes a team in the very transaction in which the job is done."""
    from aedile.console.accounts.models import Team
    from aedile.console.base.acting import noted

    for number in range(to):
        running.progress(number, to, "counting")
        time.sleep(seconds)
    with noted("aedile", "job", "test.count"):
        Team.objects.create(slug=f"counted-{running.job}", name=f"Attempt {running.attempt}")
        running.finish("/counted")


@does("test.refuse")
def refuse(running):
    from aedile.console.base.codes import BAD_INPUT
    from aedile.errors import ConsoleError

    raise ConsoleError(BAD_INPUT, "there is nothing to count", hint="the list is empty", fix="add something")


@does("test.defect")
def defect(running):
    raise KeyError("secret detail")
