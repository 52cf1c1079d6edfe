"""What did shoppers type?"""

from __future__ import annotations

import csv
from pathlib import Path

from aedile.documents import UNREADABLE, decode
from aedile.errors import DataError, Place, define
from aedile.fields import listing, suggestion

NO_QUERIES = define("AED-DATA-060", "A file of queries has none.", "an empty queries.txt")
NO_QUERY_COLUMN = define("AED-DATA-061", "A CSV of queries has no column of them.", "a CSV with the header term,count")


def read_queries(path: Path | str, column: str = "query") -> list[str]:
    """The distinct queries of a file in the order they first stand in it.

    A `.csv` has them in one column, any other file is text with one a line. Blank ones do not count. A `DataError`
    says why a file gives none.
    """
    path = Path(path)
    try:
        text = decode(path.read_bytes(), str(path))
    except OSError as error:
        reason = (error.strerror or "it cannot be opened").lower()
        raise DataError(
            UNREADABLE, f"the file cannot be read: {reason}", place=Place(str(path)), fix="check the path"
        ) from None
    lines = _column(text, column, path) if path.suffix.lower() == ".csv" else text.splitlines()
    queries = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not queries:
        raise DataError(
            NO_QUERIES,
            "the file has no queries",
            place=Place(str(path)),
            hint=f"in a CSV they stand in the column `{column}`, in any other file one a line",
            fix="write at least one",
        )
    return queries


def _column(text: str, column: str, path: Path) -> list[str]:
    rows = csv.DictReader(text.splitlines(keepends=True))
    header = list(rows.fieldnames or [])
    if column not in header:
        raise DataError(
            NO_QUERY_COLUMN,
            f"the file has no column `{column}`",
            place=Place(str(path), 1),
            hint=suggestion(column, header) or f"it has {listing(header) or 'no columns'}",
            fix=f"name the column of queries `{column}`",
        )
    return [row[column] or "" for row in rows]
