"""What do calls bring, and what do answers hold?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Field, Schema

from aedile.console.strategies.models import PublishedRelease, Version


class Wrong(Schema):
    """One thing that is wrong, as everywhere in aedile."""

    code: str
    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    field: str | None = None
    span: list[int] | None = None
    hint: str | None = None
    fix: str | None = None


class Refusal(Schema):
    """The answer to a call that cannot be done."""

    errors: list[Wrong]


class CollisionRefusal(Refusal):
    """Somebody saved the draft meanwhile; nothing of either text is lost."""

    base: dict[str, Any] | None = None
    theirs: dict[str, Any] | None = None
    mine: dict[str, Any] | None = None
    merged: dict[str, Any] | None = None
    conflicts: list[str] | None = None
    revision: int | None = None


REFUSALS = dict.fromkeys((400, 401, 403, 404, 413, 503), Refusal)


def answers(ok: Any, status: int = 200, *, conflict: Any = Refusal) -> dict[int, Any]:
    """The documented answers of a call."""
    return {status: ok, **REFUSALS, 409: conflict}


def as_file(*types: str) -> dict[str, Any]:
    """The document of an answer that is a file."""
    content = {type_: {"schema": {"type": "string"}} for type_ in types}
    return {"responses": {200: {"description": "The file.", "content": content}}}


class Written(Schema):
    """A strategy's text: the keys of its file, without `stage` and `canary.share`."""

    body: dict[str, Any]
    note: str = Field("", max_length=500)


class Saved(Written):
    """revision: the one that was read; another one is a conflict."""

    revision: int = Field(ge=1)


class Said(Schema):
    """What a person adds to a deed; which of it a deed needs is told where it is missing."""

    why: str = Field("", max_length=500)
    stage: str = Field("", max_length=10)
    share: float | None = None
    at: datetime | None = None
    through_freeze: bool = False


class Brief(Schema):
    """A version in a list."""

    strategy: str
    number: int
    title: str
    stage: str
    share: float | None
    tier: str
    action: str
    markets: list[str]
    channels: list[str]
    owner: str
    expires: datetime | None
    changed: datetime

    @staticmethod
    def of(version: Version) -> dict[str, Any]:
        names = ("number", "title", "stage", "share", "tier", "action", "markets", "channels", "expires", "changed")
        found = {name: getattr(version, name) for name in names}
        return {"strategy": version.strategy_id, "owner": version.strategy.team_id, **found}


class ApprovalTold(Schema):
    person: str
    approves: bool
    note: str
    at: datetime
    of_this_text: bool


class Whole(Brief):
    """A version with all that is known of it. needed: approvals; may: the deeds that the caller may do now."""

    body: dict[str, Any]
    digest: str
    problems: list[dict[str, Any]]
    revision: int
    author: str
    made: datetime
    staged: datetime
    note: str
    needed: int
    reach: float | None
    emergency_until: datetime | None
    approvals: list[ApprovalTold]
    may: list[str]

    @staticmethod
    def told(version: Version, may: list[str]) -> dict[str, Any]:
        names = (
            "body", "digest", "problems", "revision", "made", "staged", "note", "needed", "reach", "emergency_until",
        )  # fmt: skip
        approvals = [
            {
                "person": one.person.email, "approves": one.approves, "note": one.note, "at": one.at,
                "of_this_text": one.digest == version.digest,
            }
            for one in version.approvals.select_related("person")
        ]  # fmt: skip
        found = {name: getattr(version, name) for name in names}
        return {**Brief.of(version), **found, "author": version.author.email, "approvals": approvals, "may": may}


class Page(Schema):
    """Some versions. after: what to ask with for the next ones; null at the end."""

    items: list[Brief]
    after: str | None


class ReleaseTold(Schema):
    number: int
    digest: str
    parent: int | None
    author: str | None
    at: datetime
    note: str

    @staticmethod
    def of(release: PublishedRelease) -> dict[str, Any]:
        return {
            "number": release.number, "digest": release.digest, "parent": release.parent, "at": release.at,
            "author": release.author.email if release.author else None, "note": release.note,
        }  # fmt: skip


class ReleaseWhole(ReleaseTold):
    """versions: strategy → version number → [stage, share of a canary]."""

    versions: dict[str, dict[str, list[Any]]]


class Reason(Schema):
    why: str = Field(min_length=1, max_length=300)


class FreezeAsked(Reason):
    start: datetime
    end: datetime


class FreezeTold(Schema):
    start: datetime
    end: datetime
    why: str


class KillAsked(Reason):
    """below: a tier; it and all below are off. null turns all on again."""

    below: str | None = None


class ControlsTold(Schema):
    kill_below: str | None
    why: str
    freezes: list[FreezeTold]


class SchemaTold(Schema):
    text: str
    digest: str
    author: str
    at: datetime
    note: str


class SchemaWritten(Schema):
    text: str = Field(max_length=1 << 20)
    note: str = Field("", max_length=300)


class Files(Schema):
    """Strategies' files: name → text."""

    files: dict[str, str]


class Pushed(Files):
    """stamp: of the plan that was looked at."""

    stamp: str = Field(max_length=64)
    note: str = Field("", max_length=500)


class StepTold(Schema):
    id: str
    does: str
    stage: str | None
    told: str


class PlanTold(Schema):
    steps: list[StepTold]
    here_only: list[str]
    stamp: str


class Checked(Schema):
    """digest: of the version it would be; empty with problems. matches, total: in the catalogue, null if unknown."""

    digest: str
    problems: list[dict[str, Any]]
    matches: int | None
    total: int | None
    unknown: int | None
    conflicts: list[dict[str, Any]]
