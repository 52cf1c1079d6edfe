"""How do those who keep strategies in git go on doing so? Files out, and files in: with a plan first.

Pulled are the files of what runs, as a release has them. Pushed files become drafts, which are then approved and move
on as any other; a file's stage is no order, and where it is another than the version's it is told.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aedile.console.accounts.actor import Actor
from aedile.console.base.codes import BAD_INPUT
from aedile.console.strategies.body import Body, from_text, read
from aedile.console.strategies.codes import NOT_PUSHABLE
from aedile.console.strategies.drafts import create_draft, save_draft
from aedile.console.strategies.lookup import versions_seen
from aedile.console.strategies.models import RUNNING, Stage, Version
from aedile.console.strategies.world import current_schema, list_names, text_of
from aedile.errors import AedileError, ConsoleError, Errors, Place

#: Files that one push may bring, and their bytes together.
MOST_FILES, MOST_BYTES = 10_000, 32 << 20


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one file. does: `new`, `version`, `draft` (an open draft is changed) or `same`.

    stage: where the version that acts stands; told: what the pusher should know, such as another stage in the file.
    """

    id: str
    does: str
    stage: str | None
    told: str = ""
    body: Body | None = None
    draft: Version | None = None

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "does": self.does, "stage": self.stage, "told": self.told}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a push would do. here_only: running strategies that no file speaks of; they stay as they are.

    stamp: of files and database; a push with another stamp is refused, for it is not what was looked at.
    """

    steps: tuple[Step, ...]
    here_only: tuple[str, ...]
    stamp: str

    def to_json(self) -> dict[str, Any]:
        return {
            "steps": [step.to_json() for step in self.steps], "here_only": list(self.here_only), "stamp": self.stamp,
        }  # fmt: skip


def pull(actor: Actor) -> dict[str, str]:
    """The files of all that runs and the reader may see, by name."""
    rows = versions_seen(actor).filter(stage__in=RUNNING).exclude(stage=Stage.SHADOW)
    shadows = versions_seen(actor).filter(stage=Stage.SHADOW)
    found = {version.strategy_id: version for version in [*shadows, *rows]}  # what acts prevails over its challenger
    return {f"{id_}.yaml": text_of(version) for id_, version in sorted(found.items())}


def plan(actor: Actor, texts: Mapping[str, str]) -> Plan:
    """What pushing these files (name → text) would do; `Errors` with everything that is wrong with them."""
    _check_size(texts)
    schema, _ = current_schema()
    names = list_names()
    newest = _newest(actor)
    steps: list[Step] = []
    errors: list[AedileError] = []
    for name, text in sorted(texts.items()):
        try:
            steps.append(_step(name, text, newest, schema, names))
        except AedileError as error:
            errors.append(error.at(file=name) if error.place.file is None else error)
    if errors:
        raise Errors(errors)
    pushed = {step.id for step in steps}
    here_only = tuple(sorted(id_ for id_, rows in newest.items() if id_ not in pushed and _acting(rows) is not None))
    state = [[v.strategy_id, v.number, v.revision, v.stage] for rows in newest.values() for v in rows]
    stamp = hashlib.sha256(json.dumps([sorted(texts.items()), sorted(state)]).encode()).hexdigest()
    return Plan(tuple(steps), here_only, stamp)


def push(actor: Actor, texts: Mapping[str, str], stamp: str, note: str = "") -> list[Version]:
    """Do what the plan of this stamp said; each file by itself, so that what was done is told where one fails."""
    actor.require("strategy.import")
    found = plan(actor, texts)
    if found.stamp != stamp:
        raise ConsoleError(
            NOT_PUSHABLE, "something changed since the plan was made",
            hint="a file, or a version in the console", fix="make the plan again, and look at it",
        )  # fmt: skip
    made = []
    for step in found.steps:
        if step.does == "same" or step.body is None:
            continue
        if step.draft is not None:
            made.append(save_draft(actor, step.draft, step.body, step.draft.revision, note))
        else:
            made.append(create_draft(actor, step.body, note))
    return made


def _check_size(texts: Mapping[str, str]) -> None:
    if len(texts) > MOST_FILES or sum(map(len, texts.values())) > MOST_BYTES:
        raise ConsoleError(
            BAD_INPUT, f"{len(texts):,} files are more than one push brings", fix=f"push {MOST_FILES:,} at most"
        )


def _newest(actor: Actor) -> dict[str, list[Version]]:
    """Of each strategy the versions that are not retired, or the last one that is."""
    found: dict[str, list[Version]] = {}
    for version in versions_seen(actor).order_by("strategy_id", "-number"):
        rows = found.setdefault(version.strategy_id, [])
        if version.stage != Stage.RETIRED or not rows:
            rows.append(version)
    return found


def _acting(rows: list[Version]) -> Version | None:
    return next((v for v in rows if v.stage in (Stage.LIVE, Stage.CANARY, Stage.PAUSED)), None) or next(
        (v for v in rows if v.stage == Stage.SHADOW), None
    )


def _step(name: str, text: str, newest: Mapping[str, list[Version]], schema: Any, names: frozenset[str]) -> Step:
    body, stage, _share = from_text(text, name)
    strategy = read(body, schema, names)  # as strict as a file is read anywhere
    if name != f"{strategy.id}.yaml":
        raise ConsoleError(
            NOT_PUSHABLE, f"the file is called {name[:100]!r}", place=Place(name, field="id"),
            fix=f"rename it to {strategy.id}.yaml",
        )  # fmt: skip
    rows = newest.get(strategy.id, [])
    acting = _acting(rows)
    told = ""
    if acting is not None and stage is not None and stage != acting.stage:
        told = f"the file says {stage}, the console {acting.stage}: stages move in the console"
    standing = acting.stage if acting is not None else None
    written = next((v for v in rows if v.stage in (Stage.DRAFT, Stage.PROPOSED)), None)
    if written is not None:
        if written.digest == strategy.version:
            return Step(strategy.id, "same", standing, told or f"{written} is {written.stage} already")
        if written.stage == Stage.PROPOSED:
            raise ConsoleError(
                NOT_PUSHABLE, f"{written} waits for approval, and its text stays", place=Place(name),
                fix="take it back to draft in the console, or push later",
            )  # fmt: skip
        return Step(strategy.id, "draft", standing, told, body, written)
    if acting is not None and acting.digest == strategy.version:
        return Step(strategy.id, "same", standing, told)
    return Step(strategy.id, "version" if rows else "new", standing, told, body)
