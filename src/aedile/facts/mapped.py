"""Which facts do rows become by a mapping?

Whatever cannot be made into what a column holds stays as it is, so that the reader of facts refuses it in its own
words.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from aedile.facts.kinds import FLAG, MOMENT, REAL, TEXT, TEXTS, WHOLE, FactKind, Field
from aedile.facts.mapping import Condition, Constant, CountWithin, FileMapping, FromColumn, Money, PartMapping, Template

#: Digits of minor units (ISO 4217, list one), where they are not two.
DIGITS: Mapping[str, int] = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
         "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip
_FLAGS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
_UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = Mapping[str, Any]


class Mapper:
    """Maps the rows of one file, in their order. file: its name without an ending, for templates."""

    def __init__(self, mapping: FileMapping, file: str) -> None:
        self.mapping = mapping
        self.file = file
        self.row = 0
        self.left_out = 0
        self._counts = [Counter[tuple[str, str]]() for _ in mapping.parts]

    def facts(self, rows: Sequence[Row]) -> Sequence[tuple[FactKind, Sequence[int], Sequence[Row]]]:
        """For each part: its kind, the numbers of the rows that became facts, and these."""
        found: list[tuple[FactKind, list[int], list[dict[str, Any]]]] = [
            (part.kind, [], []) for part in self.mapping.parts
        ]
        for row in rows:
            self.row += 1
            taken = False
            for number, part in enumerate(self.mapping.parts):
                if all(_holds(condition, row) for condition in part.where):
                    taken = True
                    found[number][1].append(self.row)
                    found[number][2].append(self._fact(part, row, self._counts[number]))
            self.left_out += not taken
        return found

    def _fact(self, part: PartMapping, row: Row, counts: Counter[tuple[str, str]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, source in part.fields.items():
            if isinstance(source, FromColumn):
                made[name] = _value(part.kind.fields[name], source, row.get(source.column))
            elif isinstance(source, Constant):
                made[name] = source.value
            elif isinstance(source, Money):
                made[name] = _money(source, row)
            elif isinstance(source, CountWithin):
                key = (source.column, _text(row.get(source.column)) or "")
                counts[name, key[1]] += 1
                made[name] = counts[name, key[1]]
        for name, source in part.fields.items():
            if isinstance(source, Template):
                made[name] = self._filled(source, row, made)
        return {name: value for name, value in made.items() if value is not None}

    def _filled(self, template: Template, row: Row, made: Mapping[str, Any]) -> str | None:
        values = {}
        for name in template.names:
            special = {"row": self.row, "file": self.file}
            value = _text(row.get(name, made.get(name, special.get(name))))
            if value is None:
                return None
            values[name] = value
        return template.text.format_map(values)


def _holds(condition: Condition, row: Row) -> bool:
    value = row.get(condition.column)
    text = _text(value)
    if condition.test == "missing":
        return (text is None) is condition.value
    if text is None:
        return False
    if condition.test in ("above", "below"):
        number = _decimal(text)
        if number is None:
            return False
        least = Decimal(str(condition.value))
        return number > least if condition.test == "above" else number < least
    if condition.test in ("prefix", "not_prefix"):
        return text.startswith(condition.value) is (condition.test == "prefix")
    return (text == _text(condition.value)) is (condition.test == "is")


def _text(value: Any) -> str | None:
    """The value as a file of texts has it; None for what is missing, which is also what is empty."""
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return value if isinstance(value, str) else str(value)


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _value(field: Field, source: FromColumn, value: Any) -> Any:
    if source.map is not None:
        text = _text(value)
        if text is not None:
            value = source.map.get(text.strip(), source.otherwise if source.otherwise is not None else text)
        elif source.otherwise is not None:
            value = source.otherwise
    if isinstance(value, float) and math.isnan(value):
        value = None
    if value is None or (value == "" and field.type != TEXTS):
        return None
    if field.type == MOMENT:
        return _moment(source, value)
    if field.type == TEXTS:
        return value
    return _typed(field, value, source.negate)


def _typed(field: Field, value: Any, negate: bool) -> Any:
    text = _text(value)
    if field.type == TEXT:
        return text
    if field.type == FLAG:
        return value if isinstance(value, bool) else _FLAGS.get((text or "").strip().lower(), value)
    number = _decimal(text or "")
    if number is None or isinstance(value, bool):
        return value
    number = -number if negate else number
    if field.type == WHOLE:
        return int(number) if number == number.to_integral_value() else float(number)
    return float(number) if field.type == REAL else value


def _money(source: Money, row: Row) -> Any:
    """In minor units, exactly; half a unit goes to the even one."""
    text = _text(row.get(source.column))
    if text is None:
        return None
    price = _decimal(text)
    times = Decimal(1) if source.times is None else _decimal(_text(row.get(source.times)) or "")
    currency = source.currency or _text(row.get(source.currency_column or ""))
    if price is None or times is None or currency is None:
        return text
    return int((price * abs(times)).scaleb(DIGITS.get(currency, 2)).to_integral_value(ROUND_HALF_EVEN))


def _moment(source: FromColumn, value: Any) -> Any:
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else _in_zone(value, source.zone)
    if source.unit is not None:
        number = _decimal(_text(value) or "")
        return value if number is None else _since_1970(int(number * _UNITS[source.unit]), value)
    return _moment_of(str(value).strip(), source.format, source.zone)


def _since_1970(micros: int, value: Any) -> Any:
    try:
        return _EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        return str(value)


@lru_cache(maxsize=65_536)
def _moment_of(text: str, format_: str | None, zone: str | None) -> Any:
    try:
        found = datetime.strptime(text, format_) if format_ else datetime.fromisoformat(text)
    except ValueError:
        return text
    return found if found.tzinfo is not None else _in_zone(found, zone)


def _in_zone(moment: datetime, zone: str | None) -> Any:
    """Of an hour that comes twice, the first is meant; one that never comes is an hour later. Without a zone it stays
    as it is: then it is refused."""
    if zone is None:
        return moment.isoformat()
    try:
        return moment.replace(tzinfo=_zone(zone)).astimezone(UTC)
    except OverflowError:
        return moment.isoformat()


@lru_cache
def _zone(name: str) -> ZoneInfo:
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)
