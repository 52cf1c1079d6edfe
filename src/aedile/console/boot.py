"""How does a program other than the web server use the console? With its database open, and Django set up on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from aedile.settings import Settings
from aedile.store.database import Database, open_database
from aedile.store.home import Home


@contextmanager
def console(settings: Settings) -> Iterator[Database]:
    """The console of an installation, its tables as this version expects. Once in a process: Django is set up once."""
    os.environ |= settings.to_environment()
    os.environ["DJANGO_SETTINGS_MODULE"] = "aedile.console.settings"
    with open_database(Home(settings.home).prepare(), settings.database_url) as database:
        import django
        from django.db import connections

        django.setup()
        from aedile.console.ready import make_ready

        make_ready(database)
        try:
            yield database
        finally:
            connections.close_all()
