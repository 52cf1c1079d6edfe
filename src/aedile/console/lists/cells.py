"""How do entries stand in CSV, so that no spreadsheet takes one for a formula, and all come back as they were?"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from aedile.console.lists.looking import Entry

NAMES = ("entry", "expires")
#: What a spreadsheet takes for a formula when it begins a cell; in some languages the wide forms too.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
#: Within a cell these would break the line of a list's file; NUL is a character that no entry may have either.
_BREAKS = str.maketrans(dict.fromkeys("\n\r\t", "\0"))


def as_cell(text: str) -> str:
    """A text as a cell: with an apostrophe before it where it would be a formula, or would seem to be such a cell."""
    return f"'{text}" if _is_guarded(text) else text


def from_cell(cell: str) -> str:
    """The text that `as_cell` made a cell of."""
    return cell[1:] if cell.startswith("'") and _is_guarded(cell) else cell


def _is_guarded(text: str) -> bool:
    return text.lstrip("'").startswith(_FORMULA)


def csv_of(entries: Iterable[Entry], *, is_first: bool) -> str:
    """Entries as rows, below the names of the columns if they are the first."""
    text = io.StringIO()
    rows = csv.writer(text)
    if is_first:
        rows.writerow(NAMES)
    rows.writerows((as_cell(entry.text), entry.until) for entry in entries)
    return text.getvalue()


def lines_from_csv(data: bytearray) -> tuple[bytearray, int]:
    """Rows as lines of a list's file, and the number of the first; raises `csv.Error`.

    The entry is in the first column and its expiry in the second, unless a first row names columns otherwise. What is
    not UTF-8 stays so, and is found where lines are read.
    """
    text = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", errors="surrogateescape", newline="")
    rows = csv.reader(text, strict=True)
    lines = bytearray()
    places, first = (0, 1), 1
    for number, row in enumerate(rows):
        if number == 0 and (found := _named(row)) is not None:
            places, first = found, 2
        else:
            lines += _line(row, *places)
    return lines, first


def _named(row: list[str]) -> tuple[int, int] | None:
    """Where entry and expiry stand, if this is the row that names the columns."""
    names = [cell.strip().lower() for cell in row]
    if NAMES[0] not in names:
        return None
    return names.index(NAMES[0]), names.index(NAMES[1]) if NAMES[1] in names else len(names)


def _line(row: list[str], entry: int, expires: int) -> bytes:
    text, until = (row[place].translate(_BREAKS) if place < len(row) else "" for place in (entry, expires))
    line = f"{from_cell(text)}\t{until}\n" if until else f"{from_cell(text)}\n"
    return line.encode("utf-8", "surrogateescape")
