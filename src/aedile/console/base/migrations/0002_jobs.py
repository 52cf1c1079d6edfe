from __future__ import annotations

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from aedile.console.base.keeping import keep_history


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_history"),
        ("base", "0001_history"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=60)),
                ("title", models.CharField(max_length=200)),
                ("args", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("running", "running"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("done", models.BigIntegerField(default=0)),
                ("total", models.BigIntegerField(null=True)),
                ("message", models.CharField(blank=True, max_length=300)),
                ("result", models.CharField(blank=True, max_length=300)),
                ("problems", models.JSONField(default=list)),
                ("task", models.BigIntegerField(null=True)),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("lost", models.PositiveSmallIntegerField(default=0)),
                ("made", models.DateTimeField(default=django.utils.timezone.now)),
                ("began", models.DateTimeField(null=True)),
                ("cancel_asked", models.DateTimeField(null=True)),
                ("ended", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="jobs", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-made", "-id"],
                "indexes": [
                    models.Index(fields=["person", "-made"], name="job_by_person"),
                    models.Index(condition=models.Q(("ended__isnull", True)), fields=["task"], name="job_by_task"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "running", "done", "failed", "cancelled"])),
                        name="job_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended__isnull", True), ("state__in", ["waiting", "running"])),
                            models.Q(("ended__isnull", False), ("state__in", ["done", "failed", "cancelled"])),
                            _connector="OR",
                        ),
                        name="job_ended",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Outbox",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=60)),
                ("subject", models.CharField(max_length=200)),
                ("text", models.TextField(blank=True)),
                ("link", models.CharField(blank=True, max_length=300)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("sent", "sent"),
                            ("kept", "shown here alone"),
                            ("dead", "given up"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("next_try", models.DateTimeField(default=django.utils.timezone.now)),
                ("trouble", models.CharField(blank=True, max_length=300)),
                ("made", models.DateTimeField(default=django.utils.timezone.now)),
                ("sent", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="accounts.team",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(condition=models.Q(("state", "waiting")), fields=["next_try"], name="outbox_due"),
                    models.Index(fields=["team", "-id"], name="outbox_by_team"),
                    models.Index(fields=["person", "-id"], name="outbox_by_person"),
                    models.Index(fields=["state", "-id"], name="outbox_by_state"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("person__isnull", True), ("team__isnull", False)),
                            models.Q(("person__isnull", False), ("team__isnull", True)),
                            _connector="OR",
                        ),
                        name="outbox_to_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "sent", "kept", "dead"])), name="outbox_state"
                    ),
                ],
            },
        ),
        keep_history("base_job", without=["done", "total", "message", "task"]),
        keep_history("base_outbox", without=["text", "tries", "next_try", "trouble"]),
    ]
