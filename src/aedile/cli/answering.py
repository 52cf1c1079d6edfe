"""How does the answer of a query leave: as a table, JSON, CSV that no spreadsheet takes for formulas, or Parquet?"""

from __future__ import annotations

import csv
import io
import math
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aedile.cli.screen import json_line, say, table
from aedile.cli.writing import written_aside

if TYPE_CHECKING:
    import pyarrow as pa

    from aedile.cli.query import Answer

#: What a spreadsheet may run: https://owasp.org/www-community/attacks/CSV_Injection
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_answer(answer: pa.Table, format_: Answer, out: Path | None) -> None:
    """To the file, or to stdout where there is none."""
    if format_ == "parquet":
        _write(_parquet(answer), out)
    elif format_ == "csv":
        _write(_csv(answer), out)
    elif format_ == "json":
        rows = [{name: _plain(value) for name, value in row.items()} for row in answer.to_pylist()]
        columns = [{"name": field.name, "type": str(field.type)} for field in answer.schema]
        _write(json_line({"columns": columns, "rows": rows}, indent=2), out)
    elif out is not None:
        _write(_csv(answer, between="\t"), out)
    elif len(answer) == 0:
        say(f"No rows; the columns are {', '.join(answer.column_names)}.")
    else:
        table("", answer.column_names, [[_cell(value) for value in row.values()] for row in answer.to_pylist()])


def _write(data: bytes, out: Path | None) -> None:
    if out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    with written_aside(out) as file:
        file.write(data)


def _parquet(answer: pa.Table) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(answer, sink, compression="zstd")
    return bytes(sink.getvalue())


def _csv(answer: pa.Table, between: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=between)
    writer.writerow([harmless(name) for name in answer.column_names])
    for row in answer.to_pylist():
        writer.writerow([harmless(_plain(value)) for value in row.values()])
    return text.getvalue().encode("utf-8", "backslashreplace")


def harmless(value: Any) -> Any:
    """A cell's value, with an apostrophe before whatever could be a formula; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return value
    if isinstance(value, list | dict):
        value = json_line(value).decode().strip()
    return f"'{value}" if str(value).startswith(_DANGEROUS) else value


def _plain(value: Any) -> Any:
    """A value as JSON has it; numbers that are none are texts."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value


def _cell(value: Any) -> Any:
    """A value in a table: unlike elsewhere a zero is shown, for it is not the same as nothing."""
    plain = _plain(value)
    return "0" if plain == 0 and not isinstance(plain, bool | str) else plain
