from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from aedile.console.base.keeping import keep_history


class Migration(migrations.Migration):
    dependencies = [("strategies", "0002_history"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="ControlChange",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("kill_below", models.CharField(blank=True, max_length=20)),
                ("freezes", models.JSONField(default=list)),
                ("why", models.CharField(blank=True, max_length=300)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={"ordering": ["-number"]},
        ),
        keep_history("strategies_controlchange", key="number"),
    ]
