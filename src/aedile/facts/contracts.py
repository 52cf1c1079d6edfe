"""What is promised of a feed of facts, and does it hold?

A file of contracts (YAML) says for each kind, and where it differs for a market: how long ago the last fact may have
arrived, how far a day's number may be from the same weekdays before, which share of a column may be null, and which
numbers and texts may stand in it. What was measured is judged here; measuring is the warehouse's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from aedile.documents import read_document
from aedile.errors import AedileError, DataError, Errors, define
from aedile.facts.kinds import REAL, TEXT, WHOLE, FactKind
from aedile.facts.schemas import KINDS, kind_of
from aedile.fields import Complaints, Fields

BAD_FILE = define("AED-DATA-149", "A file of contracts does not hold what it should.", "contracts: [orders]")
BAD_CONTRACT = define("AED-DATA-150", "A contract cannot be.", "max_null: {shopper: 5}, in place of 0.05")
_COMPLAINTS = Complaints(DataError, BAD_FILE, BAD_FILE, BAD_FILE, BAD_CONTRACT)
_KEYS = ("freshness", "volume", "max_null", "ranges", "values", "markets")
_SPAN = re.compile(r"(\d{1,5})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
#: Days of the same weekday before which nothing is said of a day's number.
LEAST_HISTORY = 2

Rule = Literal["freshness", "volume", "null", "range", "values"]


@dataclass(frozen=True, slots=True)
class Volume:
    """low, high: a day's number as shares of the mean of the same weekdays before. weeks: how many of those count."""

    low: float
    high: float
    weeks: int


@dataclass(frozen=True, slots=True)
class Contract:
    """What is promised of a kind of facts. markets: those it is judged for one by one; empty for all there are."""

    kind: str
    freshness: timedelta | None
    volume: Volume | None
    max_null: Mapping[str, float]
    ranges: Mapping[str, tuple[float | None, float | None]]
    values: Mapping[str, tuple[str, ...]]
    markets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """What stands in the facts of a kind and market.

    last: when the last fact arrived. rows: of the day. history: of the same weekdays before, the newest first. nulls,
    outside, strange: by column how many of the day's are null, out of range, or of no value that is allowed. examples:
    by column one such value.
    """

    kind: str
    market: str
    last: datetime | None
    rows: int
    history: Sequence[int]
    nulls: Mapping[str, int]
    outside: Mapping[str, int]
    strange: Mapping[str, int]
    examples: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """A promise, and whether it holds. is_known: False where there is too little to judge by."""

    kind: str
    market: str
    rule: Rule
    column: str | None
    holds: bool
    is_known: bool
    told: str


def judge(contract: Contract, measured: Measured, now: datetime) -> list[Finding]:
    """Each promise of the contract for one market, in the order in which they are written."""
    found: list[Finding] = []

    def add(rule: Rule, column: str | None, holds: bool, told: str, *, is_known: bool = True) -> None:
        found.append(Finding(measured.kind, measured.market, rule, column, holds, is_known, told))

    if contract.freshness is not None:
        if measured.last is None:
            add("freshness", None, False, "there is no fact at all")
        else:
            age = now - measured.last
            add("freshness", None, age <= contract.freshness,
                f"the last one arrived {_span(age)} ago; at most {_span(contract.freshness)}")  # fmt: skip
    if contract.volume is not None:
        _judge_volume(contract.volume, measured, add)
    for column, most in contract.max_null.items():
        share = measured.nulls[column] / measured.rows if measured.rows else 0.0
        add("null", column, share <= most, f"{share:.2%} are missing; at most {most:.2%}", is_known=measured.rows > 0)
    for column, (low, high) in contract.ranges.items():
        bad = measured.outside[column]
        within = f"from {_or(low, 'anything')} to {_or(high, 'anything')}"
        add("range", column, bad == 0, _counted(bad, f"{within}", measured.examples.get(column)),
            is_known=measured.rows > 0)  # fmt: skip
    for column, allowed in contract.values.items():
        bad = measured.strange[column]
        add("values", column, bad == 0, _counted(bad, f"one of {', '.join(allowed)}", measured.examples.get(column)),
            is_known=measured.rows > 0)  # fmt: skip
    return found


def _judge_volume(volume: Volume, measured: Measured, add: Any) -> None:
    history = [count for count in measured.history[: volume.weeks] if count > 0]
    if len(history) < LEAST_HISTORY:
        add("volume", None, True, f"{measured.rows:,}; too few weekdays before to compare with", is_known=False)
        return
    mean = sum(history) / len(history)
    share = measured.rows / mean
    told = f"{measured.rows:,} are {share:.0%} of {mean:,.0f}, the mean of {len(history)} such weekdays before"
    holds = volume.low <= share <= volume.high
    add("volume", None, holds, f"{told}; from {volume.low:.0%} to {volume.high:.0%}")


def _counted(bad: int, wanted: str, example: Any) -> str:
    return f"all are {wanted}" if bad == 0 else f"{bad:,} are not {wanted}, such as {str(example)[:40]!r}"


def _or(number: float | None, word: str) -> str:
    return word if number is None else f"{number:g}"


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 72 * 60 else f"{minutes // 1440} days"


def read_contracts(path: Path) -> list[Contract]:
    """The contracts of a file; `Errors` with all that is wrong in it."""
    document = read_document(path)
    top = Fields(document, document.root, "", _COMPLAINTS, known=("contracts",), required=("contracts",))
    all_ = top.inner("contracts", known=list(KINDS))
    found, errors = [], list[AedileError]()
    for name in all_.values:
        try:
            found.append(_contract(kind_of(name), all_.inner(name, known=_KEYS)))
        except AedileError as error:
            errors.append(error)
    if errors:
        raise Errors(errors)
    return found


def _contract(kind: FactKind, fields: Fields) -> Contract:
    markets = tuple(_market(fields, node) for node in fields.items("markets", "a list of markets"))
    return Contract(
        kind.name,
        _length(fields, "freshness") if fields.has("freshness") else None,
        _volume(fields.inner("volume", known=("low", "high", "weeks"), required=("low", "high")))
        if fields.has("volume")
        else None,
        {name: _share(columns, name) for columns in _columns(fields, "max_null", kind) for name in columns.values},
        {name: _range(columns, name, kind) for columns in _columns(fields, "ranges", kind) for name in columns.values},
        {name: _words(columns, name, kind) for columns in _columns(fields, "values", kind) for name in columns.values},
        markets,
    )


def _columns(fields: Fields, key: str, kind: FactKind) -> list[Fields]:
    return [fields.inner(key, known=list(kind.fields))] if fields.has(key) else []


def _market(fields: Fields, node: Any) -> str:
    if not isinstance(node.value, str) or not re.fullmatch("[A-Z]{2}", node.value):
        raise fields.bad(
            "markets", f"`{node.value}` is no market", fix='write codes such as DE; "NO" in quotes', node=node
        )
    return node.value


def _length(fields: Fields, key: str) -> timedelta:
    text = fields.text(key, None) or ""
    found = _SPAN.fullmatch(text)
    if found is None or int(found[1]) == 0:
        raise fields.bad(key, f"`{text}` is no length of time", fix="write 30d, 12h or 15m")
    return int(found[1]) * _UNITS[found[2]]


def _volume(fields: Fields) -> Volume:
    low, high = fields.number("low"), fields.number("high")
    if not 0 <= low < high:
        raise fields.bad("high", f"from {low:g} to {high:g} there is nothing", fix="write low: 0.5 and high: 2")
    return Volume(low, high, fields.integer("weeks", LEAST_HISTORY, 52, 4))


def _share(fields: Fields, key: str) -> float:
    value = fields.number(key)
    if not 0 <= value < 1:
        raise fields.bad(key, f"`{fields.name(key)}` is {value:g}, not a share", fix="5 % is 0.05")
    return value


def _range(fields: Fields, key: str, kind: FactKind) -> tuple[float | None, float | None]:
    if kind.fields[key].type not in (WHOLE, REAL):
        raise fields.bad(key, f"`{key}` holds no numbers", fix="name a column of numbers")
    node = fields.values[key].value
    ends = [one.value for one in node] if isinstance(node, list) else []
    is_number = [end is None or type(end) in (int, float) for end in ends]
    if len(ends) != 2 or not all(is_number) or ends == [None, None] or (None not in ends and ends[0] > ends[1]):
        raise fields.bad(key, f"`{fields.name(key)}` is no range", fix="write [0, 100], or [0, null] without an end")
    return ends[0], ends[1]


def _words(fields: Fields, key: str, kind: FactKind) -> tuple[str, ...]:
    if kind.fields[key].type != TEXT:
        raise fields.bad(key, f"`{key}` holds no texts", fix="name a column of texts")
    words = tuple(str(node.value) for node in fields.items(key, "a list of texts"))
    if not words:
        raise fields.bad(key, "nothing is allowed", fix="write the texts that may stand there")
    return words
