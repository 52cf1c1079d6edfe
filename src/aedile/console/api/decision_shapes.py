"""What do answers about decisions and entities hold?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ninja import Schema

from aedile.console.api.shapes import Wrong
from aedile.console.decisions.entity_views import Since
from aedile.console.decisions.now import Standing
from aedile.console.decisions.questions import Decided, Placed, Replay, Why, moment, short_shopper
from aedile.console.decisions.readout import Readout
from aedile.store.decision_counts import Counted, Exposed
from aedile.store.decision_search import Answer, Hit, Touched


class TouchedTold(Schema):
    """after: null where it was excluded."""

    kind: str
    id: str
    before: int
    after: int | None
    excluded_by: str | None
    pinned_by: str | None
    acted: list[str]
    shadow: list[str]

    @staticmethod
    def of(one: Touched) -> dict[str, Any]:
        return {
            "kind": one.kind, "id": one.id, "before": one.before, "after": one.after, "excluded_by": one.excluded_by,
            "pinned_by": one.pinned_by, "acted": list(one.acted), "shadow": list(one.shadow),
        }  # fmt: skip


class HitTold(Schema):
    """at: microseconds since 1970, as other calls want it. matching: of the candidates asked for, how many there are,
    of which `touched` tells the first."""

    request: str
    at: int
    decided_at: datetime
    release: int
    market: str
    channel: str
    query: str | None
    candidates: int
    excluded: int
    moved: int
    matching: int
    touched: list[TouchedTold]

    @staticmethod
    def of(hit: Hit) -> dict[str, Any]:
        names = ("release", "market", "channel", "query", "candidates", "excluded", "moved", "matching")
        return {
            "request": hit.request_id, "at": hit.decided_at, "decided_at": moment(hit.decided_at),
            **{name: getattr(hit, name) for name in names}, "touched": [TouchedTold.of(one) for one in hit.touched],
        }  # fmt: skip


class Hits(Schema):
    """damaged: files of the log that could not be read."""

    items: list[HitTold]
    after: str | None
    is_partial: bool
    reached: datetime | None
    damaged: int

    @staticmethod
    def of(answer: Answer) -> dict[str, Any]:
        on = answer.go_on
        return {
            "items": [HitTold.of(hit) for hit in answer.hits],
            "after": f"{on.decided_at}.{on.request_id}" if on is not None else None, "is_partial": answer.is_partial,
            "reached": moment(answer.reached) if answer.is_partial and answer.reached else None,
            "damaged": len(answer.damaged),
        }  # fmt: skip


class ActsTold(Schema):
    """role: excluded, pinned, reserved, capped, relaxed, referred, acted, exempted or shadow."""

    role: str
    strategies: list[str]
    note: str


class PlacedTold(Schema):
    """before, after: places, after null where it was excluded. score: as it was sent, or 1 / place. is_shown: on the
    page that was asked for."""

    kind: str
    id: str
    before: int
    after: int | None
    score: float
    multiplier: float
    is_shown: bool
    acts: list[ActsTold]

    @staticmethod
    def of(one: Placed) -> dict[str, Any]:
        return {
            "kind": one.kind, "id": one.id, "before": one.before, "after": one.after, "score": one.sent_score,
            "multiplier": one.multiplier, "is_shown": one.is_shown,
            "acts": [{"role": act.role, "strategies": list(act.strategies), "note": act.note} for act in one.acts],
        }  # fmt: skip


class DecisionHead(Schema):
    """shopper: the begin of the pseudonym. in_full: what it rested on was logged, so that it can be made again."""

    request: str
    at: int
    decided_at: datetime
    time: datetime
    release: int
    market: str
    channel: str
    query: str | None
    shopper: str | None
    in_full: bool

    @staticmethod
    def head(decided: Decided) -> dict[str, Any]:
        row = decided.row
        return {
            "request": decided.request_id, "at": decided.at, "decided_at": decided.decided_at, "time": decided.time,
            "release": decided.logged.release, "market": decided.market, "channel": row["channel"],
            "query": row["query"], "shopper": short_shopper(row["shopper"]), "in_full": decided.in_full,
        }  # fmt: skip


class DecisionTold(DecisionHead):
    candidates: list[PlacedTold]

    @staticmethod
    def of(decided: Decided) -> dict[str, Any]:
        return {**DecisionHead.head(decided), "candidates": [PlacedTold.of(one) for one in decided.sent]}


class WhyTold(Schema):
    """strategies: each explained, with the least change that flips it; null where values were not logged, or where
    `trouble` says why it cannot be made again. is_same: made again it has the answer of the time. choices: the
    strategies that can be asked about."""

    decision: DecisionHead
    candidate: PlacedTold
    strategies: list[dict[str, Any]] | None
    is_same: bool
    choices: list[str]
    trouble: Wrong | None

    @staticmethod
    def of(found: Why) -> dict[str, Any]:
        return {
            "decision": DecisionHead.head(found.decided), "candidate": PlacedTold.of(found.placed),
            "strategies": found.inquiry.to_json()["strategies"] if found.inquiry is not None else None,
            "is_same": found.is_same, "choices": list(found.choices),
            "trouble": found.trouble.to_dict() if found.trouble is not None else None,
        }  # fmt: skip


class DifferenceTold(Schema):
    """only_before, only_after: strategies that act on it on one side alone."""

    before: PlacedTold
    after: PlacedTold
    only_before: list[str]
    only_after: list[str]


class ReplayTold(Schema):
    """is_same: made again by its own release it has the answer of the time. not_kept: literals about the shopper's id
    that were not decided then."""

    decision: DecisionHead
    release: int
    differences: list[DifferenceTold]
    is_same: bool
    not_kept: list[str]
    trouble: Wrong | None

    @staticmethod
    def of(found: Replay) -> dict[str, Any]:
        return {
            "decision": DecisionHead.head(found.decided), "release": found.number, "is_same": found.is_same,
            "differences": [
                {
                    "before": PlacedTold.of(one.before), "after": PlacedTold.of(one.after),
                    "only_before": list(one.only_before), "only_after": list(one.only_after),
                }
                for one in found.differences
            ],
            "not_kept": list(found.not_kept), "trouble": found.trouble.to_dict() if found.trouble is not None else None,
        }  # fmt: skip


class CountTold(Schema):
    hour: datetime
    market: str
    channel: str
    part: str
    decisions: int
    candidates: int


class CountsTold(Schema):
    """is_partial: the time was up, and the counts are of what was counted by then."""

    items: list[CountTold]
    is_partial: bool
    damaged: int

    @staticmethod
    def of(counted: Counted) -> dict[str, Any]:
        names = ("market", "channel", "part", "decisions", "candidates")
        items = [{"hour": moment(one.hour), **{name: getattr(one, name) for name in names}} for one in counted.counts]
        return {"items": items, "is_partial": counted.is_partial, "damaged": len(counted.damaged)}


class OtherTold(Schema):
    strategy: str
    candidates: int


class CompanyTold(Schema):
    """candidates: for which it fired, or would have; alone: of these, on which nothing else acted; absent: of these,
    which were not in the slate; others: what acted on them as well. since: everything from then on was counted, null
    where the whole span was."""

    part: str
    candidates: int
    alone: int
    absent: int
    others: list[OtherTold]
    since: datetime | None


class ReadoutTold(Schema):
    """What a strategy did, or in shadow would have done: by market, channel, hour and part; and among which others."""

    days: int
    counts: CountsTold
    company: CompanyTold

    @staticmethod
    def of(readout: Readout) -> dict[str, Any]:
        found = readout.company
        company = {
            "part": readout.part, "candidates": found.candidates, "alone": found.alone, "absent": found.absent,
            "others": [{"strategy": name, "candidates": count} for name, count in found.others],
            "since": moment(found.since) if found.since is not None else None,
        }  # fmt: skip
        return {"days": readout.days, "counts": CountsTold.of(readout.counted), "company": company}


class CellTold(Schema):
    """touched: of those shown, on how many something had acted."""

    hour: datetime
    market: str
    channel: str
    decisions: int
    candidates: int
    shown: int
    touched: int


class ExposedTold(Schema):
    """since: everything from then on was counted, null where the whole span was. by_strategy: of those shown, on how
    many each acted."""

    kind: str
    shown: int
    touched: int
    by_strategy: dict[str, int]
    cells: list[CellTold]
    since: datetime | None
    damaged: int

    @staticmethod
    def of(kind: str, exposed: Exposed) -> dict[str, Any]:
        names = ("market", "channel", "decisions", "candidates", "shown", "touched")
        return {
            "kind": kind, "shown": exposed.shown, "touched": exposed.touched, "by_strategy": exposed.by_strategy,
            "cells": [
                {"hour": moment(one.hour), **{name: getattr(one, name) for name in names}} for one in exposed.cells
            ],
            "since": moment(exposed.since) if exposed.since is not None else None, "damaged": len(exposed.damaged),
        }  # fmt: skip


class ActingTold(Schema):
    """how: acts, shadow, or depends where the request decides. version: its number, null for one that came from files.
    since: the oldest decision in the log in which it had its part, null where none was looked for or found."""

    strategy: str
    how: str
    markets: list[str]
    channels: list[str]
    open_features: list[str]
    share: float | None
    version: int | None
    author: str | None
    approvers: list[str]
    since: datetime | None


class FeatureTold(Schema):
    """value: as text, null where unknown."""

    name: str
    value: str | None
    meaning: str


class Link(Schema):
    kind: str
    id: str


class MemberTold(Link):
    acting: list[str]


class MembersTold(Schema):
    """Entities that lead to this one. count: how many there are, of which the first are listed."""

    kind: str
    through: str
    count: int
    listed: list[MemberTold]


class EntityTold(Schema):
    kind: str
    id: str
    is_known: bool
    release: int
    acts: list[ActingTold]
    features: list[FeatureTold]
    links: list[Link]
    members: list[MembersTold]
    recent: Hits | None

    @staticmethod
    def of(found: Standing, acts: Sequence[Since], recent: Answer | None) -> dict[str, Any]:
        return {
            "kind": found.kind, "id": found.id, "is_known": found.is_known, "release": found.release,
            "acts": list(map(_acting, acts)),
            "features": [{"name": one.name, "value": one.value, "meaning": one.meaning} for one in found.features],
            "links": [{"kind": kind, "id": id_} for kind, id_ in found.links],
            "members": [
                {
                    "kind": one.kind, "through": one.through, "count": one.count,
                    "listed": [{"kind": of.kind, "id": of.id, "acting": list(of.acting)} for of in one.listed],
                }
                for one in found.members
            ],
            "recent": Hits.of(recent) if recent is not None else None,
        }  # fmt: skip


def _acting(since: Since) -> dict[str, Any]:
    act = since.act
    version = act.version
    return {
        "strategy": act.strategy.id, "how": act.how, "markets": list(act.markets), "channels": list(act.channels),
        "open_features": list(act.open_features), "share": act.share, "since": since.at,
        "version": version.number if version is not None else None,
        "author": version.author.email if version is not None else None,
        "approvers": [person.email for person in act.approvers],
    }  # fmt: skip
