"""What do calls about lists bring, and what do their answers hold?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from ninja import Field, Schema

from aedile.console.lists.changes import has_failed
from aedile.console.lists.looking import Entry
from aedile.console.lists.merging import Counts
from aedile.console.lists.models import Change, Revision
from aedile.language.values import parse_timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime | None) -> int | None:
    """A moment as the language has it."""
    return (moment - _EPOCH) // timedelta(microseconds=1) if moment is not None else None


class Because(Schema):
    why: str = Field(min_length=1, max_length=300)


class Note(Schema):
    note: str = Field("", max_length=300)


class ListTold(Schema):
    """A list with what its newest revision says. expiring: entries with an expiry; retired: since when."""

    name: str
    team: str
    meaning: str
    retired: datetime | None
    revision: int
    entries: int
    expiring: int
    author: str
    changed: datetime

    @staticmethod
    def of(row: Any) -> dict[str, Any]:
        """row: of `listing.rows`, with `by`: whose the newest revision is."""
        return {
            "name": row.name, "team": row.team_id, "meaning": row.meaning, "retired": row.retired,
            "revision": row.number, "entries": row.entries, "expiring": row.expiring, "author": row.by,
            "changed": row.at,
        }  # fmt: skip


class Lists(Schema):
    """after: what to ask with for the next ones; null at the end."""

    items: list[ListTold]
    after: str | None


class UseTold(Schema):
    """A version that asks the list."""

    strategy: str
    title: str
    number: int
    stage: str


class ChangeTold(Schema):
    """Where a change of the list of this name stands. state: waiting, refused (bad lines), overtaken, done or dropped.
    problems: bad lines, the first of them. job: its id where it is done by one. failed: its job came to nothing.
    revision: what came of it, null where nothing changed. missing: entries that were not in the list."""

    id: str
    name: str
    how: str
    state: str
    note: str
    source: str
    seen: int
    lines: int
    bad: int
    missing: int
    problems: list[dict[str, Any]]
    job: str | None
    failed: bool
    revision: int | None
    made: datetime
    ended: datetime | None

    @staticmethod
    def of(change: Change) -> dict[str, Any]:
        names = (
            "how", "state", "note", "source", "seen", "lines", "bad", "missing", "problems", "made", "ended",
        )  # fmt: skip
        return {
            **{name: getattr(change, name) for name in names}, "id": str(change.pk), "name": change.list_id,
            "job": str(change.job_id) if change.job_id is not None else None, "failed": has_failed(change),
            "revision": change.revision.number if change.revision is not None else None,
        }  # fmt: skip


class ListWhole(ListTold):
    """effect: `in` where the newest revision decides, `behind` where another does, `unused` where nothing that runs
    asks. digest: of the newest revision, as a release names it. open: changes of the caller's that are not done."""

    effect: Literal["in", "behind", "unused"]
    digest: str
    asked_by: list[UseTold]
    open: list[ChangeTold]


class ListDescribed(Schema):
    team: str = Field(max_length=60, json_schema_extra={"example": "brand-protection"})
    meaning: str = Field(max_length=500, json_schema_extra={"example": "GTINs that were recalled."})


class ListMade(ListDescribed):
    name: str = Field(max_length=100, json_schema_extra={"example": "recalled-gtin"})
    note: str = Field("", max_length=300)


class ChangeAsked(Schema):
    """lines: entries, behind a tab an expiry of their own; for put, remove, time and replace. until: their expiry where
    they name none. number: the revision to restore. seen: the revision that was looked at."""

    how: Literal["put", "remove", "time", "replace", "expired", "restore"]
    seen: int = Field(ge=1, le=2**31 - 1)
    lines: list[str] | None = Field(None, json_schema_extra={"example": ["4006381333931"]})
    until: datetime | None = None
    number: int | None = Field(None, ge=1, le=2**31 - 1)
    note: str = Field("", max_length=300)


class EntryTold(Schema):
    """until: its expiry as written, null for none."""

    text: str
    until: str | None
    is_expired: bool

    @staticmethod
    def of(entry: Entry, now: int) -> dict[str, Any]:
        end = parse_timestamp(entry.until) if entry.until else None
        return {"text": entry.text, "until": entry.until or None, "is_expired": end is not None and end <= now}


class Entries(Schema):
    """total: how many there are that match."""

    revision: int
    total: int
    entries: list[EntryTold]


class RevisionTold(Schema):
    number: int
    digest: str
    entries: int
    expiring: int
    added: int
    removed: int
    changed: int
    author: str
    at: datetime
    note: str

    @staticmethod
    def of(revision: Revision) -> dict[str, Any]:
        names = ("number", "digest", "entries", "expiring", "added", "removed", "changed", "at", "note")
        return {**{name: getattr(revision, name) for name in names}, "author": revision.author.email}


class Revisions(Schema):
    """before: what to ask with for older ones; null at the end."""

    items: list[RevisionTold]
    before: int | None


class CountsTold(Schema):
    added: int
    removed: int
    changed: int

    @staticmethod
    def of(counts: Counts) -> dict[str, int]:
        return {"added": counts.added, "removed": counts.removed, "changed": counts.changed}


class DifferenceTold(Schema):
    """was, became: the expiry as written, empty for none; null where the entry is not in."""

    text: str
    was: str | None
    became: str | None


class Differences(Schema):
    """after: what to ask with for the next ones; null at the end."""

    since: int
    number: int
    counts: CountsTold | None
    items: list[DifferenceTold]
    after: str | None
