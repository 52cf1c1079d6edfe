from __future__ import annotations

from django.db import migrations

from aedile.console.base.keeping import keep_history


class Migration(migrations.Migration):
    dependencies = [("lists", "0001_initial"), ("base", "0001_history")]

    operations = [
        keep_history("lists_namedlist", key="name"),
        keep_history("lists_revision", without=["chunks"]),
    ]
