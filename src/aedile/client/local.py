"""How does a service decide in its own process, without a server?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from aedile.engine.decide import Counters, Decider
from aedile.engine.engine import Engine
from aedile.engine.entities import read_entities
from aedile.engine.inquiry import inquire
from aedile.engine.named import place_of, strategy_named
from aedile.engine.release import Release, read_release
from aedile.engine.requests import parse_request
from aedile.wire.answers import Answer, answer_of
from aedile.wire.requests import read_request


class LocalClient:
    """Decides by a release in memory; the same interface as `Client`, in one thread.

    release: a release, or the file of one. entities: the file of each kind. counters: exposures so far, for caps over a
    window; they are the caller's to keep, and read at each decision.
    """

    def __init__(
        self, release: Release | Path | str, entities: Mapping[str, Path | str] | None = None, *,
        counters: Counters | None = None,
    ) -> None:  # fmt: skip
        self._release = release if isinstance(release, Release) else read_release(Path(release))
        self._engine = Engine(self._release.schema, self._release.strategies, self._release.lists)
        for kind, path in (entities or {}).items():
            read = read_entities(path, kind, self._release.schema)
            self._engine.load(kind, read.ids, read.columns)
        self._decider = Decider(self._engine)
        self._counters: Counters = {} if counters is None else counters

    def __enter__(self) -> LocalClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is held open."""

    def decide(self, request: Mapping[str, Any]) -> Answer:
        """The answer to a request, a mapping as its JSON; what is wrong with it is raised as a `DataError`."""
        read = read_request(msgspec.json.encode(request), self._engine.schema)
        decision = self._decider.decide(read, self._counters)
        return answer_of(decision, self._engine.strategies, self._release.manifest.number)

    def explain(
        self, request: Mapping[str, Any], id: str, kind: str = "item", strategies: list[str] | None = None
    ) -> dict[str, Any]:
        """Why a candidate of the request stands where it stands."""
        read = parse_request(msgspec.json.encode(request), self._engine.schema)
        decision = self._decider.decide(read, self._counters)
        named = [strategy_named(one, self._engine.strategies) for one in strategies] if strategies else None
        number = self._release.manifest.number
        found = inquire(self._decider, decision, place_of(read, id, kind), number, named)
        return {"release": number, **found.to_json()}

    def release(self) -> dict[str, Any]:
        """The manifest of the release that decides."""
        return {"digest": self._release.manifest.digest, **self._release.manifest.to_dict(), "muted": []}
