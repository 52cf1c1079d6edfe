"""What do all desks keep? The history of every write, long work, and what people are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Entry(models.Model):
    """One change of one row, written by a trigger. at_us: microseconds since 1970; subject: the table."""

    seq = models.BigIntegerField(primary_key=True)
    at_us = models.BigIntegerField()
    actor = models.TextField()
    via = models.TextField()
    action = models.TextField()
    why = models.TextField()
    subject = models.TextField()
    pk_of_row = models.TextField(db_column="pk")
    op = models.TextField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    previous = models.TextField()
    hash = models.TextField()

    class Meta:
        managed = False
        db_table = "history"
        ordering: ClassVar = ["-seq"]

    def __str__(self) -> str:
        return f"{self.seq} {self.action} {self.subject} {self.pk_of_row}"

    @property
    def at(self) -> datetime:
        return _EPOCH + timedelta(microseconds=self.at_us)

    @property
    def changed(self) -> list[tuple[str, object, object]]:
        """Each field with what it was and what it became."""
        was, is_ = self.before or {}, self.after or {}
        return [(name, was.get(name), is_.get(name)) for name in sorted({*was, *is_}) if was.get(name) != is_.get(name)]


_JOB_STATES = [
    ("waiting", _("waiting")),
    ("running", _("running")),
    ("done", _("done")),
    ("failed", _("failed")),
    ("cancelled", _("cancelled")),
]
OUTBOX_STATES = [
    ("waiting", _("waiting")),
    ("sent", _("sent")),
    ("kept", _("shown here alone")),
    ("dead", _("given up")),
]


class Job(models.Model):
    """Long work that somebody asked for. It is written by `base/jobs.py` alone.

    args: of the function that does it. result: the page that shows what came of it. problems: why it failed, in the
    one JSON shape. task: its number in the queue. attempt: counts its beginnings; only the newest may go on. lost: how
    often it was interrupted without a word.
    """

    class State(StrEnum):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid4)
    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="jobs")
    args = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=_JOB_STATES, default="waiting")
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    message = models.CharField(max_length=300, blank=True)
    result = models.CharField(max_length=300, blank=True)
    problems = models.JSONField(default=list)
    task = models.BigIntegerField(null=True)
    attempt = models.PositiveIntegerField(default=0)
    lost = models.PositiveSmallIntegerField(default=0)
    made = models.DateTimeField(default=timezone.now)
    began = models.DateTimeField(null=True)
    cancel_asked = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-made", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(state__in=["waiting", "running", "done", "failed", "cancelled"]),
                                   name="job_state"),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "running"], ended__isnull=True)
                | models.Q(state__in=["done", "failed", "cancelled"], ended__isnull=False),
                name="job_ended",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["person", "-made"], name="job_by_person"),
            models.Index(fields=["task"], name="job_by_task", condition=models.Q(ended__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_over(self) -> bool:
        return self.ended is not None

    @property
    def percent(self) -> int | None:
        """Of its work that is done; None where nobody knows how much there is."""
        return min(100, 100 * self.done // self.total) if self.total else None


class Outbox(models.Model):
    """Something that a team or a person is to be told. No address is kept with it: that is looked up when it is sent.

    tries: how often it was tried; next_try: when it is due. trouble: why the last try failed, without secrets.
    """

    class State(StrEnum):
        WAITING = "waiting"
        SENT = "sent"
        KEPT = "kept"
        DEAD = "dead"

    kind = models.CharField(max_length=60)
    team = models.ForeignKey("accounts.Team", models.CASCADE, null=True, related_name="notices")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="notices")
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    link = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=OUTBOX_STATES, default="waiting")
    tries = models.PositiveSmallIntegerField(default=0)
    next_try = models.DateTimeField(default=timezone.now)
    trouble = models.CharField(max_length=300, blank=True)
    made = models.DateTimeField(default=timezone.now)
    sent = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(team__isnull=False, person__isnull=True)
                | models.Q(team__isnull=True, person__isnull=False),
                name="outbox_to_one",
            ),
            models.CheckConstraint(condition=models.Q(state__in=["waiting", "sent", "kept", "dead"]),
                                   name="outbox_state"),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["next_try"], name="outbox_due", condition=models.Q(state="waiting")),
            models.Index(fields=["team", "-id"], name="outbox_by_team"),
            models.Index(fields=["person", "-id"], name="outbox_by_person"),
            models.Index(fields=["state", "-id"], name="outbox_by_state"),
        ]

    def __str__(self) -> str:
        return self.subject
