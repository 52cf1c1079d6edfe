"""Which features can a condition use, for candidates of one kind, and where do their values come from?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from aedile.errors import Place, SchemaError, define
from aedile.fields import listing, suggestion
from aedile.language.check import Environment
from aedile.language.types import STRING, TIMESTAMP, Type

#: The kinds of entity, and the request.
KINDS = ("item", "content", "seller", "creator", "campaign", "query")
#: The kinds a candidate may be of: a query is what a shopper typed, one a request.
CANDIDATE_KINDS = KINDS[:-1]
REQUEST = "request"

#: Features that need no declaration, beside `<kind>.id`.
BUILT_IN: dict[str, Type] = {
    "request.id": STRING,
    "request.market": STRING,
    "request.channel": STRING,
    "request.shopper": STRING,
    "request.query": STRING,
    "request.time": TIMESTAMP,
}
#: Column names that have a meaning of their own in files of entities.
RESERVED = frozenset({"id", "as_of"})

UNKNOWN_ENTITY = define("AED-SCHEMA-009", "An entity is not in the schema.", "applies_to: creator")


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """A declared feature; `name` is the full one, `freshness` in microseconds, `missing` whether it may be absent."""

    name: str
    type: Type
    meaning: str
    unit: str | None = None
    missing: bool = True
    source: str = "entity"
    freshness: int | None = None

    @property
    def kind(self) -> str:
        return self.name.partition(".")[0]

    @property
    def own_name(self) -> str:
        """The name without its entity: `price`."""
        return self.name.partition(".")[2]


@dataclass(frozen=True, slots=True)
class Join:
    """`item.seller_id` holds the id of a `seller`."""

    source: str
    to: str

    @property
    def kind(self) -> str:
        return self.source.partition(".")[0]


@dataclass(frozen=True)
class Schema:
    """All features of the marketplace. `features` holds the declared ones by full name, in the order of the file."""

    meanings: Mapping[str, str]
    features: Mapping[str, FeatureSpec]
    joins: tuple[Join, ...] = ()
    dependencies: tuple[tuple[str, ...], ...] = ()
    file: str | None = field(default=None, compare=False)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The declared kinds of entity, without the request."""
        return tuple(kind for kind in self.meanings if kind != REQUEST)

    def features_of(self, kind: str) -> list[FeatureSpec]:
        """The declared features of one kind of entity, or of the request."""
        return self._by_kind.get(kind, [])

    @cached_property
    def _by_kind(self) -> dict[str, list[FeatureSpec]]:
        grouped: dict[str, list[FeatureSpec]] = {}
        for spec in self.features.values():
            grouped.setdefault(spec.kind, []).append(spec)
        return grouped

    @cached_property
    def required_with(self) -> dict[str, list[FeatureSpec]]:
        """By kind, the features that every candidate must bring; only kinds that have any."""
        grouped: dict[str, list[FeatureSpec]] = {}
        for spec in self.features.values():
            if spec.source == "request" and not spec.missing:
                grouped.setdefault(spec.kind, []).append(spec)
        return grouped

    @cached_property
    def _visible(self) -> dict[str, dict[str, Type]]:
        return {}

    @cached_property
    def _sendable(self) -> dict[str, dict[str, FeatureSpec]]:
        return {}

    def paths(self, kind: str) -> dict[str, tuple[str, ...]]:
        """How other entities are reached from one: kind → the features that hold the ids, in order.

        `{"seller": ("item.seller_id",), "creator": ("item.seller_id", "seller.creator_id")}`; the loader made sure
        that there is one path at most.
        """
        found: dict[str, tuple[str, ...]] = {}
        open_: list[tuple[str, tuple[str, ...]]] = [(kind, ())]
        while open_:
            current, path = open_.pop(0)
            for join in self.joins:
                if join.kind == current and join.to not in found and join.to != kind:
                    found[join.to] = (*path, join.source)
                    open_.append((join.to, found[join.to]))
        return found

    def visible_for(self, kind: str) -> Mapping[str, Type]:
        """The features a strategy on candidates of this kind may use, by full name, with their types.

        Its own, those of joined entities, the request's and its query's. A `SchemaError` where the kind is unknown.
        """
        if kind not in self._visible:
            if kind not in self.kinds:
                raise SchemaError(
                    UNKNOWN_ENTITY,
                    f"the schema has no entity `{kind}`",
                    place=Place(self.file),
                    hint=suggestion(kind, self.kinds) or f"it has {listing(self.kinds)}",
                    fix=f"declare `{kind}` under `entities`",
                )
            self._visible[kind] = self._gather(kind)
        return self._visible[kind]

    def _gather(self, kind: str) -> dict[str, Type]:
        names = dict(BUILT_IN)
        reached = [kind, *self.paths(kind), *(["query"] if "query" in self.kinds else [])]
        for one in dict.fromkeys(reached):
            names[f"{one}.id"] = STRING
            names.update((spec.name, spec.type) for spec in self.features_of(one))
        names.update((spec.name, spec.type) for spec in self.features_of(REQUEST))
        return names

    def sendable_with(self, kind: str) -> Mapping[str, FeatureSpec]:
        """The features of source `request` that may come with a candidate of a kind, or (kind `request`) as context.

        By full name, and those of the kind itself by their own name too: `item.score` and `score`.
        """
        if kind not in self._sendable:
            kinds = [REQUEST, "query"] if kind == REQUEST else [kind, *self.paths(kind)]
            specs = [spec for one in kinds for spec in self.features_of(one) if spec.source == "request"]
            names = {spec.name: spec for spec in specs}
            names.update((spec.own_name, spec) for spec in specs if spec.kind == kind)
            self._sendable[kind] = names
        return self._sendable[kind]

    def environment(
        self, kind: str, params: Mapping[str, Type] | None = None, lists: Collection[str] | None = None
    ) -> Environment:
        """What the checker of conditions needs to know for candidates of this kind."""
        return Environment(self.visible_for(kind), params or {}, lists)

    def digest(self) -> str:
        """SHA-256 (hex) of what decides: names, types, units, sources, joins, dependencies; not the prose."""
        meaning = {
            "features": {
                spec.name: [str(spec.type), spec.unit, spec.missing, spec.source, spec.freshness]
                for spec in self.features.values()
            },
            "kinds": sorted(self.kinds),
            "joins": sorted([join.source, join.to] for join in self.joins),
            "dependencies": sorted(sorted(group) for group in self.dependencies),
        }
        text = json.dumps(meaning, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
