"""Which entities can be known together, and which values can a candidate have where just these are?

Where an entity is not known, nothing is known of it: what a schema says is never missing is missing then as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from aedile.engine.conflicts.pools import is_id
from aedile.language.schema import REQUEST, Schema

#: More joined kinds than this are not told apart into known and unknown ones: 2^n modes.
_KINDS_IN_MODES = 5
_ALWAYS_KNOWN = frozenset(("request.id", "request.market", "request.channel", "request.time"))


@dataclass(frozen=True, slots=True)
class Mode:
    """The kinds of entity that are known; of all others nothing is."""

    known: frozenset[str]


def modes_of(names: Sequence[str], kind: str, schema: Schema) -> list[Mode]:
    """Every way in which the entities concerned can be known or not, all known first."""
    paths = schema.paths(kind)
    touched = {name.partition(".")[0] for name in names}
    needed = {k for k in paths if k in touched}
    for other in list(needed):
        needed |= {source.partition(".")[0] for source in paths[other][1:]}
    others = sorted(needed, key=lambda k: len(paths[k]))[:_KINDS_IN_MODES]
    if "query" in touched:
        others.append("query")
    modes = []
    for own, *flags in product((True, False), *((True, False) for _ in others)):
        known = {k for k, flag in zip(others, flags, strict=True) if flag} | ({kind} if own else set())
        if all(k == "query" or _owners(paths[k], kind) <= known for k in known - {kind}):
            modes.append(Mode(frozenset(known)))
    return sorted(modes, key=lambda mode: -len(mode.known))


def _owners(path: Sequence[str], kind: str) -> set[str]:
    """The kinds that must be known for a path to be followed."""
    return {kind, *(source.partition(".")[0] for source in path)}


def fits(row: Mapping[str, Any], mode: Mode, kind: str, schema: Schema) -> bool:
    """Whether a candidate of this kind can have these values, None being unknown, where just these kinds are known."""
    return all(_value_fits(name, value, mode, kind, schema) for name, value in row.items())


def _value_fits(name: str, value: Any, mode: Mode, candidate: str, schema: Schema) -> bool:
    kind = name.partition(".")[0]
    spec = schema.features.get(name)
    may_miss = spec is None or spec.missing
    if kind == REQUEST:
        if name == "request.query" and "query" in mode.known:
            return value is not None and is_id(value)
        return value is not None or (may_miss and name not in _ALWAYS_KNOWN)
    if spec is not None and spec.source == "request":
        return value is not None or may_miss or kind != candidate
    if name == f"{candidate}.id":
        return value is not None
    if kind not in mode.known:
        return value is None
    if name == f"{kind}.id":
        return value is not None
    if any(join.source == name and join.to in mode.known for join in schema.joins):
        return value is not None and is_id(value)
    return value is not None or may_miss
