"""How does a piece of work tell how far it is, hear that it is to stop, and end exactly once?

Each beginning of a job has a number, its attempt. Whoever holds an older one, such as a worker that was taken for dead
and was not, can write nothing more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from aedile.console.accounts.actor import Actor
from aedile.console.base.models import Job

#: Seconds between two times at which progress is written.
TOLD = 0.25
#: Set when this process, a worker, is told to stop.
STOPPING = threading.Event()


class Halted(Exception):  # noqa: N818  none of them is an error
    """The work is to end here, and to write nothing more."""


class Cancelled(Halted):
    """Somebody cancelled the job."""


class Superseded(Halted):
    """Another attempt goes on with the job, or it is over."""


class Stopping(Halted):
    """The worker is told to stop; the next one begins the job again."""


@dataclass(slots=True)
class Running:
    """One attempt at a job, for the function that does its work."""

    job: UUID
    attempt: int
    actor: Actor
    is_stopping: Callable[[], bool] = lambda: False
    _told: float = field(default=0.0, init=False)

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        """Tell how far it is. Between actions, not inside one. Raises a `Halted` where the work is to end."""
        if connection.in_atomic_block:
            raise RuntimeError("progress is told between actions: inside one nobody would see it")
        if STOPPING.is_set() or self.is_stopping():
            raise Stopping
        now = time.monotonic()
        if now - self._told < TOLD and done != total:
            return
        self._told = now
        mine = Job.objects.filter(pk=self.job, attempt=self.attempt, state=Job.State.RUNNING)
        if not mine.update(done=done, total=total, message=message[:300]):
            raise Superseded
        if mine.filter(cancel_asked__isnull=False).exists():
            raise Cancelled

    def finish(self, result: str = "") -> None:
        """The job is done, in the transaction of the action that did it: either both are kept or neither.

        result: the address of the page that shows what came of it.
        """
        if not connection.in_atomic_block:
            raise RuntimeError("a job ends in a transaction")
        if not self.hold():
            raise Superseded
        self._mine().update(state=Job.State.DONE, result=result, ended=timezone.now(), message="")

    def hold(self) -> bool:
        """Keep everybody else from ending the job until the transaction is over; whether it is still ours."""
        return self._mine().select_for_update().exists()

    def end(self, state: str, problems: list[dict[str, object]], ended: datetime) -> None:
        """It came to nothing."""
        self._mine().update(state=state, problems=problems, ended=ended, message="")

    def _mine(self) -> QuerySet[Job]:
        return Job.objects.filter(pk=self.job, attempt=self.attempt, state=Job.State.RUNNING)
