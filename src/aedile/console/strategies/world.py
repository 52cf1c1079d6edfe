"""What would the next release hold? Schema, lists and running strategies as the database has them now."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from aedile.console.lists.content import current_lists
from aedile.console.strategies.body import to_text
from aedile.console.strategies.codes import NO_SCHEMA
from aedile.console.strategies.models import RUNNING, SchemaVersion, Stage, Version
from aedile.engine.release_reader import list_in
from aedile.engine.strategy import Strategy
from aedile.engine.strategy_read import parse_strategy
from aedile.errors import ConsoleError
from aedile.language.lists import NamedList
from aedile.language.schema import Schema, parse_schema


@dataclass(frozen=True, slots=True)
class Placed:
    """A version as it stands in a release. id: the strategy's, or of a challenger in shadow one of its own."""

    id: str
    version: Version
    strategy: Strategy

    @property
    def text(self) -> str:
        return text_of(self.version, self.id)


@lru_cache(maxsize=4)
def _schema(text: str) -> Schema:
    return parse_schema(text)


def current_schema() -> tuple[Schema, SchemaVersion]:
    """The schema that holds; a `ConsoleError` where none has been entered."""
    row = SchemaVersion.objects.first()
    if row is None:
        raise ConsoleError(
            NO_SCHEMA,
            "there is no feature schema yet",
            hint="conditions are checked against it",
            fix="an admin enters it in Settings, or pushes it: aedile push --schema schema.yaml",
        )
    return _schema(row.text), row


def list_names() -> frozenset[str]:
    """The named lists that hold anything, even nothing: those with a revision."""
    return frozenset(current_lists())


def text_of(version: Version, id_: str | None = None) -> str:
    """The file of a version in its stage."""
    body = version.body if id_ is None else {**version.body, "id": id_}
    stage = version.stage if version.stage in RUNNING else Stage.SHADOW
    return _text(json.dumps(body), stage, version.share)


@lru_cache(maxsize=20_000)
def _text(body: str, stage: str, share: float | None) -> str:
    """Writing YAML takes a hundred times as long as the JSON by which it is found again."""
    return to_text(json.loads(body), stage, share)


def placed(versions: Iterable[Version], schema: Schema, lists: frozenset[str]) -> list[Placed]:
    """The versions that run, as a release holds them; cost ∝ what was not read before.

    A version in shadow beside one that acts is its challenger: it goes under an id of its own, and only ever logs.
    """
    running = list(versions)
    acting = {version.strategy_id for version in running if version.stage != Stage.SHADOW}
    found = []
    for version in running:
        id_ = version.strategy_id
        if version.stage == Stage.SHADOW and id_ in acting:
            id_ = challenger(id_, version.number)
        found.append(Placed(id_, version, _read(text_of(version, id_), id_, schema, lists)))
    return sorted(found, key=lambda one: one.strategy.precedence_key())


def challenger(strategy: str, number: int) -> str:
    """The id under which a version in shadow is logged while another version of its strategy acts."""
    return f"{strategy}-v{number}"


def acting_id(version: Version) -> str:
    """The id under which a running version decides and is logged."""
    acting = (Stage.CANARY, Stage.LIVE, Stage.PAUSED)
    if (
        version.stage != Stage.SHADOW
        or not Version.objects.filter(strategy=version.strategy_id, stage__in=acting).exists()
    ):
        return version.strategy_id
    return challenger(version.strategy_id, version.number)


_READ: dict[tuple[str, str, frozenset[str]], Strategy] = {}
_MOST_READ = 50_000


def _read(text: str, id_: str, schema: Schema, lists: frozenset[str]) -> Strategy:
    """Parsed once for each text, schema and set of lists; strategies never change."""
    key = (text, schema.digest(), lists)
    known = _READ.get(key)
    if known is None:
        if len(_READ) >= _MOST_READ:
            _READ.clear()
        known = _READ[key] = parse_strategy(text, schema, f"{id_}.yaml", lists)
    return known


def running_versions() -> list[Version]:
    """All that are part of releases, in no order."""
    return list(Version.objects.filter(stage__in=RUNNING))


def running_strategies() -> Sequence[Strategy]:
    """As the next release would run them, in order of precedence."""
    return strategies_of(Version.objects.filter(stage__in=RUNNING).order_by("pk").only("digest", "stage", "share"))


_STRATEGIES: dict[Hashable, Sequence[Strategy]] = {}
_MOST_SETS = 8


def strategies_of(running: Iterable[Version]) -> Sequence[Strategy]:
    """Running versions as a release of them would hold them. Their texts, which never change while they run, are read
    where this set was not asked for lately."""
    schema, row = current_schema()
    lists = list_names()
    members = tuple((version.pk, version.digest, version.stage, version.share) for version in running)
    key = (row.digest, lists, members)
    found = _STRATEGIES.get(key)
    if found is None:
        whole = Version.objects.filter(pk__in=[pk for pk, *_ in members])
        found = [one.strategy for one in placed(whole, schema, lists)]
        while len(_STRATEGIES) >= _MOST_SETS:
            _STRATEGIES.pop(next(iter(_STRATEGIES)), None)
        _STRATEGIES[key] = found
    return found


_LISTS: dict[tuple[str, str], NamedList] = {}


def lists_held(names: Iterable[str]) -> Mapping[str, NamedList]:
    """The lists of these names with their entries; each revision is read once a process."""
    there = current_lists()
    found = {}
    for name in names:
        revision, entries = there[name]
        key = (name, revision.digest)
        if key not in _LISTS:
            for old in [old for old in _LISTS if old[0] == name]:
                del _LISTS[old]
            _LISTS[key] = list_in(name, entries())
        found[name] = _LISTS[key]
    return found


def entries_of() -> Callable[[str], bytes]:
    """Gives the entries of the current revision of a list."""
    there = current_lists()
    return lambda name: there[name][1]()
