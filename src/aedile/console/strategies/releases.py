"""How does what people decided become the release that decides? Composed from the versions that run, and published.

Everything here runs inside the transaction of an action, so that stages and release change together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Any

import psycopg
from django.db import connection
from django.utils import timezone

from aedile.console.accounts.actor import Actor
from aedile.console.accounts.models import Person
from aedile.console.base.acting import acting
from aedile.console.strategies.codes import NAMED_BY, NO_SUCH, NOT_OURS
from aedile.console.strategies.models import ControlChange, PublishedRelease, Stage, Version
from aedile.console.strategies.world import (
    Placed,
    current_schema,
    entries_of,
    list_names,
    lists_held,
    placed,
    running_versions,
)
from aedile.engine.actions import Exempt, Tier
from aedile.engine.engine import lists_used
from aedile.engine.examples import example_errors
from aedile.engine.release import Release, manifest_for, packed
from aedile.engine.release_reader import ReleaseReader
from aedile.engine.strategy import Strategy
from aedile.errors import AedileError, ConsoleError, Errors, Place
from aedile.fields import listing
from aedile.store.controls import Controls, Freeze
from aedile.store.publish import SAME, Built, current_controls, now_text, publish_controls, put_release, put_rollback
from aedile.store.published import Published

_READER = ReleaseReader()
_READING = Lock()
#: Digests of (schema, lists, version) whose examples came out as written.
_PROVEN: set[tuple[str, str, str]] = set()


def raw_connection() -> psycopg.Connection[Any]:
    """The connection below Django's, in the same transaction."""
    connection.ensure_connection()
    found: psycopg.Connection[Any] = connection.connection
    return found


def publish(
    author: Person | None, note: str, *, through_freeze: str = "", as_: str | None = None
) -> PublishedRelease | None:
    """Publish what runs by now; None where the current release says the same already.

    author: None for the software itself. as_: how the release names its author; by default the person's address.
    through_freeze: why it is published although releases are frozen.
    """
    by = as_ or (author.email if author is not None else "aedile")
    running: list[Placed] = []

    def build(number: int, parent: int | None) -> Built:
        schema, row = current_schema()
        names = list_names()
        running.extend(placed(running_versions(), schema, names))
        strategies = [one.strategy for one in running]
        _refuse_unknown_names(strategies)
        lists = lists_held(set().union(*(lists_used(strategy) for strategy in strategies)))
        _prove(strategies, schema.digest(), lists, schema)
        manifest = manifest_for(schema, strategies, lists, number=number, parent=parent, author=by, time=now_text())
        texts = {one.id: one.text.encode() for one in running}
        bare = packed(manifest, row.text.encode(), texts)
        return Built(Release(manifest, schema, tuple(strategies), lists), bare, entries_of())

    published = Published(raw_connection())
    try:
        with _READING:
            manifest = put_release(published, _READER, build, by=by, note=note, through_freeze=through_freeze or None)
    except AedileError as error:
        if error.code is SAME:
            return None
        raise
    versions: dict[str, dict[str, Any]] = {}
    for one in running:
        own = versions.setdefault(one.version.strategy_id, {})
        own[str(one.version.number)] = [one.version.stage, one.version.share]
    return PublishedRelease.objects.create(
        number=manifest.number, digest=manifest.digest, parent=manifest.parent, author=author, note=note[:500],
        versions=versions,
    )  # fmt: skip


def _prove(strategies: Sequence[Strategy], schema_digest: str, lists: Mapping[str, Any], schema: Any) -> None:
    """Run the examples of what has not been proven with this schema and these lists before."""
    stamps = {
        strategy.id: (
            schema_digest,
            ",".join(lists[name].digest for name in sorted(lists_used(strategy))),
            strategy.version,
        )
        for strategy in strategies
    }
    fresh = [strategy for strategy in strategies if stamps[strategy.id] not in _PROVEN]
    if failed := example_errors(fresh, schema, lists):
        raise Errors(list(failed))
    _PROVEN.update(stamps[strategy.id] for strategy in fresh)


def _refuse_unknown_names(strategies: Sequence[Strategy]) -> None:
    """A release holds every strategy that one of its strategies names."""
    there = {strategy.id for strategy in strategies}
    errors: list[AedileError] = []
    for strategy in strategies:
        action = strategy.action
        named = {*strategy.overrides, *(action.strategies if isinstance(action, Exempt) else ())}
        if missing := sorted(named - there):
            errors.append(
                ConsoleError(
                    NAMED_BY,
                    f"{strategy.id} names {listing(missing)}, not part of the release",
                    place=Place(field="overrides" if set(missing) & set(strategy.overrides) else "action"),
                    hint="what an exempt or `overrides` names has to run, or to be paused",
                    fix=f"change {strategy.id} first, or pause instead of retiring",
                )
            )
    if errors:
        raise Errors(errors)


# ---------------------------------------------------------------- what people do to releases


def rollback(actor: Actor, number: int, why: str) -> PublishedRelease:
    """Decide by what an earlier release said, and let every version stand where it stood in it."""
    with acting(actor, "release.rollback", why=why):
        old = PublishedRelease.objects.filter(number=number).first()
        if old is None:
            raise ConsoleError(
                NOT_OURS,
                f"release {number} was not published by the console",
                hint="how its strategies stood is not known here",
                fix=f"aedile release rollback {number}, then push its files",
            )
        manifest = put_rollback(Published(raw_connection()), number, by=actor.person.email, note=why)
        _restage(old.versions)
        return PublishedRelease.objects.create(
            number=manifest.number, digest=manifest.digest, parent=manifest.parent, author=actor.person,
            note=f"back to release {number}: {why}"[:500], versions=old.versions,
        )  # fmt: skip


def _restage(versions: Mapping[str, Mapping[str, Sequence[Any]]]) -> None:
    """Let versions stand as in a release: first away with all that stand otherwise, then back with what was in it."""
    wanted = {(id_, int(number)): tuple(as_) for id_, own in versions.items() for number, as_ in own.items()}
    now = timezone.now()
    for version in running_versions():
        if wanted.get((version.strategy_id, version.number)) != (version.stage, version.share):
            _stand(version, Stage.RETIRED, version.share, now)
    for version in Version.objects.filter(strategy_id__in=versions):
        as_ = wanted.get((version.strategy_id, version.number))
        if as_ is not None and as_ != (version.stage, version.share):
            stage, share = as_
            _stand(version, stage, share, now)


def _stand(version: Version, stage: str, share: float | None, now: datetime) -> None:
    version.stage, version.share, version.staged = stage, share, now
    version.save(update_fields=["stage", "share", "staged"])


def freeze(actor: Actor, start: datetime, end: datetime, why: str) -> int:
    """Publish no release in a span, the end exclusive; rollbacks and the kill switch work all the same."""
    span = Freeze(microseconds(start), microseconds(end), why)
    with acting(actor, "release.freeze", why=why):
        return _control(actor, lambda c: Controls(c.kill_below, c.why, (*c.freezes, span)), why)


def thaw(actor: Actor, start: int, why: str) -> int:
    """Take back the freezes that begin at a moment, in microseconds since 1970."""
    with acting(actor, "release.freeze", why=why):
        return _control(actor, lambda c: Controls(c.kill_below, c.why, _without(c, start)), why)


def _without(controls: Controls, start: int) -> tuple[Freeze, ...]:
    return tuple(freeze for freeze in controls.freezes if freeze.start != start)


def kill(actor: Actor, below: Tier | None, why: str) -> int:
    """Turn off all strategies of a tier and below at once; None turns them on again."""
    with acting(actor, "release.kill", why=why):
        return _control(actor, lambda c: Controls(below, why if below is not None else "", c.freezes), why)


def _control(actor: Actor, change: Callable[[Controls], Controls], why: str) -> int:
    published = Published(raw_connection())
    published.lock()
    controls, current = current_controls(published)
    changed = change(controls)
    number = publish_controls(published, changed, by=actor.person.email, note=why, expect_current=current)
    ControlChange.objects.create(
        number=number, kill_below=str(changed.kill_below) if changed.kill_below is not None else "",
        freezes=[[one.start, one.end, one.why] for one in changed.freezes], why=why[:300], author=actor.person,
    )  # fmt: skip
    return number


def controls() -> Controls:
    """The controls that hold."""
    return current_controls(Published(raw_connection()))[0]


def publish_lists(actor: Actor, names: Sequence[str], why: str) -> PublishedRelease | None:
    """Publish new revisions of lists, inside the action that made them; None where no running strategy uses them.

    Who may let a strategy act at once may change a list at once, too: a recall does not wait for a campaign to end.
    """
    used = set().union(
        *(lists_used(one.strategy) for one in placed(running_versions(), current_schema()[0], list_names()))
    )
    if not used & set(names):
        return None
    return publish(actor.person, why, through_freeze=f"a list: {why}" if actor.may("strategy.emergency") else "")


def release_or_error(number: int) -> PublishedRelease:
    found = PublishedRelease.objects.select_related("author").filter(number=number).first()
    if found is None:
        raise ConsoleError(NO_SUCH, f"there is no release {number}", fix="see the list of releases")
    return found


def microseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
