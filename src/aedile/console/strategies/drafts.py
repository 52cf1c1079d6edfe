"""How is a strategy written? Drafts are made, saved and merged; nobody's text is lost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from aedile.console.accounts.actor import Actor
from aedile.console.accounts.models import Team
from aedile.console.base.acting import acting
from aedile.console.base.codes import BAD_INPUT
from aedile.console.strategies.body import Body, read
from aedile.console.strategies.codes import COLLISION, NO_SUCH, TAKEN
from aedile.console.strategies.models import Comment, Save, SchemaVersion, Stage, Strategy, Version
from aedile.console.strategies.world import current_schema, list_names
from aedile.documents import MAX_DEPTH
from aedile.engine.strategy import ALL
from aedile.engine.strategy_codes import BAD_ID, ID
from aedile.errors import AedileError, ConsoleError, Place, StrategyError
from aedile.fields import suggestion
from aedile.language.schema import parse_schema

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Collision(ConsoleError):  # noqa: N818  what happened, not what failed
    """Somebody saved the draft since it was read. Mine and theirs are both kept; `merged` holds what fits together.

    base: what both began with. conflicts: the keys that both changed, each otherwise; merged has theirs there.
    """

    def __init__(self, version: Version, base: Body, mine: Body) -> None:
        self.version, self.base, self.theirs, self.mine = version, base, dict(version.body), mine
        self.merged, self.conflicts = merge(base, self.theirs, mine)
        super().__init__(
            COLLISION,
            f"{version} was saved by somebody else meanwhile (revision {version.revision})",
            hint=f"both changed {', '.join(self.conflicts)}" if self.conflicts else "your changes fit together",
            fix="look at both and choose, then save again",
        )


def merge(base: Mapping[str, Any], theirs: Mapping[str, Any], mine: Mapping[str, Any]) -> tuple[Body, tuple[str, ...]]:
    """Three-way merge, key by key; of a key that both changed otherwise theirs is kept, and it is named."""
    merged: Body = {}
    conflicts = []
    for key in {**base, **theirs, **mine}:
        was, other, own = (side.get(key, _ABSENT) for side in (base, theirs, mine))
        chosen = other
        if other == was:
            chosen = own
        elif own not in (was, other):
            conflicts.append(key)
        if chosen is not _ABSENT:
            merged[key] = chosen
    return merged, tuple(conflicts)


_ABSENT = object()


def create_draft(actor: Actor, body: Body, note: str = "") -> Version:
    """The first version of a new strategy, or the next one of a strategy that has no draft."""
    id_, team = _identity(body)
    markets = _markets(body)
    with acting(actor, "strategy.write", markets=markets, team=team.pk, why=note):
        strategy, _ = Strategy.objects.get_or_create(pk=id_, defaults={"team": team})
        if strategy.team_id != team.pk:
            actor.require("strategy.write", markets=markets, team=strategy.team_id)
        last = strategy.versions.order_by("-number").first()
        version = Version(
            strategy=strategy, number=last.number + 1 if last else 1, body=body, author=actor.person, note=note
        )
        fill(version)
        try:
            version.save()
        except IntegrityError as error:
            raise _taken(strategy, error) from None
        Save.objects.create(version=version, revision=1, body=body, person=actor.person)
        return version


def save_draft(actor: Actor, version: Version, body: Body, revision: int, note: str = "") -> Version:
    """Save a draft that was read at a revision; `Collision` where somebody saved it since."""
    team = _identity(body)[1]
    with acting(actor, "strategy.write", markets=_markets(body), team=team.pk, why=note):
        row = Version.objects.select_for_update().select_related("strategy").get(pk=version.pk)
        actor.require("strategy.write", markets=row.markets or None, team=row.strategy.team_id)
        if row.strategy_id != body["id"]:
            raise ConsoleError(
                TAKEN, f"the id of {row.strategy_id} stays", place=Place(field="id"),
                hint="an id is for ever, and decisions of the past name it",
                fix="make a new strategy, and retire this one",
            )  # fmt: skip
        if row.stage != Stage.DRAFT:
            raise ConsoleError(
                COLLISION, f"{row} is {row.get_stage_display()} by now, and its text stays",
                fix="take it back to draft, or make a new version",
            )  # fmt: skip
        if row.revision != revision:
            base = Save.objects.filter(version=row, revision=revision).first()
            raise Collision(row, base.body if base is not None else {}, body)
        row.body, row.revision, row.changed = body, revision + 1, timezone.now()
        row.note = note or row.note
        fill(row)
        row.save()
        Save.objects.create(version=row, revision=row.revision, body=body, person=actor.person)
        if row.strategy.team_id != team.pk:
            row.strategy.team = team
            row.strategy.save()
        return row


def next_draft(actor: Actor, version: Version, note: str = "") -> Version:
    """A new draft with the text of a version, to be changed."""
    return create_draft(actor, dict(version.body), note)


def comment(actor: Actor, version: Version, text: str, field: str = "") -> Comment:
    with acting(actor, "strategy.comment", markets=version.markets or None):
        return Comment.objects.create(version=version, person=actor.person, text=text, field=field)


def enter_schema(actor: Actor, text: str, note: str = "") -> SchemaVersion:
    """A new feature schema; errors where it is none. Running strategies meet it with the next release."""
    schema = parse_schema(text)
    with acting(actor, "schema.manage", why=note):
        return SchemaVersion.objects.create(text=text, digest=schema.digest(), author=actor.person, note=note)


def fill(version: Version) -> None:
    """Read from the body what stands in columns beside it, and what is wrong with it."""
    body = version.body
    schema, _ = current_schema()
    try:
        strategy = read(body, schema, list_names())
    except AedileError as error:
        version.digest, version.problems = "", [error.to_dict()]
        starts = expires = None
    else:
        version.digest, version.problems = strategy.version, []
        starts, expires = strategy.starts, strategy.expires
    version.starts = _EPOCH + timedelta(microseconds=starts) if starts is not None else None
    version.expires = _EPOCH + timedelta(microseconds=expires) if expires is not None else None
    for name, size in (("title", 300), ("tier", 20), ("applies_to", 20), ("policy", 60)):
        setattr(version, name, str(body.get(name) or "")[:size])
    action = body.get("action")
    version.action = (
        action if isinstance(action, str) else next(iter(action), "") if isinstance(action, dict) else ""
    )[:20]
    version.markets = _texts(body.get("markets"), 5)
    version.channels = _texts(body.get("channels"), 20)
    said = (body.get(name) for name in ("id", "title", "why", "owner", "condition"))
    version.words = " ".join(str(word) for word in said if word).lower()


def _texts(value: Any, size: int) -> list[str]:
    return [str(entry)[:size] for entry in value] if isinstance(value, Sequence) and not isinstance(value, str) else []


def _markets(body: Mapping[str, Any]) -> list[str]:
    """The markets a text is about; one that names none yet is about all, lest it become so unseen."""
    return _texts(body.get("markets"), 5) or [ALL]


def _identity(body: Mapping[str, Any]) -> tuple[str, Team]:
    """The id, and the team that owns it: without these nothing can be kept."""
    _refuse_unkeepable(body)
    id_ = body.get("id")
    if not isinstance(id_, str) or not ID.fullmatch(id_) or len(id_) > 100:
        raise StrategyError(
            BAD_ID, f"{str(id_)[:100]!r} is not an id", place=Place(field="id"),
            hint="an id has small letters, digits and single hyphens, at most 100", fix="such as counterfeit-bags-hold",
        )  # fmt: skip
    team = Team.objects.filter(pk=str(body.get("owner"))).first()
    if team is None:
        teams = list(Team.objects.values_list("slug", flat=True)[:200])
        raise ConsoleError(
            NO_SUCH, f"there is no team {str(body.get('owner'))[:60]!r}", place=Place(field="owner"),
            hint=suggestion(str(body.get("owner")), teams) or "the owner is a team by its short name",
            fix="choose a team, or let an admin make it",
        )  # fmt: skip
    return id_, team


def _refuse_unkeepable(value: Any, depth: int = 0) -> None:
    """Refuse what no database keeps as it is: NUL, halves of characters, and what nests deeper than any strategy."""
    if depth > MAX_DEPTH:
        raise ConsoleError(BAD_INPUT, f"the text nests deeper than {MAX_DEPTH}", fix="send a strategy")
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise ConsoleError(BAD_INPUT, "a text holds what is no character", fix="delete it")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            _refuse_unkeepable(key, depth + 1)
            _refuse_unkeepable(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _refuse_unkeepable(inner, depth + 1)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ConsoleError(BAD_INPUT, f"{value} is no number that is kept", fix="write a finite one")


def _taken(strategy: Strategy, error: IntegrityError) -> Exception:
    if "version_written_alone" in str(error) or "version_number" in str(error):
        return ConsoleError(
            TAKEN, f"{strategy} has a draft or a proposed version already",
            hint="one text at a time is written, so that nobody works past another",
            fix="edit that one, or retire it first",
        )  # fmt: skip
    return error
