from __future__ import annotations

from django.db import migrations

from aedile.console.base.keeping import keep_history


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("base", "0001_history"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]

    operations = [
        keep_history("accounts_team", key="slug", without=["channel"]),
        keep_history("accounts_person", without=["password", "last_login"]),
        keep_history("accounts_grant"),
        keep_history("accounts_apikey", without=["hash", "last_used"]),
        keep_history("account_emailaddress"),
        keep_history("mfa_authenticator", without=["data", "last_used_at"]),
        keep_history("socialaccount_socialaccount", without=["extra_data", "last_login"]),
    ]
