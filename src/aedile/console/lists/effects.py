"""Which strategies ask a list, and when does a change of it take effect?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import Any

from django.db.models.fields.json import KT

from aedile.console.accounts.actor import Actor
from aedile.console.lists.models import Revision
from aedile.console.strategies.models import RUNNING, PublishedRelease, Stage, Version
from aedile.console.strategies.releases import publish_lists, raw_connection
from aedile.engine.release import list_digests
from aedile.errors import LanguageError
from aedile.language.parse import parse
from aedile.language.syntax import Invocation, Literal, Syntax
from aedile.store.published import Published


@dataclass(frozen=True, slots=True)
class Use:
    """A version that asks a list. running: it is part of releases, or will be with the next."""

    strategy: str
    title: str
    number: int
    stage: str

    @property
    def running(self) -> bool:
        return self.stage in RUNNING


def who_uses(name: str, *, running: bool = True) -> list[Use]:
    """The versions that ask a list: those that run, or with `running=False` drafts and proposed ones too."""
    return uses([name], running=running).get(name, [])


def uses(names: Collection[str], *, running: bool = True) -> Mapping[str, list[Use]]:
    """The same for many lists by one look at the versions."""
    stages = RUNNING if running else (*RUNNING, Stage.DRAFT, Stage.PROPOSED)
    versions = Version.objects.filter(stage__in=stages).annotate(condition=KT("body__condition"))
    asking = versions.filter(condition__contains="in_list")
    if len(names) == 1:
        asking = asking.filter(condition__contains=next(iter(names)))
    found: dict[str, list[Use]] = {}
    rows = asking.order_by("strategy_id", "-number").values_list("strategy_id", "title", "number", "stage", "condition")
    for strategy, title, number, stage, condition in rows:
        for name in lists_asked(condition).intersection(names):
            found.setdefault(name, []).append(Use(strategy, title, number, stage))
    return found


@lru_cache(maxsize=50_000)
def lists_asked(condition: str) -> frozenset[str]:
    """The lists that a condition names; none where it is no condition yet."""
    try:
        return frozenset(_names(parse(condition)))
    except LanguageError:
        return frozenset()


def _names(node: Syntax) -> Iterator[str]:
    if isinstance(node, Invocation) and node.name == "in_list" and len(node.args) == 2:
        name = node.args[1]
        if isinstance(name, Literal) and isinstance(name.value, str):
            yield name.value
    for part in _parts(node):
        yield from _names(part)


def _parts(node: Syntax) -> Iterator[Syntax]:
    assert is_dataclass(node)
    for field in fields(node):
        value: Any = getattr(node, field.name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Syntax):
                yield one


def take_effect(actor: Actor, name: str, why: str) -> PublishedRelease | None:
    """Publish a list's new revision, inside the action that made it; None where nothing that runs asks the list."""
    return publish_lists(actor, [name], why) if who_uses(name) else None


def effect_of(newest: Revision, using: Iterable[Use]) -> str:
    """How the newest revision stands to what decides: `unused`, `in`, or `behind`, after a rollback for instance."""
    if not any(use.running for use in using):
        return "unused"
    return "in" if in_effect(newest.list_id) == newest.digest else "behind"


def in_effect(name: str) -> str | None:
    """The digest of a list in the release that decides; None where it is not part of it."""
    return _lists_in_current().get(name)


def _lists_in_current() -> Mapping[str, str]:
    published = Published(raw_connection())
    numbers = published.current_numbers()
    return _lists_in(*numbers["release"]) if "release" in numbers else {}


@lru_cache(maxsize=4)
def _lists_in(number: int, digest: str) -> Mapping[str, str]:  # noqa: ARG001  the digest keeps installations apart
    found = Published(raw_connection()).get("release", number)
    return list_digests(found.data) if found is not None else {}
