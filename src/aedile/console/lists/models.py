"""What is kept of named lists? Revisions as sequences of chunks, each of which is kept once."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aedile.console.accounts.models import SLUG, Person, Team


class NamedList(models.Model):
    """A list that strategies ask with `in_list`."""

    name = models.CharField(_("name"), max_length=100, primary_key=True, validators=[SLUG])
    team = models.ForeignKey(Team, models.PROTECT, related_name="lists")
    meaning = models.CharField(_("meaning"), max_length=500)
    made = models.DateTimeField(default=timezone.now)

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
    """What a list held from a moment on. chunks: [first entry, entries, digest] of each, in order. It stays.

    digest: the engine's, of what the list says. expiring: entries with an expiry.
    """

    list = models.ForeignKey(NamedList, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    entries = models.PositiveIntegerField()
    expiring = models.PositiveIntegerField()
    added = models.PositiveIntegerField()
    removed = models.PositiveIntegerField()
    chunks = models.JSONField()
    author = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["list_id", "-number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["list", "number"], name="revision_number")]

    def __str__(self) -> str:
        return f"{self.list_id} r{self.number}"
