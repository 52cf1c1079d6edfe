"""Who does the jobs? One process beside the console: `python -m aedile.console.worker`, started by `aedile up`.

It looks into two queues: people's jobs, and chores, which are never kept waiting by a long job. Where PostgreSQL is
gone it ends, and is started again until it is back.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

import django
import psycopg
from django.db import OperationalError

from aedile.console.orphan import stop_when_orphaned
from aedile.errors import AedileError
from aedile.server.supervised import supervisor
from aedile.settings import Settings, load_settings
from aedile.store.database import database_at
from aedile.store.home import Home

log = logging.getLogger("aedile.console.jobs")

#: Seconds that running jobs get to look up and end when the worker is told to stop.
PATIENCE = 8.0


async def work(settings: Settings) -> None:
    """Do jobs and chores until told to stop."""
    from procrastinate.worker import Worker

    from aedile.console.base.jobs import BEAT, CHORES, JOBS, MISSED
    from aedile.console.base.running import STOPPING
    from aedile.console.queue import workers_app

    async with workers_app().open_async() as own:
        workers = [
            Worker(
                own, queues=[queue], name=queue, concurrency=places, delete_jobs="successful",
                shutdown_graceful_timeout=PATIENCE, update_heartbeat_interval=BEAT, stalled_worker_timeout=MISSED,
                install_signal_handlers=False, additional_context={},
            )
            for queue, places in ((JOBS, settings.console.jobs), (CHORES, 1))
        ]  # fmt: skip
        loop = asyncio.get_running_loop()

        def stop() -> None:
            STOPPING.set()
            for worker in workers:
                worker.stop()

        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop)
        await _until_one_ends(workers, stop)


async def _until_one_ends(workers: Sequence[Any], stop: Callable[[], None]) -> None:
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    stop()
    await asyncio.wait(tasks)
    for task in done:
        task.result()


def main() -> int:
    """Run the worker with the settings of the environment."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aedile.console.settings")
    settings = load_settings()
    stop_when_orphaned(supervisor())
    django.setup()
    from procrastinate.exceptions import ConnectorException

    from aedile.console.ready import make_ready

    database = database_at(Home(settings.home).prepare(), settings.database_url)
    try:
        make_ready(database)
        asyncio.run(work(settings))
    except (AedileError, OperationalError, ConnectorException, psycopg.Error) as error:
        log.error("%s", str(error).splitlines()[0] if str(error) else type(error).__name__)
        return 1
    finally:
        database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
