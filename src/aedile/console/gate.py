"""What does the console answer before its database is ready? What is wrong, from the first moment on.

`application` is what is served; it lives in one process.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.db import OperationalError, connections

from aedile.console.orphan import stop_when_orphaned
from aedile.console.settings import AEDILE, HOME
from aedile.console.wsgi import application as pages
from aedile.errors import AedileError, ConsoleError
from aedile.store.database import Database, database_at

log = logging.getLogger("aedile.console")

#: Seconds between two tries to make the database ready.
RETRY = 0.5


class Gate:
    """A WSGI application in front of Django's: it lets calls through once the database is ready."""

    def __init__(self, application: Callable[..., Iterable[bytes]], database: Database) -> None:
        self._application = application
        self._database = database
        self._trouble: Exception | None = OperationalError("the console is starting")

    def open_when_ready(self) -> None:
        """Make the database ready, for as long as it takes."""
        from aedile.console.ready import make_ready

        while self._trouble is not None:
            try:
                make_ready(self._database)
                self._trouble = None
            except (AedileError, OperationalError) as error:
                log.warning("the database is not ready, trying again: %s", str(error).splitlines()[0])
                self._trouble = error if isinstance(error, ConsoleError) else OperationalError()
                time.sleep(RETRY)
            finally:
                connections.close_all()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        trouble = self._trouble
        if trouble is None:
            return self._application(environ, start_response)
        from aedile.console.base.errors import told

        answer = told(WSGIRequest({**environ, "PATH_INFO": "/"}), trouble)
        start_response(f"{answer.status_code} {answer.reason_phrase}", list(answer.items()))
        return [answer.content]


def _opened() -> Gate:
    stop_when_orphaned()
    gate = Gate(pages, database_at(HOME, AEDILE.database_url))
    threading.Thread(target=gate.open_when_ready, name="ready", daemon=True).start()
    return gate


application = _opened()
