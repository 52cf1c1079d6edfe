"""What do all desks keep? The history of every write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import ClassVar

from django.db import models

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
