"""Which features have to do with each other?

Declared dependencies bind features, and so does being an id: `seller.id` is what `item.seller_id` holds. Of texts that
are compared with each other, each may have the other's constants.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aedile.engine.axes import ConstantAxis
from aedile.engine.catalogue import Store
from aedile.engine.program import Program
from aedile.language.markets import CHANNELS, MARKETS
from aedile.language.schema import Schema
from aedile.language.types import STRING


class _Families:
    """Names that belong together, directly or through others."""

    def __init__(self, names: Iterable[str]) -> None:
        self._leader = {name: name for name in names}

    def __contains__(self, name: str) -> bool:
        return name in self._leader

    def names(self) -> list[str]:
        return sorted(self._leader)

    def of(self, name: str) -> str:
        """The name that stands for all that belong together with this one."""
        while self._leader[name] != name:
            name = self._leader[name]
        return name

    def join(self, one: str, other: str) -> None:
        for name in (one, other):
            self._leader.setdefault(name, name)
        self._leader[self.of(one)] = self.of(other)


def aliases_of(names: Iterable[str], kind: str, schema: Schema) -> dict[str, str]:
    """Features that repeat another one: `seller.id` is what `item.seller_id` holds, where there is such a seller.

    The features by which joined kinds are reached are named as well, each standing for the id it holds.
    """
    joined = {name.partition(".")[0] for name in names}
    paths = schema.paths(kind)
    found = {}
    for other, path in paths.items():
        if other in joined or any(
            other == source.partition(".")[0] for k in joined & set(paths) for source in paths[k]
        ):
            found[f"{other}.id"] = path[-1]
    if "query" in joined:
        found["query.id"] = "request.query"
    return found


def groups_of(
    names: Sequence[str], aliases: dict[str, str], schema: Schema, store: Store | None
) -> list[tuple[str, ...]]:
    """The features parted into groups whose values are chosen together.

    Dependencies that share a feature count as one: a candidate then has values that occur together in all of them.
    """
    families = _Families((*names, *aliases))
    for alias, source in aliases.items():
        families.join(alias, source)
    for group in schema.dependencies:
        touched = [name for name in group if name in families]
        if touched and has_entities(store, group[0].partition(".")[0]):
            for name in group:
                families.join(name, touched[0])
    groups: dict[str, list[str]] = {}
    for name in families.names():
        groups.setdefault(families.of(name), []).append(name)
    return [tuple(group) for group in groups.values()]


def has_entities(store: Store | None, kind: str) -> bool:
    return store is not None and kind in store.catalogues and len(store.catalogues[kind]) > 0


def shared_texts(names: Sequence[str], program: Program, aliases: dict[str, str]) -> dict[str, set[str]]:
    """For each text feature the constants of the features it is compared with, directly or through others."""
    families = _Families((*names, *aliases))
    links: list[Sequence[str]] = list(aliases.items())
    links += [sorted(n for n in axis.features if program.types[n] == STRING) for axis in program.axes]
    for first, *others in (link for link in links if link):
        for other in others:
            families.join(other, first)
    texts: dict[str, set[str]] = {}
    for axis in program.axes:
        if isinstance(axis, ConstantAxis) and axis.type == STRING:
            texts.setdefault(families.of(axis.feature), set()).update(axis.constants)
    for name, values in (("request.market", sorted(MARKETS)[:1]), ("request.channel", CHANNELS)):
        if name in families:
            texts.setdefault(families.of(name), set()).update(values)
    return {n: texts.get(families.of(n), set()) for n in families.names() if program.types[n] == STRING}
