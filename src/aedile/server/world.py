"""How does a worker keep up with what is published, and with entities?

It reads the shelf and the log of entities, never PostgreSQL. What takes long (reading and compiling a release) runs in
a thread beside the deciding one; what changes what decisions see happens in the deciding thread, between two requests.
"""

from __future__ import annotations

import asyncio
import gc
import logging

from aedile.engine.engine import Engine
from aedile.engine.migrate import engine_over, known_entities
from aedile.engine.release import Release
from aedile.engine.release_reader import ReleaseReader
from aedile.errors import AedileError, Errors, StoreError
from aedile.server.desk import Desk
from aedile.server.endpoints import Gate
from aedile.server.entities import EntityFeed
from aedile.store.controls import Controls, killed_by
from aedile.store.entity_log import EntityLog
from aedile.store.home import Home
from aedile.store.keys import KeyRing
from aedile.store.replay import keeper_of
from aedile.store.shelf import Pointer, Shelf

log = logging.getLogger("aedile.server")

#: Seconds between two looks at the shelf, and at the log of entities.
LOOK_AT_SHELF, LOOK_AT_ENTITIES = 0.05, 0.1
#: Releases after which what older ones left behind in memory is looked for.
FROZEN_RELEASES = 20


class World:
    """What a worker knows of the outside, and where it got to."""

    def __init__(self, home: Home, desk: Desk, gate: Gate, entities: EntityLog) -> None:
        self.home = home
        self.shelf = Shelf(home.shelf)
        self.desk = desk
        self.gate = gate
        self.feed = EntityFeed(entities)
        self.refused: str | None = None
        self._reader = ReleaseReader()
        self.controls = Controls()
        self._stamp: object = None
        self._keys: Pointer | None = None
        self._settings: Pointer | None = None
        self._release: Pointer | None = None
        self._changing = asyncio.Lock()
        self._taken = 0

    async def catch_up(self) -> None:
        """Take over what is new on the shelf. What cannot be read leaves what runs as it is, and is told."""
        stamp = self.shelf.stamp()
        if stamp == self._stamp:
            return
        try:
            await self._take_over()
            self.refused = None
        except (AedileError, Errors) as error:
            self.refused = str(error)
            log.error("what was published cannot be taken over, the last good release goes on: %s", error)
        self._stamp = stamp

    async def _take_over(self) -> None:
        current = self.shelf.current()
        if current.keys != self._keys:
            data = self.shelf.read("keys", current.keys) if current.keys is not None else None
            self.gate.ring = KeyRing.parse(data) if data is not None else KeyRing.empty()
            self._keys = current.keys
        if current.settings != self._settings:
            data = self.shelf.read("settings", current.settings) if current.settings is not None else None
            self.controls = Controls.parse(data) if data is not None else Controls()
            self._settings = current.settings
        if current.release is not None and current.release != self._release:
            async with self._changing:
                await self._swap(current.release)
        elif (running := self.desk.running) is not None:
            self.desk.kill(killed_by(self.controls, running.engine.strategies))

    async def _swap(self, pointer: Pointer) -> None:
        data = self.shelf.read("release", pointer)
        release = await asyncio.to_thread(self._reader.read, data, f"release {pointer.number}", self.shelf.list_of)
        engine = await self._engine_of(release)
        keeper = await asyncio.to_thread(keeper_of, release)
        self.desk.run(release, engine, keeper, killed_by(self.controls, engine.strategies))
        self._release = pointer
        self._settle_memory()
        log.info("release %d decides", pointer.number)

    def _settle_memory(self) -> None:
        """What a release brought stays for long: collections, which stop all decisions meanwhile, need not look at it
        again and again. Now and then they do, for what older releases left behind."""
        self._taken += 1
        if self._taken % FROZEN_RELEASES == 1:
            gc.unfreeze()
            gc.collect()
        gc.freeze()

    async def _engine_of(self, release: Release) -> Engine:
        """The release's engine over the entities there are, which do not change meanwhile."""
        running = self.desk.running
        if running is None:
            return await asyncio.to_thread(self._first_engine, release)
        store = running.engine.store
        store.settle()
        if running.release.manifest.schema == release.manifest.schema:
            return await asyncio.to_thread(running.engine.replace, release.strategies, release.lists)
        known = known_entities(store)
        return await asyncio.to_thread(engine_over, known, release.schema, release.strategies, release.lists)

    def _first_engine(self, release: Release) -> Engine:
        engine = Engine(release.schema, release.strategies, release.lists)
        self.feed.load(engine)
        return engine

    async def follow_shelf(self) -> None:
        """Take over what is published, for ever."""
        while True:
            await asyncio.sleep(LOOK_AT_SHELF)
            await self.catch_up()

    async def follow_entities(self) -> None:
        """Apply what is logged of entities, for ever: read beside the deciding thread, some rows between requests."""
        while True:
            await asyncio.sleep(LOOK_AT_ENTITIES)
            async with self._changing:
                running = self.desk.running
                if running is None:
                    continue
                try:
                    found = await asyncio.to_thread(self.feed.read, running.engine.schema)
                except StoreError as error:
                    log.error("%s", error)
                    continue
                for entry, entities in found:
                    for _ in self.feed.apply(running.engine, entry, entities):
                        await asyncio.sleep(0)
