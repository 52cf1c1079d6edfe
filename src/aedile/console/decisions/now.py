"""What acts on an entity now, by the running release: where, since when, by whom?

The engine is asked as a decision worker asks it, once for each market and channel the reader may see, with no shopper,
no query and nothing sent along. What would depend on these is told apart: it may act, the request decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aedile.console.accounts.actor import Actor
from aedile.console.decisions.codes import NO_KIND
from aedile.console.decisions.questions import VIEW
from aedile.console.strategies.live import Running, current_engine, now
from aedile.console.strategies.models import Approval, PublishedRelease, Stage, Version
from aedile.console.strategies.world import challenger
from aedile.engine.engine import Engine
from aedile.engine.explanation import TRUE, explain
from aedile.engine.strategy import ALL, Strategy
from aedile.errors import ConsoleError
from aedile.language.ir import features_of
from aedile.language.markets import CHANNELS
from aedile.language.schema import REQUEST, Join, Schema
from aedile.language.values import to_json

#: Of an entity that others lead to (a seller) so many are evaluated, and shown.
MOST_MEMBERS = 200
#: What stands for every market that no strategy names: no code is written so.
OTHERS = "…"

Place = tuple[str, str]
Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Act:
    """One strategy for the entity. how: `acts`, `shadow`, or `depends` where the request decides. markets, channels:
    where, `all` for all that were asked about. share: of a canary. version: as the console knows it, None for one that
    came from files."""

    strategy: Strategy
    how: str
    markets: tuple[str, ...]
    channels: tuple[str, ...]
    open_features: tuple[str, ...] = ()
    share: float | None = None
    version: Version | None = None
    approvers: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Feature:
    """value: as text, None where unknown."""

    name: str
    value: str | None
    meaning: str


@dataclass(frozen=True, slots=True)
class Member:
    """An entity that leads to the one asked about, an item of a seller, with what acts on it."""

    kind: str
    id: str
    acting: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Members:
    """through: the feature that leads to the entity. count: how many there are; touched: of those listed."""

    kind: str
    through: str
    count: int
    listed: tuple[Member, ...]

    @property
    def touched(self) -> int:
        return sum(bool(one.acting) for one in self.listed)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an entity stands with the running release. features: as the catalogue has them, None where unknown."""

    kind: str
    id: str
    is_known: bool
    meaning: str
    features: tuple[Feature, ...]
    links: tuple[tuple[str, str], ...]
    acts: tuple[Act, ...]
    members: tuple[Members, ...]
    release: int


def standing(actor: Actor, kind: str, id_: str) -> Standing:
    """What acts on an entity; a `ConsoleError` before the first release, or for a kind that there is none of."""
    actor.require(VIEW)
    granted = actor.markets_of(VIEW)
    with current_engine() as running:
        engine = running.engine
        _known_kind(engine.schema, kind)
        places = list(_places(engine.strategies, granted))
        features, links = _features(engine, kind, id_)
        return Standing(
            kind, id_, any(one.value is not None for one in features), engine.schema.meanings[kind], features, links,
            tuple(_signed(running, _acts(engine, kind, id_, places))),
            tuple(_members(engine, kind, id_, places)), running.number,
        )  # fmt: skip


def member_ids(kind: str, id_: str) -> list[tuple[str, list[str]]]:
    """The entities that lead to one, by their kind: all items of a seller."""
    with current_engine() as running:
        _known_kind(running.engine.schema, kind)
        return [(join.kind, _leading(running.engine, join, id_)) for join in _joins_to(running.engine.schema, kind)]


def kinds() -> list[str]:
    """The kinds of entities there are."""
    with current_engine() as running:
        return [kind for kind in running.engine.schema.meanings if kind != REQUEST]


def _known_kind(schema: Schema, kind: str) -> None:
    known = [one for one in schema.meanings if one != REQUEST]
    if kind not in known:
        raise ConsoleError(
            NO_KIND, f"there is no kind of entity {kind[:60]!r}", hint=f"there are {', '.join(known)}",
            fix="choose one of these",
        )  # fmt: skip


def _places(strategies: Iterable[Strategy], granted: frozenset[str]) -> Iterator[Place]:
    """The markets and channels to ask for: those that strategies name, among those granted, and the rest of them."""
    markets: set[str] = set()
    channels = set(CHANNELS)
    for strategy in strategies:
        markets |= {*strategy.markets, *strategy.params} - {ALL, "default"}
        channels |= {*strategy.channels} - {ALL}
    theirs = [*sorted(markets), OTHERS] if ALL in granted else sorted(granted)
    for market in theirs:
        for channel in sorted(channels):
            yield market, channel


def _acts(engine: Engine, kind: str, id_: str, places: Sequence[Place]) -> Iterator[Act]:
    fires: dict[int, list[Place]] = {}
    opens: dict[int, list[Place]] = {}
    moment = now()
    for place in places:
        values = engine.values(*place, moment)
        for number in _numbers(engine.fire(kind, [id_], values)):
            fires.setdefault(number, []).append(place)
        for number in _numbers(engine.unknowns(kind, [id_], values)):
            opens.setdefault(number, []).append(place)
    for number, strategy in enumerate(engine.strategies):
        if strategy.stage == "canary" and strategy.applies_to == kind:
            inside = [place for place in places if _would_fire(engine, kind, id_, strategy, place, moment)]
            if inside:
                yield Act(
                    strategy, "acts", *_where(inside, places), share=strategy.canary.share if strategy.canary else None
                )
        elif number in fires:
            how = "shadow" if strategy.stage == "shadow" else "acts"
            yield Act(strategy, how, *_where(fires[number], places))
        elif number in opens and (asked := _asked_of_requests(engine.schema, strategy)):
            yield Act(strategy, "depends", *_where(opens[number], places), asked)


def _where(found: Sequence[Place], asked: Sequence[Place]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The markets and the channels of places, `all` for all that were asked about."""
    mine, all_ = ([dict.fromkeys(side) for side in zip(*places, strict=True)] for places in (found, asked))
    markets, channels = ((ALL,) if len(m) == len(a) > 1 else tuple(m) for m, a in zip(mine, all_, strict=True))
    return markets, channels


def _would_fire(engine: Engine, kind: str, id_: str, strategy: Strategy, place: Place, moment: int) -> bool:
    """Whether a canary acts for those it is drawn for: all but the draw is as it should be."""
    if not (strategy.in_market(place[0]) and strategy.in_channel(place[1])):
        return False
    told = explain(engine, kind, id_, engine.values(*place, moment), {}, strategy)
    return told.outcome == TRUE and set(told.out_of_scope) <= {"canary"}


def _asked_of_requests(schema: Schema, strategy: Strategy) -> tuple[str, ...]:
    """The features of a condition that come with a request."""
    names = sorted(features_of(strategy.node))
    return tuple(
        name
        for name in names
        if name.partition(".")[0] in (REQUEST, "query")
        or (name in schema.features and schema.features[name].source == REQUEST)
    )


def _numbers(words: Words) -> list[int]:
    flags = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
    found: list[int] = np.flatnonzero(flags.any(axis=0)).tolist()
    return found


def _members(engine: Engine, kind: str, id_: str, places: Sequence[Place]) -> Iterator[Members]:
    moment = now()
    for join in _joins_to(engine.schema, kind):
        ids = _leading(engine, join, id_)
        listed = ids[:MOST_MEMBERS]
        acting: list[set[int]] = [set() for _ in listed]
        for place in places if listed else ():
            values = engine.values(*place, moment)
            words = engine.fire(join.kind, listed, values) & engine.book.live
            flags = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
            for candidate, number in zip(*(found.tolist() for found in np.nonzero(flags)), strict=True):
                acting[candidate].add(number)
        told = tuple(
            Member(join.kind, one, tuple(engine.strategies[number].id for number in sorted(numbers)))
            for one, numbers in zip(listed, acting, strict=True)
        )
        yield Members(join.kind, join.source, len(ids), told)


def _joins_to(schema: Schema, kind: str) -> list[Join]:
    return [join for join in schema.joins if join.to == kind]


def _leading(engine: Engine, join: Join, id_: str) -> list[str]:
    """The ids of the entities whose feature names the entity, in the catalogue's order."""
    catalogue = engine.store.catalogues.get(join.kind)
    if catalogue is None or not len(catalogue):
        return []
    column = catalogue.column(join.source)
    assert column.dictionary is not None
    codes = np.flatnonzero(pc.equal(column.dictionary, id_).to_numpy(zero_copy_only=False))
    rows = np.flatnonzero(column.known & np.isin(column.values, codes))
    found: list[str] = catalogue.index.ids.take(pa.array(rows)).to_pylist()
    return found


def _features(engine: Engine, kind: str, id_: str) -> tuple[tuple[Feature, ...], tuple[tuple[str, str], ...]]:
    """What the catalogue knows of the entity, and what it leads to: (kind, id)."""
    catalogue = engine.store.catalogues.get(kind)
    if catalogue is None:
        return (), ()
    row = catalogue.index.find([id_])
    found: list[Feature] = []
    links: list[tuple[str, str]] = []
    for name, type_ in catalogue.types.items():
        value = catalogue.column(name).take(row).to_python()[0]
        spec = engine.schema.features.get(name)
        meaning = spec.meaning if spec is not None else ""
        found.append(Feature(name, None if value is None else str(to_json(value, type_)), meaning))
        links += [(join.to, str(value)) for join in engine.schema.joins if join.source == name and value is not None]
    return tuple(found), tuple(links)


def _signed(running: Running, acts: Iterable[Act]) -> Iterator[Act]:
    """The acts with the versions behind them, and who let them."""
    told = list(acts)
    known = PublishedRelease.objects.filter(number=running.number).first()
    wanted = {act.strategy.id for act in told}
    keys = {named: key for named, key in _versions_in(known.versions if known else {}) if named in wanted}
    own = {id_ for id_, _ in keys.values()}
    rows = Version.objects.filter(strategy_id__in=own).select_related("author", "strategy")
    versions = {(row.strategy_id, row.number): row for row in rows}
    approvals: dict[int, list[Any]] = {}
    for one in Approval.objects.filter(version__in=versions.values(), approves=True).select_related("person"):
        approvals.setdefault(one.version_id, []).append(one.person)
    for act in told:
        version = versions.get(keys.get(act.strategy.id, ("", 0)))
        approvers = tuple(approvals.get(version.pk, ())) if version is not None else ()
        yield replace(act, version=version, approvers=approvers)


def _versions_in(versions: Mapping[str, Mapping[str, Sequence[Any]]]) -> Iterator[tuple[str, tuple[str, int]]]:
    """Under which id each version of a release decides and is logged."""
    for id_, own in versions.items():
        acting = [number for number, (stage, _) in own.items() if stage != Stage.SHADOW]
        for number in own:
            is_challenger = acting and number not in acting
            yield (challenger(id_, int(number)) if is_challenger else id_), (id_, int(number))
