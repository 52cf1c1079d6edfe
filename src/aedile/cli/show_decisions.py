"""How are decisions told: what every strategy did, what happened where, how long it took, and one slate in full?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aedile.cli.screen import columns_in_use, note, say, table
from aedile.cli.world import Stopwatch

if TYPE_CHECKING:
    from aedile.engine.decide import Decision
    from aedile.engine.engine import Engine
    from aedile.engine.requests import Request
    from aedile.engine.strategy import Strategy
    from aedile.engine.summary import Summary

#: Of the unknown features those most often unknown are shown as text; JSON has all.
MOST_FEATURES = 20


@dataclass(slots=True)
class Totals:
    """What was counted over all requests. `deciding`: seconds in the engine alone.

    missing: for each kind how many candidates no file of entities has. queues: (queue, strategy) → candidates drawn
    to be sent to people.
    """

    summary: Summary
    requests: int = 0
    candidates: int = 0
    deciding: float = 0.0
    missing: dict[str, int] = field(default_factory=dict)
    queues: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, decision: Decision, seconds: float) -> None:
        self.summary.add(decision)
        self.requests += 1
        self.candidates += len(decision.verdicts)
        self.deciding += seconds

    def count_missing(self, engine: Engine, request: Request) -> None:
        """Candidates that the loaded entities do not hold: nothing but what was sent is known of them."""
        by_kind: dict[str, list[str]] = {}
        for kind, id_ in zip(request.candidates.kinds, request.candidates.ids, strict=True):
            by_kind.setdefault(kind, []).append(id_)
        for kind, ids in by_kind.items():
            absent = int((engine.store.rows(kind, ids) < 0).sum())
            if absent:
                self.missing[kind] = self.missing.get(kind, 0) + absent

    def count_refers(self, refers: Iterable[tuple[int, str, str]]) -> None:
        """What goes to people, as `Decider.refers` says."""
        for _, queue, strategy in refers:
            self.queues[queue, strategy] = self.queues.get((queue, strategy), 0) + 1

    def sent_to_people(self) -> list[dict[str, Any]]:
        """One dict a queue and strategy."""
        return [{"queue": q, "strategy": s, "candidates": count} for (q, s), count in sorted(self.queues.items())]

    def strategies(self) -> list[dict[str, Any]]:
        """One dict a strategy: what it is, and its counts."""
        from aedile.engine.summary import OF_STRATEGY

        counts = self.summary.by_strategy.tolist()
        return [
            {
                "strategy": strategy.id, "tier": str(strategy.tier), "action": strategy.action.name,
                "stage": strategy.stage, **dict(zip(OF_STRATEGY, row, strict=True)),
            }
            for strategy, row in zip(self.summary.strategies, counts, strict=True)
        ]  # fmt: skip

    def places(self) -> list[dict[str, Any]]:
        """One dict a market and channel."""
        from aedile.engine.summary import OF_PLACE

        return [
            {"market": market, "channel": channel, **dict(zip(OF_PLACE, counts.tolist(), strict=True))}
            for (market, channel), counts in sorted(self.summary.by_place.items())
        ]

    def unknown_features(self) -> list[dict[str, Any]]:
        """One dict a strategy and feature, the most often unknown first."""
        counts = sorted(self.summary.unknown_features.items(), key=lambda item: (-item[1], item[0]))
        return [{"strategy": s, "feature": f, "candidates": count} for (s, f), count in counts]

    def rates(self) -> dict[str, float | None]:
        """Requests and candidates a second in the engine."""
        if not self.deciding:
            return {"requests_per_second": None, "candidates_per_second": None}
        return {
            "requests_per_second": round(self.requests / self.deciding, 1),
            "candidates_per_second": round(self.candidates / self.deciding),
        }


def as_document(
    totals: Totals,
    watch: Stopwatch,
    release: int | None,
    ignored: Mapping[str, list[str]],
    out: Path | None,
    slates: list[dict[str, Any]],
) -> dict[str, Any]:
    """All of it as one JSON document."""
    seconds = {step: round(value, 6) for step, value in watch.seconds.items()}
    return {
        "release": release,
        "requests": totals.requests,
        "candidates": totals.candidates,
        "candidates_without_entity": totals.missing,
        "strategies": totals.strategies(),
        "places": totals.places(),
        "sent_to_people": totals.sent_to_people(),
        "unknown_features": totals.unknown_features(),
        "ignored_columns": ignored,
        "out": str(out) if out is not None else None,
        "seconds": {**seconds, "decide": round(totals.deciding, 6)},
        **totals.rates(),
        "slates": slates,
    }


def show(totals: Totals, watch: Stopwatch, *, error: bool = False) -> None:
    """All of it as tables, on stdout or on stderr."""
    for kind, count in totals.missing.items():
        note(f"{count:,} candidates of the kind {kind} are in no file of entities: what is not sent is unknown")
    _dicts("What each strategy did, in candidates", _told(totals), 4, idle="did nothing", error=error)
    _dicts("Where", totals.places(), 2, error=error)
    _dicts("Sent to people", totals.sent_to_people(), 3, error=error)
    unknown = totals.unknown_features()
    more = f" (the first {MOST_FEATURES} of {len(unknown):,})" if len(unknown) > MOST_FEATURES else ""
    _dicts(f"Features unknown where a strategy was{more}", unknown[:MOST_FEATURES], 3, error=error)
    rates = totals.rates()
    line = f"{totals.requests:,} requests, {totals.candidates:,} candidates"
    if rates["requests_per_second"]:
        line += f" decided in {totals.deciding:.3f} s: {rates['requests_per_second']:,.0f} requests/s"
        line += f", {rates['candidates_per_second']:,.0f} candidates/s"
    steps = ", ".join(f"{step} {seconds:.3f} s" for step, seconds in watch.seconds.items())
    (note if error else say)(f"{line}\n({steps})")


def _told(totals: Totals) -> list[dict[str, Any]]:
    """What each strategy did in few columns: a terminal has eighty to spare, not the fourteen counts JSON has."""
    rows = []
    for row in totals.strategies():
        counts = {name: row.pop(name) for name in list(row)[4:]}
        row["fired"] = counts.pop("fired")
        told = {"shadow": "would have fired", **{name: name for name in counts if name != "shadow"}}
        row["came of it"] = ", ".join(f"{counts[name]:,} {words}" for name, words in told.items() if counts[name])
        rows.append(row)
    return rows


def _dicts(title: str, rows: list[dict[str, Any]], always: int, *, idle: str = "", error: bool) -> None:
    """A table of dicts without the columns that say nothing, and without the rows that do."""
    if not rows:
        return
    header = columns_in_use(list(rows[0]), rows, always)
    busy = [row for row in rows if any(row[name] for name in list(row)[always:])] if idle else rows
    if len(busy) < len(rows):
        title += f" ({len(rows) - len(busy):,} of {len(rows):,} {idle})"
    table(title, header, [[row[name] for name in header] for row in busy], error=error)


def show_slate(decision: Decision, strategies: Sequence[Strategy]) -> None:
    """One request's slate: place before and after, and why."""
    from aedile.engine.rows import decision_rows

    request = decision.request
    rows = [
        (row["rank_before"], row["rank_after"] or "out", f"{row['kind']} {row['id']}", row["score"], reasons(row))
        for row in decision_rows(decision, strategies)
    ]
    query = f", “{request.query}”" if request.query else ""
    title = f"{request.id}: {request.market}, {request.channel}{query}"
    table(title, ("before", "after", "candidate", "score", "why"), rows)


def reasons(row: Mapping[str, Any]) -> str:
    """Why a candidate stands where it does, from a decision's row."""
    parts = []
    if row["excluded_by"]:
        parts.append(f"excluded by {row['excluded_by']}")
    if row["multiplier"] != 1.0 and not row["excluded_by"]:
        parts.append(f"× {row['multiplier']:.4g}")
    for key, text in (("pinned_by", "pinned by"), ("reserved_by", "reserved by")):
        if row[key]:
            parts.append(f"{text} {row[key]}")
    told = set(filter(None, (row["excluded_by"], row["pinned_by"], row["reserved_by"])))
    for key, text in (
        ("capped_by", "capped by"), ("relaxed", "cap gave way:"), ("badges", "badge"), ("refers", "referred by"),
        ("exempted", "exempt from"), ("shadow_fired", "shadow:"), ("unknown", "unknown:"),
    ):  # fmt: skip
        if row[key]:
            parts.append(f"{text} {', '.join(row[key])}")
            told.update(row[key])
    others = [name for name in row["fired"] if name not in told]
    if others and not row["excluded_by"]:
        parts.append(f"fired: {', '.join(others)}")
    return "; ".join(parts)
