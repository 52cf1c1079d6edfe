"""What is kept of strategies: their versions, who approved them, what was said, and what they are to become when?"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aedile.console.accounts.models import SLUG, Person, Team


class Stage(StrEnum):
    """Where a version stands. Which may follow which is kept by the database (sql/stages.sql)."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    SHADOW = "shadow"
    CANARY = "canary"
    LIVE = "live"
    PAUSED = "paused"
    RETIRED = "retired"

    @property
    def label(self) -> Promise:
        """Its name in the viewer's language."""
        return STAGE_NAMES[self]


STAGE_NAMES: Mapping[Stage, Promise] = {
    Stage.DRAFT: _("draft"),
    Stage.PROPOSED: _("proposed"),
    Stage.SHADOW: _("shadow"),
    Stage.CANARY: _("canary"),
    Stage.LIVE: _("live"),
    Stage.PAUSED: _("paused"),
    Stage.RETIRED: _("retired"),
}
_CHOICES = [(stage.value, name) for stage, name in STAGE_NAMES.items()]


#: The stages in which a version is part of releases.
RUNNING = (Stage.SHADOW, Stage.CANARY, Stage.LIVE, Stage.PAUSED)


class SchemaVersion(models.Model):
    """A feature schema as written; the newest holds. digest: of what it says, from the engine."""

    text = models.TextField()
    digest = models.CharField(max_length=64)
    author = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        get_latest_by = "id"

    def __str__(self) -> str:
        return f"schema {self.pk}"


class Strategy(models.Model):
    """What has one id for ever; its texts are its versions."""

    id = models.CharField(max_length=100, primary_key=True, validators=[SLUG])
    team = models.ForeignKey(Team, models.PROTECT, related_name="strategies")
    made = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.id


class Version(models.Model):
    """A text of a strategy, and where it stands. Drafts change; from `proposed` on the text stays.

    body: the strategy as in its file, without `stage` and `canary.share`. What stands in columns beside it is read from
    it when it is saved, to be searched. digest: the engine's, empty while the text has an error; problems: then these,
    in the one JSON shape. revision: counts saves of a draft. needed: approvals it needs to leave `proposed`.
    reach: the share of the catalogue it fired for when it was submitted. emergency_until: it went live without
    approval, and expires then unless somebody confirms.
    """

    strategy = models.ForeignKey(Strategy, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    body = models.JSONField()
    stage = models.CharField(max_length=10, choices=_CHOICES, default=Stage.DRAFT)
    share = models.FloatField(null=True)
    author = models.ForeignKey(Person, models.PROTECT, related_name="+")
    made = models.DateTimeField(default=timezone.now)
    changed = models.DateTimeField(default=timezone.now)
    staged = models.DateTimeField(default=timezone.now)
    revision = models.PositiveIntegerField(default=1)
    note = models.CharField(max_length=500, blank=True)
    needed = models.PositiveSmallIntegerField(default=1)
    reach = models.FloatField(null=True)
    emergency_until = models.DateTimeField(null=True)

    title = models.CharField(max_length=300, blank=True)
    tier = models.CharField(max_length=20, blank=True)
    action = models.CharField(max_length=20, blank=True)
    applies_to = models.CharField(max_length=20, blank=True)
    policy = models.CharField(max_length=60, blank=True)
    markets = ArrayField(models.CharField(max_length=5), default=list)
    channels = ArrayField(models.CharField(max_length=20), default=list)
    starts = models.DateTimeField(null=True)
    expires = models.DateTimeField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    problems = models.JSONField(default=list)
    words = models.TextField(blank=True)  # lower-case, for the search: id, title, why, owner, condition

    class Meta:
        ordering: ClassVar = ["strategy_id", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["strategy", "number"], name="version_number"),
            models.UniqueConstraint(
                fields=["strategy"], name="version_acts_alone",
                condition=models.Q(stage__in=[Stage.CANARY, Stage.LIVE, Stage.PAUSED]),
            ),
            models.UniqueConstraint(
                fields=["strategy"], name="version_shadows_alone", condition=models.Q(stage=Stage.SHADOW)
            ),
            models.UniqueConstraint(
                fields=["strategy"], name="version_written_alone",
                condition=models.Q(stage__in=[Stage.DRAFT, Stage.PROPOSED]),
            ),
            models.CheckConstraint(condition=models.Q(stage__in=list(Stage)), name="version_stage"),
            models.CheckConstraint(
                condition=models.Q(share__isnull=True) | models.Q(share__gt=0, share__lte=1), name="version_share"
            ),
            models.CheckConstraint(
                condition=~models.Q(stage=Stage.CANARY) | models.Q(share__isnull=False), name="version_canary_share"
            ),
            models.CheckConstraint(
                condition=models.Q(stage__in=[Stage.DRAFT, Stage.RETIRED]) | ~models.Q(digest=""),
                name="version_compiles",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["stage", "strategy"], name="version_by_stage"),
            models.Index(fields=["-changed"], name="version_by_change"),
            models.Index(fields=["title", "id"], name="version_by_title"),
            models.Index(
                fields=["emergency_until"], name="version_emergency", condition=models.Q(emergency_until__isnull=False)
            ),
            GinIndex(fields=["markets"], name="version_by_market"),
            GinIndex(fields=["channels"], name="version_by_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.strategy_id} v{self.number}"


class Approval(models.Model):
    """Somebody's word on a proposed version, for exactly that text. It stays."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="approvals")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    approves = models.BooleanField()
    note = models.TextField(blank=True)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["at"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["version", "person", "digest"], name="approval_once")]

    def __str__(self) -> str:
        return f"{self.person} on {self.version}"


class Save(models.Model):
    """Every text that a draft ever had, so that none is lost when two people edit at once."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="saves")
    revision = models.PositiveIntegerField()
    body = models.JSONField()
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-revision"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["version", "revision"], name="save_once")]

    def __str__(self) -> str:
        return f"{self.version} r{self.revision}"


class Comment(models.Model):
    """Something said about a version."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="comments")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    text = models.TextField(max_length=10_000)
    field = models.CharField(max_length=60, blank=True)  # the part of the strategy it is about
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["at"]

    def __str__(self) -> str:
        return self.text[:60]


class Move(models.Model):
    """A stage that a version is to take on at a time. done: when it did; trouble: why it could not."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="moves")
    stage = models.CharField(max_length=10, choices=_CHOICES)
    share = models.FloatField(null=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    done = models.DateTimeField(null=True)
    dropped = models.DateTimeField(null=True)
    trouble = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["at"]

    def __str__(self) -> str:
        return f"{self.version} to {self.stage} at {self.at:%Y-%m-%d %H:%M}"


class PublishedRelease(models.Model):
    """What the console knows of a release it published, beside what is in `published`."""

    number = models.PositiveIntegerField(primary_key=True)
    digest = models.CharField(max_length=64)
    parent = models.PositiveIntegerField(null=True)
    author = models.ForeignKey(Person, models.PROTECT, related_name="+", null=True)  # none: the software itself
    at = models.DateTimeField(default=timezone.now)
    note = models.CharField(max_length=500, blank=True)
    versions: Any = models.JSONField(default=dict)  # strategy id → version number → [stage, share]

    class Meta:
        ordering: ClassVar = ["-number"]

    def __str__(self) -> str:
        return f"release {self.number}"


class ControlChange(models.Model):
    """A change of what holds for all strategies at once, the kill switch and freezes. number: of what it published.

    kill_below: the tier from which all are off, empty for none. freezes: [start, end, why], microseconds since 1970.
    """

    number = models.PositiveIntegerField(primary_key=True)
    kill_below = models.CharField(max_length=20, blank=True)
    freezes = models.JSONField(default=list)
    why = models.CharField(max_length=300, blank=True)
    author = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-number"]

    def __str__(self) -> str:
        return f"controls {self.number}"
