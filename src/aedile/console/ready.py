"""Is the database as this version of the console expects it? Brought up to date by whoever starts first."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from aedile.console.base.job_codes import NEWER
from aedile.errors import ConsoleError
from aedile.store.database import Database

_LOCK = 7_203_331_402


def make_ready(database: Database) -> None:
    """Start the embedded PostgreSQL and bring all tables up to date. Django must be set up.

    Raises a `StoreError` or Django's `OperationalError` where the database cannot be reached, and a `ConsoleError`
    where a newer version made its tables.
    """
    database.open()
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [_LOCK])
        try:
            _migrate()
        finally:
            cursor.execute("select pg_advisory_unlock(%s)", [_LOCK])


def _migrate() -> None:
    executor = MigrationExecutor(connection)
    loader = executor.loader
    newer = sorted(
        f"{app}.{name}"
        for app, name in set(loader.applied_migrations) - set(loader.disk_migrations)
        if app in loader.migrated_apps and not loader.replacements
    )
    if newer:
        raise ConsoleError(
            NEWER,
            f"the console's tables are of a newer version: {', '.join(newer[:3])}",
            hint="a newer aedile has used this database",
            fix="install that version again",
        )
    if executor.migration_plan(loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)
