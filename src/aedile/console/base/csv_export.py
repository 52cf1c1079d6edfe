"""How do rows leave as a file? As CSV, streamed, such that no spreadsheet takes a cell for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

if TYPE_CHECKING:
    from aedile.console.base.tables import Column

#: What a spreadsheet may run: https://owasp.org/www-community/attacks/CSV_Injection
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_CHUNK = 2_000
_MARK = "\ufeff"  # without it spreadsheets take the letters of most of the world for something else


class _Line:
    """What the writer writes to: it gives the line back."""

    def write(self, text: str) -> str:
        return text


def csv_answer(name: str, columns: Sequence[Column], rows: QuerySet[Any]) -> StreamingHttpResponse:
    """All rows, in constant memory."""
    answer = StreamingHttpResponse(_lines(columns, rows), content_type="text/csv; charset=utf-8")
    today = timezone.localdate()
    answer["Content-Disposition"] = f'attachment; filename="{name}-{today:%Y-%m-%d}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


def _lines(columns: Sequence[Column], rows: QuerySet[Any]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield _MARK + writer.writerow([column.name for column in columns])
    for row in rows.iterator(chunk_size=_CHUNK):
        yield writer.writerow([harmless(column.text(row)) for column in columns])


def harmless(value: Any) -> Any:
    """A cell's value, with an apostrophe before whatever could be a formula; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        value = " ".join(map(str, value))
    text = str(value)
    return f"'{text}" if text.startswith(_DANGEROUS) else text
