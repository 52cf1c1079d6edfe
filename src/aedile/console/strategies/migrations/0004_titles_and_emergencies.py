from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """What the list of strategies needs to sort by title, and to find the few emergencies, among all versions."""

    dependencies = [("strategies", "0003_controls")]

    operations = [
        migrations.AddIndex("version", models.Index(fields=["title", "id"], name="version_by_title")),
        migrations.AddIndex(
            "version",
            models.Index(
                condition=models.Q(("emergency_until__isnull", False)),
                fields=["emergency_until"],
                name="version_emergency",
            ),
        ),
    ]
