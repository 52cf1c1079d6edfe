"""What is kept of named lists? Revisions as sequences of chunks, each of which is kept once."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aedile.console.accounts.models import SLUG, Person, Team
from aedile.console.base.models import Job


class NamedList(models.Model):
    """A list that strategies ask with `in_list`. retired: since when none may; its revisions stay."""

    name = models.CharField(_("name"), max_length=100, primary_key=True, validators=[SLUG])
    team = models.ForeignKey(Team, models.PROTECT, related_name="lists")
    meaning = models.CharField(_("meaning"), max_length=500)
    made = models.DateTimeField(default=timezone.now)
    retired = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Chunk(models.Model):
    """Some entries in order, one a line as in a list's file. digest: SHA-256 (hex) of data. It stays."""

    digest = models.CharField(max_length=64, primary_key=True)
    data = models.BinaryField()

    def __str__(self) -> str:
        return self.digest[:12]


class Revision(models.Model):
    """What a list held from a moment on. It stays.

    chunks: [first entry, entries, digest, entries with an expiry, the soonest of these] of each, in order.
    digest: the engine's, of what the list says. expiring: entries with an expiry. added, removed, changed: entries that
    came, went and have another expiry since the revision before.
    """

    list = models.ForeignKey(NamedList, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    entries = models.PositiveIntegerField()
    expiring = models.PositiveIntegerField()
    added = models.PositiveIntegerField()
    removed = models.PositiveIntegerField()
    changed = models.PositiveIntegerField(default=0)
    chunks = models.JSONField()
    author = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["list_id", "-number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["list", "number"], name="revision_number")]

    def __str__(self) -> str:
        return f"{self.list_id} r{self.number}"


class Change(models.Model):
    """Something sent to change a list, until it is done or given up. Its text lies in the file named by its id.

    seen: the revision that was looked at. until: an expiry for entries (microseconds), number: the revision to restore.
    source: the file's name as sent, empty for what was typed. skips: bad lines are left out. lines, bad, problems: what
    was found in the text. job: where it takes long. revision: what came of it, none where nothing changed.
    """

    class How(models.TextChoices):
        PUT = "put", _("add entries")
        REMOVE = "remove", _("remove entries")
        TIME = "time", _("set expiries")
        REPLACE = "replace", _("replace all entries")
        EXPIRED = "expired", _("remove what has expired")
        RESTORE = "restore", _("restore a revision")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        REFUSED = "refused", _("has bad lines")
        OVERTAKEN = "overtaken", _("the list was changed meanwhile")
        DONE = "done", _("done")
        DROPPED = "dropped", _("dropped")

    id = models.UUIDField(primary_key=True, default=uuid4)
    problems = models.JSONField(default=list)  # before the field that takes the name
    list = models.ForeignKey(NamedList, models.PROTECT, related_name="changes")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    how = models.CharField(max_length=10, choices=How.choices)
    note = models.CharField(max_length=300, blank=True)
    seen = models.PositiveIntegerField()
    until = models.BigIntegerField(null=True)
    number = models.PositiveIntegerField(null=True)
    source = models.CharField(max_length=200, blank=True)
    is_csv = models.BooleanField(default=False)
    skips = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    lines = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    revision = models.ForeignKey(Revision, models.PROTECT, null=True, related_name="changes")
    made = models.DateTimeField(default=timezone.now)
    ended = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-made"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(how__in=["put", "remove", "time", "replace", "expired", "restore"]),
                name="change_how",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "refused", "overtaken"], ended__isnull=True)
                | models.Q(state__in=["done", "dropped"], ended__isnull=False),
                name="change_state",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["list", "-made"], name="change_by_list")]

    def __str__(self) -> str:
        return f"{self.how} {self.list_id}"
