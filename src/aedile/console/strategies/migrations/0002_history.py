from __future__ import annotations

from pathlib import Path

from django.db import migrations

from aedile.console.base.keeping import keep_history, run_file


class Migration(migrations.Migration):
    dependencies = [("strategies", "0001_initial"), ("base", "0001_history")]

    operations = [
        run_file(Path(__file__).parents[1] / "sql" / "stages.sql", "drop function strategies_stage_guard cascade"),
        keep_history("strategies_schemaversion"),
        keep_history("strategies_strategy"),
        keep_history("strategies_version", without=["words", "changed"]),
        keep_history("strategies_approval"),
        keep_history("strategies_save", without=["body"]),
        keep_history("strategies_comment"),
        keep_history("strategies_move"),
        keep_history("strategies_publishedrelease", key="number"),
    ]
