from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """What the page of the history needs to answer at once from a million entries."""

    dependencies = [("accounts", "0003_passwords_and_server_keys"), ("base", "0001_history")]

    operations = [
        migrations.RunSQL(
            "create index history_subject_newest on history (subject, seq desc);"
            "create index history_time on history (at_us, seq)",
            "drop index history_subject_newest, history_time",
        )
    ]
