from __future__ import annotations

from django.db import migrations

from aedile.console.base.keeping import keep_history


class Migration(migrations.Migration):
    dependencies = [("proving", "0001_initial"), ("base", "0001_history")]

    operations = [keep_history("proving_backtest", without=["result"])]
