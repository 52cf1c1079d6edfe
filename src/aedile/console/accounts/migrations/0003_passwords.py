from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_history")]

    operations = [
        migrations.AddField("person", "password_set", models.DateTimeField(null=True)),
        migrations.AddField("person", "link_made", models.DateTimeField(null=True)),
    ]
