"""What is kept of backtests: what was compared, who asked, and what came of it."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from aedile.console.accounts.models import Person
from aedile.console.base.models import Job
from aedile.console.strategies.models import Version


class Backtest(models.Model):
    """One version against the release that ran when it was asked for. It stays.

    digest: of the version's text then. release: the number it was compared with. markets: those whose decisions were
    read, or `all`. hours: how far back from `asked`. result: the JSON of `aedile.backtest`, none until it is done.
    """

    id = models.UUIDField(primary_key=True, default=uuid4)
    version = models.ForeignKey(Version, models.PROTECT, related_name="backtests")
    digest = models.CharField(max_length=64)
    body = models.JSONField()
    release = models.PositiveIntegerField()
    markets = ArrayField(models.CharField(max_length=5))
    hours = models.PositiveIntegerField()
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, models.PROTECT, related_name="+", null=True)
    asked = models.DateTimeField(default=timezone.now)
    ended = models.DateTimeField(null=True)
    result = models.JSONField(null=True)

    class Meta:
        ordering: ClassVar = ["-asked"]
        indexes: ClassVar = [models.Index(fields=["version", "-asked"], name="backtest_of_version")]

    def __str__(self) -> str:
        return f"{self.version} {self.asked:%Y-%m-%d %H:%M}"

    @property
    def is_of_this_text(self) -> bool:
        """Whether the version says what it said then."""
        return bool(self.digest == self.version.digest)

    @property
    def total(self) -> dict[str, Any]:
        return self.result["total"] if self.result else {}
