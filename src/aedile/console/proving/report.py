"""How is the result of a backtest laid out? Tables with bars, from the JSON that is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aedile.language.values import parse_timestamp

CHANGE_NAMES: Mapping[str, Promise] = {
    "newly_excluded": gettext_lazy("newly excluded"),
    "freed": gettext_lazy("back in the slate"),
    "demoted": gettext_lazy("demoted"),
    "boosted": gettext_lazy("boosted"),
    "moved": gettext_lazy("moved"),
    "same": gettext_lazy("as before"),
}
#: Rows of a table on the page; the API has all that are kept.
MOST = 10


@dataclass(frozen=True, slots=True)
class Row:
    """An entity, market or value with what changes for it. bar: from -100 to 100, against the largest of the table."""

    name: str
    link: str | None
    before: float
    after: float
    bar: int
    excluded: int
    exposures: int
    clicks: int
    requests: int = 0
    changed: int = 0
    estimate: tuple[float, float] | None = None
    refused: str | None = None

    @property
    def change(self) -> float:
        return self.after - self.before

    @property
    def share(self) -> float | None:
        """The change against what there was."""
        return self.change / self.before if self.before else None


@dataclass(frozen=True, slots=True)
class Item:
    """A changed candidate to look at."""

    change: str
    kind: str
    entity: str
    market: str
    channel: str
    before: int
    after: int
    acting: tuple[str, ...]
    no_more: tuple[str, ...]
    values: tuple[tuple[str, Any], ...]
    clicks: int
    exposures: int
    why: str
    request: str


class Report:
    """One result. Everything is read from the JSON; nothing is computed but the length of bars."""

    def __init__(self, result: Mapping[str, Any]) -> None:
        self.result = result
        self.total: Mapping[str, Any] = result["total"]
        self.requests: Mapping[str, Any] = result["requests"]

    @property
    def is_empty(self) -> bool:
        return not self.total

    @property
    def notes(self) -> Sequence[str]:
        notes: Sequence[str] = self.result["limits"]["notes"]
        return notes

    @property
    def changes(self) -> list[tuple[Promise, int]]:
        return [(CHANGE_NAMES[name], self.total[name]) for name in CHANGE_NAMES if name != "same"]

    @property
    def stakes(self) -> list[tuple[str, int, int, tuple[float, float] | None]]:
        """What there was, what is at stake by replay, and what is estimated before and after."""
        replay, estimate = self.total["replay"], self.total["off_policy"]
        names = {"exposures": _("exposures"), "clicks": _("clicks"), "orders": _("orders")}
        rows = [
            (name, self.total[what], replay[f"{what}_at_stake"], _pair(estimate.get(what)))
            for what, name in names.items()
        ]
        for currency, amount in sorted(replay["gmv"].items()):
            of_it = (estimate.get("gmv") or {}).get(currency)
            rows.append(
                (_("GMV, in minor units of %s") % currency, amount, replay["gmv_at_stake"][currency], _pair(of_it))
            )
        return rows

    @property
    def spread(self) -> tuple[float, float] | None:
        """How clicks would differ, with half the width of the interval of 95 %."""
        estimate = self.total["off_policy"]
        error = estimate.get("clicks_difference_error")
        return (estimate["clicks_difference"], 1.96 * error) if error is not None and not estimate["refused"] else None

    @property
    def places(self) -> list[tuple[str, list[Row]]]:
        """Markets, then channels."""
        return [
            (_("Market"), _rows(self.result["by_market"], "market")),
            (_("Channel"), _rows(self.result["by_channel"], "channel")),
        ]

    @property
    def groups(self) -> list[dict[str, Any]]:
        """For each way to tell candidates apart who loses and who wins attention, and how evenly it is shared."""
        told = []
        for by, group in self.result["groups"].items():
            if group["count"]:
                losers, winners = group["losers"][:MOST], group["winners"][:MOST]
                most = max((abs(r["attention_after"] - r["attention_before"]) for r in (*losers, *winners)), default=0)
                told.append(
                    {
                        "by": by, "name": _("entity") if by == "entity" else by, "count": group["count"],
                        "changed": group["changed"], "fairness": group["fairness"],
                        "sides": [
                            (_("Losers"), [_row(row, "key", by, most) for row in losers]),
                            (_("Winners"), [_row(row, "key", by, most) for row in winners]),
                        ],
                    }
                )  # fmt: skip
        return told

    @property
    def strategies(self) -> list[Mapping[str, Any]]:
        rows = [
            row
            for row in self.result["strategies"]
            if row["requests_changed"] or row["acted_before"] != row["acted_after"]
        ]
        return rows[:MOST]

    @property
    def pairs(self) -> Sequence[Mapping[str, Any]]:
        pairs: Sequence[Mapping[str, Any]] = self.result["pairs"][:MOST]
        return pairs

    @property
    def items(self) -> list[Item]:
        return [_item(row) for row in self.result["items"]]

    @property
    def slates(self) -> list[dict[str, Any]]:
        return [
            {
                **row,
                "link": reverse("request", args=[row["request"]]),
                "sides": [
                    (_("Before"), [_place(one) for one in row["slates"]["before"]]),
                    (_("After"), [_place(one) for one in row["slates"]["after"]]),
                ],
            }
            for row in self.result["slates"][:4]
        ]  # fmt: skip


def _place(one: Mapping[str, Any]) -> dict[str, Any]:
    return {**one, "changes": one["change"] != "same", "name": CHANGE_NAMES[one["change"]]}


def _pair(found: Mapping[str, float] | None) -> tuple[float, float] | None:
    return (found["before"], found["after"]) if found else None


def _rows(rows: Sequence[Mapping[str, Any]], name: str) -> list[Row]:
    most = max((abs(row["attention_after"] - row["attention_before"]) for row in rows), default=0)
    ordered = sorted(rows, key=lambda row: (-row["requests"], row[name]))
    return [_row(row, name, name, most) for row in ordered[: 2 * MOST]]


def _row(row: Mapping[str, Any], name: str, by: str, most: float) -> Row:
    change = row["attention_after"] - row["attention_before"]
    text, estimate = str(row[name]), row["off_policy"]
    is_known = bool(text) and not text.endswith(":")  # "item:" stands for all that the catalogue lacks
    return Row(
        text if is_known else _("unknown"), _link(text, by), row["attention_before"], row["attention_after"],
        round(100 * change / most) if most else 0, row["newly_excluded"], row["exposures_at_stake"],
        row["clicks_at_stake"], row.get("requests", 0), row.get("requests_changed", 0), _pair(estimate.get("clicks")),
        estimate["refused"],
    )  # fmt: skip


def _link(text: str, by: str) -> str | None:
    kind, _colon, id_ = text.partition(":")
    return reverse("entity", args=[kind, id_]) if by == "entity" and id_ else None


def _item(row: Mapping[str, Any]) -> Item:
    before, after = row["acting_before"] or [], row["acting_after"]
    at = parse_timestamp(row["time"])
    assert at is not None
    return Item(
        str(CHANGE_NAMES[row["change"]]), row["kind"], row["entity"], row["market"], row["channel"], row["rank_before"],
        row["rank_after"], tuple(one for one in after if one not in before),
        tuple(one for one in before if one not in after), tuple(row["values"].items()), row["clicks"], row["exposures"],
        reverse("why", args=[row["decided_at"], row["request"], row["kind"], row["entity"]]), row["request"],
    )  # fmt: skip
