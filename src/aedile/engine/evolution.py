"""May the schema change like this, while strategies use it? And does a condition ask what the log may not keep?"""

from __future__ import annotations

from collections.abc import Iterator

from aedile.engine.actions import Cap
from aedile.engine.blind import SHOPPER
from aedile.engine.release import Release
from aedile.engine.strategy import Strategy
from aedile.errors import AedileError, Place, ReleaseError, SchemaError, define
from aedile.fields import listing
from aedile.language.ir import features_of, literals_in

IN_USE = define(
    "AED-SCHEMA-010", "A feature that active strategies use is dropped or retyped.", "price from double to int, in use"
)
TELLS_SHOPPER = define(
    "AED-REL-004", "A condition holds the shopper's id against what belongs to others.", "request.shopper == item.owner"
)


def evolution_errors(old: Release, new: Release) -> list[AedileError]:
    """One error for each feature that was dropped or retyped while active strategies, old or new, use it.

    Features may be added at any time. Another source, or a join that leads elsewhere, is another feature.
    """
    changed = {
        name
        for name, spec in old.schema.features.items()
        if (now := new.schema.features.get(name)) is None or (now.type, now.source) != (spec.type, spec.source)
    }
    moved = {join.to for join in {*old.schema.joins} ^ {*new.schema.joins}}
    active = [s for release in (old, new) for s in release.strategies if s.stage != "paused"]
    errors: list[AedileError] = []
    for name in sorted(changed | {n for n in old.schema.features if n.partition(".")[0] in moved}):
        users = {s.id for s in active if name in used_by(s) and (name in changed or _reaches(s, name))}
        if users:
            gone = name not in new.schema.features
            errors.append(
                SchemaError(
                    IN_USE,
                    f"`{name}` is {'dropped' if gone else 'changed'} while strategies use it: {listing(sorted(users))}",
                    place=Place(field=name),
                    hint="a feature may be added at any time; it is dropped or retyped when no active strategy uses it",
                    fix="publish first without these strategies, or with them paused; then change the schema",
                )
            )
    return errors


def used_by(strategy: Strategy) -> set[str]:
    """The features that a strategy reads: in its condition, and as its cap's key."""
    keys = {strategy.action.key} if isinstance(strategy.action, Cap) else set()
    return {*features_of(strategy.node), *keys}


def _reaches(strategy: Strategy, name: str) -> bool:
    """Whether the strategy reads the feature through a join."""
    return name.partition(".")[0] != strategy.applies_to


def privacy_errors(release: Release) -> Iterator[AedileError]:
    """One error for each strategy whose literals hold the shopper's id against features of entities.

    The log keeps no shopper's id; it keeps how literals came out that read nothing but the request.
    """
    for strategy in release.strategies:
        for literal in literals_in(strategy.node):
            names = features_of(literal)
            if SHOPPER in names and any(not name.startswith(("request.", "query.")) for name in names):
                yield ReleaseError(
                    TELLS_SHOPPER,
                    f"{strategy.id} holds {SHOPPER} against {listing(sorted(names - {SHOPPER}))}",
                    place=Place(strategy.file, field="condition"),
                    hint="a decision could not be explained later without the shopper's id, which is never kept",
                    fix="send what is to be compared as a feature of the request",
                )
