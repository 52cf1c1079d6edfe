from __future__ import annotations

from django.db import migrations, models

from aedile.console.base.keeping import SQL, run_file


class Migration(migrations.Migration):
    dependencies = []

    operations = [
        run_file(SQL / "history.sql", "drop table history, history_head cascade"),
        migrations.CreateModel(
            "Entry",
            [("seq", models.BigIntegerField(primary_key=True, serialize=False))],
            {"db_table": "history", "managed": False, "ordering": ["-seq"]},
        ),
    ]
