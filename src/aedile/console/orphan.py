"""What becomes of a process whose supervisor is gone? It stops as if it were told to."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time

log = logging.getLogger("aedile.console")


def stop_when_orphaned(parent: int | None = None, every: float = 1.0) -> None:
    """Watch from now on who the parent is; once it is another, send this process a SIGTERM.

    parent: the process that is not to be missed, the one of now if it is not said.
    """
    parent = parent if parent is not None else os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(every)
        log.error("the supervisor is gone, this process stops")
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="orphan", daemon=True).start()
