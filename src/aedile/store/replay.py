"""What would this decision have been under that release? Made again from what was logged of it in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pyarrow as pa

from aedile.engine.blind import SHOPPER, Keeper
from aedile.engine.decide import Decider, Decision
from aedile.engine.engine import Engine
from aedile.engine.entity_batches import decode_entities
from aedile.engine.program import full_conditions
from aedile.engine.release import Release
from aedile.engine.requests import parse_request
from aedile.engine.strategy import Strategy
from aedile.language.ir import features_of
from aedile.store.decision_detail import Detail
from aedile.wire.answers import answer_bytes


@dataclass(frozen=True, slots=True)
class Replayed:
    """A decision made again. not_kept: literals that read the shopper's id and were not decided at the time, so that
    they are unknown now: the release asks something of shoppers that the one at the time did not."""

    detail: Detail
    decision: Decision
    decider: Decider
    answer: bytes
    not_kept: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Whether the answer is that of the time, byte for byte."""
        return self.answer == self.detail.answer


class Replayer:
    """Decides what was logged again by one release, compiled once; one after another, for one thread."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.engine = Engine(release.schema, release.strategies, release.lists, is_blinded=True)
        self._asked = frozenset(keeper_of(release).names)
        self._muted: tuple[frozenset[str], Decider] = frozenset(), Decider(self.engine)

    def replay(self, detail: Detail, *, as_release: int | None = None, with_unknown: bool = False) -> Replayed:
        """The decision made again. as_release: the number its answer names; by default this release's.

        Strategies that were muted at the time are muted again, where the release has them.
        """
        self._load(detail.entities)
        request = parse_request(detail.request, self.release.schema)
        request = replace(request, context={**request.context, **self._known(detail.shopper)})
        counters = {(strategy, unit): count for strategy, unit, count in detail.counters}
        decider = self._decider(frozenset(detail.muted))
        decision = decider.decide(request, counters, with_unknown=with_unknown)
        number = as_release if as_release is not None else self.release.manifest.number
        answer = answer_bytes(decision, self.engine.strategies, number)
        not_kept = tuple(sorted(self._asked - detail.shopper.keys()))
        return Replayed(detail, decision, decider, answer, not_kept)

    def _known(self, outcomes: Mapping[str, bool | None]) -> dict[str, Any]:
        return {name: outcome for name, outcome in outcomes.items() if name in self._asked}

    def _load(self, blobs: Mapping[str, bytes]) -> None:
        schema = self.release.schema
        for kind in schema.kinds:
            if kind in blobs:
                entities = decode_entities(blobs[kind], kind, schema)
                self.engine.load(kind, entities.ids, entities.columns)
            elif kind in self.engine.store.catalogues:
                self.engine.load(kind, pa.array([], pa.large_string()), {})

    def _decider(self, muted: frozenset[str]) -> Decider:
        if muted != self._muted[0]:
            self._muted = muted, Decider(self.engine, muted)
        return self._muted[1]


def keeper_of(release: Release) -> Keeper:
    """What finds the outcomes that this release's decisions need kept."""
    asking = [strategy for strategy in release.strategies if strategy.stage != "paused" and asks_for_shopper(strategy)]
    conditions = (condition for strategy in asking for condition in full_conditions(strategy, release.schema))
    return Keeper(conditions, release.schema, release.lists)


def asks_for_shopper(strategy: Strategy) -> bool:
    """Whether the shopper's id has a say in whether the strategy fires."""
    return SHOPPER in features_of(strategy.node) or (strategy.canary is not None and strategy.canary.unit == "shopper")


def same_answer(one: bytes, other: bytes) -> bool:
    """Whether two answers say the same, whatever release they name."""
    first, second = (msgspec.json.decode(answer) for answer in (one, other))
    return {**first, "release": None} == {**second, "release": None}
