"""Who serves the console? One process with some threads, below one that starts and stops it:
`python -m aedile.console.serve`, started by `aedile up`."""

from __future__ import annotations

import logging
import sys

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings

from aedile.console.orphan import stop_when_orphaned
from aedile.server.supervised import supervisor
from aedile.settings import Settings, load_settings
from aedile.store.database import database_at
from aedile.store.home import Home

#: Seconds for which a page may take when the console stops, and milliseconds in which a call must have been asked.
PATIENCE, READ = 8, 10_000


def serve(settings: Settings) -> None:
    """Serve until told to stop; then PostgreSQL stops, unless somebody else uses it."""
    console = settings.console
    database = database_at(Home(settings.home).prepare(), settings.database_url)
    try:
        Granian(
            "aedile.console.gate:application", console.host, console.port, interface=Interfaces.WSGI, workers=1,
            blocking_threads=console.threads, websockets=False, backlog=256, log_enabled=False,
            workers_kill_timeout=PATIENCE, http1_settings=HTTP1Settings(header_read_timeout=READ),
        ).serve()  # fmt: skip
    finally:
        database.close()


def main() -> int:
    """Run the console with the settings of the environment."""
    logging.basicConfig(level=logging.INFO, format="console: %(message)s")
    stop_when_orphaned(supervisor())
    serve(load_settings())
    return 0


if __name__ == "__main__":
    sys.exit(main())
