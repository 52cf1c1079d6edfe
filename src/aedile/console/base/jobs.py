"""How does long work get done, once, although the machine may fail in the middle?

An action calls `start`: the job is a row and an entry in the queue, both in the transaction of the action, so that what
is rolled back is not done. A worker does it by the function that `does` registered for its kind. A worker that dies is
missed after some seconds; its jobs are begun once more, and given up when that happens again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from asgiref.sync import async_to_sync
from django.db import OperationalError, connection
from django.db.models import Q
from django.utils import timezone
from procrastinate import RetryDecision
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.job_context import JobContext
from procrastinate.jobs import Status
from procrastinate.retry import BaseRetryStrategy

from aedile.console.accounts.actor import Actor
from aedile.console.base.acting import noted
from aedile.console.base.codes import NOT_FOUND
from aedile.console.base.errors import listed
from aedile.console.base.job_codes import JOB_LOST, JOB_OVER
from aedile.console.base.models import Job
from aedile.console.base.running import Cancelled, Running, Stopping, Superseded
from aedile.errors import AedileError, ConsoleError, Errors

log = logging.getLogger("aedile.console.jobs")

#: The queue of people's jobs, and that of what the console does by itself, which waits for none of them.
JOBS, CHORES = "jobs", "chores"
#: Seconds between two signs of life of a worker, and after how many without any its jobs are begun again.
BEAT, MISSED = 2.0, 8.0
#: How often a job may be interrupted without a word before it is given up.
LOST = 2

Work = Callable[..., str | None]
KINDS: dict[str, Work] = {}


def does(kind: str) -> Callable[[Work], Work]:
    """Registers the function that does jobs of a kind, in the `jobs.py` of its desk.

    It gets a `Running` and the arguments of `start`, and returns the address of the page with the result. What it
    raises of the one family of errors is shown; it may be begun a second time.
    """

    def register(work: Work) -> Work:
        if kind in KINDS:
            raise ValueError(f"two functions do {kind}")
        KINDS[kind] = work
        return work

    return register


def chore(name: str, cron: str) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Registers something that the console does by itself, in the `jobs.py` of its desk. It does no harm twice.

    cron: when, in five fields, or in six of which the last are seconds. While one waits no second one is queued.
    """

    def register(work: Callable[[], object]) -> Callable[[], object]:
        def due(timestamp: int) -> None:  # noqa: ARG001  the queue tells when it was due
            work()

        task = app.task(name=f"aedile.{name}", queue=CHORES)(due)
        app.periodic(cron=cron, periodic_id=name, queueing_lock=name)(task)
        return work

    return register


def start(actor: Actor, kind: str, title: str, **args: Any) -> Job:
    """Ask for a job, in the transaction of an action."""
    if not connection.in_atomic_block:
        raise RuntimeError("a job is asked for in the transaction of an action")
    if kind not in KINDS:
        raise ValueError(f"nothing does {kind}")
    job = Job(kind=kind, title=title[:200], person=actor.person, args=args)
    job.task = run.defer(job=str(job.pk))
    job.save(force_insert=True)
    return job


def cancel(actor: Actor, job_id: Any) -> Job:
    """End a job of one's own: at once where it waits, else as soon as its work looks up."""
    with noted(actor.person.email, actor.via, "job.cancel", key=actor.key):
        job = Job.objects.select_for_update().filter(pk=job_id, person=actor.person).first()
        if job is None:
            raise ConsoleError(NOT_FOUND, "you have no such job", fix="see your jobs")
        if job.is_over:
            raise ConsoleError(JOB_OVER, f"the job is {job.get_state_display()} already", fix="load its page again")
        job.cancel_asked = job.cancel_asked or timezone.now()
        if job.state == Job.State.WAITING and app.job_manager.cancel_job_by_id(job.task):
            job.state, job.ended = Job.State.CANCELLED, timezone.now()
        job.save(update_fields=["cancel_asked", "state", "ended"])
    return job


class Again(BaseRetryStrategy):
    """What is begun again: work that a stop of the worker ended, and once what lost its database."""

    def get_retry_decision(self, *, exception: BaseException, job: Any) -> RetryDecision | None:
        if isinstance(exception, Stopping):
            return RetryDecision(retry_at=timezone.now())
        if isinstance(exception, OperationalError) and job.attempts < LOST:
            return RetryDecision(retry_at=timezone.now() + timedelta(seconds=1))
        return None


@app.task(name="aedile.job", queue=JOBS, pass_context=True, retry=Again())
def run(context: JobContext, job: str) -> None:
    """Do a job; called by the worker."""
    running = begin(job, context.should_abort)
    if running is None:
        return
    work, args = KINDS.get(Job.objects.get(pk=job).kind), Job.objects.get(pk=job).args
    try:
        if work is None:
            raise RuntimeError(f"nothing does job {job}")
        result = work(running, **args)
        with noted("aedile", "job", "job.finish"):
            if running.hold():
                running.finish(result or "")
    except Superseded:
        log.warning("job %s is over, or another attempt goes on with it", job)
    except Cancelled:
        _end(running, Job.State.CANCELLED)
    except Stopping:
        with noted("aedile", "job", "job.wait"):
            Job.objects.filter(pk=job, attempt=running.attempt, state=Job.State.RUNNING).update(
                state=Job.State.WAITING, message=""
            )
        raise
    except OperationalError:
        raise  # the database is gone, and with it the way to say so; see `look_after`
    except (AedileError, Errors) as error:
        _end(running, Job.State.FAILED, error)
    except Exception as error:  # a defect: whoever waits for the job is told, and it is raised again
        log.exception("job %s failed", job)
        _end(running, Job.State.FAILED, error)
        raise


def begin(job_id: str, is_stopping: Callable[[], bool]) -> Running | None:
    """Take the job up; None where it is over, or was cancelled before."""
    with noted("aedile", "job", "job.begin"):
        job = Job.objects.select_for_update().select_related("person").filter(pk=job_id, ended=None).first()
        if job is None:
            return None
        if job.cancel_asked is not None:
            job.state, job.ended = Job.State.CANCELLED, timezone.now()
            job.save(update_fields=["state", "ended"])
            return None
        job.state, job.attempt, job.done, job.total = Job.State.RUNNING, job.attempt + 1, 0, None
        job.began = job.began or timezone.now()
        job.save(update_fields=["state", "attempt", "began", "done", "total"])
    return Running(job.pk, job.attempt, Actor(job.person, "job"), is_stopping)


def _end(running: Running, state: str, error: Exception | None = None) -> None:
    problems = [one.to_dict() for one in listed(error)] if error is not None else []
    with noted("aedile", "job", f"job.{'cancel' if error is None else 'fail'}"):
        running.end(state, problems, timezone.now())


@chore("look_after", "* * * * * */5")
def look_after() -> None:
    """Begin again what a dead worker left, and give up what was left twice."""
    silent = timezone.now() - timedelta(seconds=MISSED)
    for task in ProcrastinateJob.objects.filter(status=Status.DOING.value).filter(
        Q(worker=None) | Q(worker__last_heartbeat__lt=silent)
    ):
        with noted("aedile", "job", "job.retry"):
            _take_over(task.pk)
    queued = ProcrastinateJob.objects.filter(status__in=[Status.TODO.value, Status.DOING.value]).values("pk")
    for pk in Job.objects.filter(ended=None, made__lt=silent).exclude(task__in=queued).values_list("pk", flat=True):
        with noted("aedile", "job", "job.fail"):
            _give_up(Job.objects.select_for_update().filter(pk=pk, ended=None).exclude(task__in=queued).first())


def _take_over(task_id: int) -> None:
    task = ProcrastinateJob.objects.select_for_update().filter(pk=task_id, status=Status.DOING.value).first()
    if task is None:
        return
    job = Job.objects.select_for_update().filter(task=task_id, ended=None).first()
    if job is None or job.lost + 1 >= LOST:  # a chore is due again by itself
        async_to_sync(app.job_manager.finish_job_by_id_async)(task_id, Status.FAILED, delete_job=True)
        _give_up(job)
        return
    log.warning("job %s was interrupted, and is begun again", job.pk)
    job.lost, job.state = job.lost + 1, Job.State.WAITING
    job.attempt += 1  # whoever still works on it writes nothing more
    job.save(update_fields=["lost", "state", "attempt"])
    app.job_manager.retry_job_by_id(task_id, retry_at=timezone.now())


def _give_up(job: Job | None) -> None:
    if job is None:
        return
    lost = ConsoleError(
        JOB_LOST,
        "the job was interrupted twice, and given up",
        hint="the machine may have run out of memory; the log of that time says more",
        fix="ask for it again",
    )
    job.state, job.ended, job.problems = Job.State.FAILED, timezone.now(), [lost.to_dict()]
    job.save(update_fields=["state", "ended", "problems"])
