"""What do answers about dossiers, debt, what is scheduled, and today hold?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Field, Schema

from aedile.console.api.shapes import Brief, ReleaseTold, Whole
from aedile.console.strategies.dossier import Dossier
from aedile.console.strategies.models import Move
from aedile.console.strategies.proving import Proof


class Because(Schema):
    why: str = Field("", max_length=300)


class PartTold(Schema):
    """before: in the version that acts, null where it has none."""

    key: str
    before: Any
    after: Any


class ReachTold(Schema):
    """matches: entities of the catalogue it fires for, of total; unknown: for so many nobody knows. shown, touched:
    exposures a day of its kind, and those it would touch; most: the largest share of one seller's. words: all that is
    known, as people read it. What is not known is null."""

    matches: int | None
    total: int | None
    unknown: int | None
    shown: float | None
    touched: float | None
    sellers: int | None
    all_sellers: int | None
    most: float | None
    words: list[str]

    @staticmethod
    def of(proof: Proof, words: list[str]) -> dict[str, Any]:
        found, reach = proof.matches, proof.reach
        names = ("shown", "touched", "sellers", "all_sellers", "most")
        return {
            "matches": found.count if found is not None else None, "total": found.total if found is not None else None,
            "unknown": found.unknown_count if found is not None else None,
            **{name: getattr(reach, name) if reach is not None else None for name in names}, "words": words,
        }  # fmt: skip


class CommentTold(Schema):
    person: str
    text: str
    at: datetime


class DossierTold(Schema):
    """acting: the number of the version it would replace. missing: approvals that are still needed. counts: what the
    running server counted of it, null where it does not run."""

    version: Whole
    text: str
    acting: int | None
    differences: list[PartTold]
    problems: list[dict[str, Any]]
    reach: ReachTold
    conflicts: list[dict[str, Any]]
    counts: dict[str, int] | None
    comments: list[CommentTold]
    missing: int
    at: datetime

    @staticmethod
    def of(found: Dossier, whole: dict[str, Any]) -> dict[str, Any]:
        return {
            "version": whole, "text": found.text, "acting": found.acting.number if found.acting is not None else None,
            "differences": [{"key": one.key, "before": one.before, "after": one.after} for one in found.differences],
            "problems": [error.to_dict() for error in found.proof.errors],
            "reach": ReachTold.of(found.proof, found.reach),
            "conflicts": [meeting.conflict.to_json() for meeting in found.proof.meetings], "counts": found.counts,
            "comments": [{"person": one.person.email, "text": one.text, "at": one.at} for one in found.comments],
            "missing": found.missing, "at": found.at,
        }  # fmt: skip


class FileTold(Schema):
    name: str
    text: str


class LineTold(Schema):
    """kind: same, changed, added or removed."""

    kind: str
    left: str | None
    right: str | None


class FieldTold(Schema):
    field: str
    lines: list[LineTold]


class DebtTold(Schema):
    kind: str
    strategy: str
    number: int
    what: str
    since: datetime | None


class DebtPage(Schema):
    items: list[DebtTold]
    total: int
    is_counted: bool


class MoveTold(Schema):
    id: int
    strategy: str
    number: int
    stage: str
    share: float | None
    at: datetime
    by: str
    done: datetime | None
    dropped: datetime | None
    trouble: str

    @staticmethod
    def of(move: Move) -> dict[str, Any]:
        names = ("stage", "share", "at", "done", "dropped", "trouble")
        return {
            "id": move.pk, "strategy": move.version.strategy_id, "number": move.version.number, "by": move.by.email,
            **{name: getattr(move, name) for name in names},
        }  # fmt: skip


class Moves(Schema):
    """after: what to ask with for the next ones; null at the end."""

    items: list[MoveTold]
    after: int | None


class EmergencyTold(Brief):
    """until: when it pauses unless it is confirmed; mine: the caller may confirm it."""

    until: datetime
    mine: bool


class TodayTold(Schema):
    emergencies: list[EmergencyTold]
    approvals: list[Brief]
    drafts: list[Brief]
    expiring: list[Brief]
    moves: list[MoveTold]
    releases: list[ReleaseTold]
    may_approve: bool
    may_write: bool
