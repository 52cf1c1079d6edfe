from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from aedile.console.base.keeping import keep_history


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_history")]

    operations = [
        migrations.AddField("person", "password_set", models.DateTimeField(null=True)),
        migrations.AddField("person", "link_made", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="ServerKeyChange",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=32)),
                ("deed", models.CharField(max_length=10)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), default=list, size=None
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("deed__in", ["made", "revoked"])), name="serverkeychange_deed"
                    )
                ],
            },
        ),
        keep_history("accounts_serverkeychange", key="number"),
    ]
