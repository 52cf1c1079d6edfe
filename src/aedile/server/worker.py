"""One worker: a process that decides. `python -m aedile.server.worker NUMBER`, started by `aedile serve`."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

import uvloop

from aedile.server.desk import Desk
from aedile.server.endpoints import Gate
from aedile.server.exposures import Exposures
from aedile.server.facts import FactDesk
from aedile.server.gather import board_of
from aedile.server.limits import Limits
from aedile.server.listen import Listener
from aedile.server.merging import Merging
from aedile.server.recorder import Recorder
from aedile.server.routes import make_app
from aedile.server.signals import stopping
from aedile.server.stats import Stats
from aedile.server.supervised import supervisor
from aedile.server.world import World
from aedile.settings import Settings, load_settings
from aedile.store.board import Board
from aedile.store.entity_log import EntityLog
from aedile.store.fact_arrival import Arrival
from aedile.store.fact_writer import FactWriter
from aedile.store.home import Home
from aedile.store.pseudonyms import Pseudonyms

log = logging.getLogger("aedile.server")

#: A thread that compiles a release gives way to the deciding one this often, in seconds.
SWITCH_INTERVAL = 0.0005
#: Seconds between two beats, in which workers tell each other what they counted.
BEAT = 1.0
#: Beats after which what is unknown is counted for one decision.
SAMPLE_BEATS = 5


async def work(settings: Settings, number: int) -> None:
    """Decide until told to stop. The address is taken once there is a release to decide by, if there ever was one, so
    that a worker that starts sends nobody away."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    home = Home(settings.home).prepare()
    pseudonyms = Pseudonyms(home.secrets)
    entities = EntityLog(home.entities_log)
    exposures = Exposures(pseudonyms.of, floor=settings.budget.floor)
    recorder = Recorder(home, number, queue=settings.log.queue)
    stats = Stats(number)
    desk = Desk(number, exposures, stats, recorder, pseudonyms, settings.log)
    limits = Limits()
    gate = Gate(limits, is_open=settings.server.open)
    world = World(home, desk, gate, entities)
    merging = Merging(home.exposures_log, exposures, limits)
    merging.catch_up()
    await world.catch_up()
    writer = FactWriter(home.intake, str(number))
    facts = FactDesk(writer, Arrival(pseudonyms, settings.facts.by_market), settings.facts)
    app = make_app(desk, gate, entities, facts, home, settings)
    listener = Listener(app, settings.server.host, settings.server.port)
    loop = asyncio.get_running_loop()
    for name in stopping():
        loop.add_signal_handler(name, listener.stop)
    async with asyncio.TaskGroup() as tasks:
        helpers = [
            tasks.create_task(world.follow_shelf()),
            tasks.create_task(world.follow_entities()),
            tasks.create_task(beat(desk, world, merging, facts, home, supervisor(), listener)),
        ]
        await listener.run_until_stopped()
        for helper in helpers:
            helper.cancel()
    await loop.shutdown_default_executor()  # threads beside this one may still read
    merging.close()
    entities.close()
    recorder.close()
    writer.close()


async def beat(
    desk: Desk, world: World, merging: Merging, facts: FactDesk, home: Home, parent: int, listener: Listener
) -> None:
    """Each second: tell the other workers what was counted, hear what they counted, and write down how things stand."""
    board = Board(board_of(home.workers, desk.worker))
    for number in itertools.count():
        started = time.monotonic()
        await merging.beat()
        if number % SAMPLE_BEATS == 0:
            desk.count_unknown()
        desk.mute()
        try:
            board.post(desk.stats.told({**standing(desk, world, merging), "facts": facts.counters()}))
        except OSError as error:  # it decides all the same
            log.error("how the worker stands cannot be told: %s", error)
        if os.getppid() != parent:  # the supervisor is gone: nobody would start or stop this worker again
            log.error("the supervisor is gone, the worker stops")
            listener.stop()
        await asyncio.sleep(max(0.0, BEAT - (time.monotonic() - started)))


def standing(desk: Desk, world: World, merging: Merging) -> dict[str, Any]:
    """How a worker stands, beside what it counted."""
    running = desk.running
    killed = world.controls.kill_below
    over = desk.exposures.muted()
    return {
        "release": None if running is None else {
            "number": running.number, "digest": running.digest,
            "author": running.release.manifest.author, "time": running.release.manifest.time,
        },
        "described": {} if running is None else running.described,
        "muted": {} if running is None else {
            id_: "over its budget" if id_ in over else "kill switch" for id_ in sorted(running.muted)
        },
        "killed": None if killed is None else f"tier {killed} and below, {world.controls.why}",
        "alerts": desk.exposures.alerts(),
        "refused": world.refused,
        "log": desk.recorder.counters(),
        "entities": {"position": world.feed.position, "rows": world.feed.rows},
        "trouble": {**merging.trouble, "forgotten": desk.exposures.forgotten},
        "resident": int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"),
    }  # fmt: skip


def main(number: int) -> None:
    """Run the worker of this number, with the settings of the environment."""
    logging.basicConfig(level=logging.INFO, format=f"worker {number}: %(message)s")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work(load_settings(), number))


if __name__ == "__main__":
    main(int(sys.argv[1]))
