"""Which text is in a file that somebody sent? A list's own form or CSV, packed with gzip or not, and never too much."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aedile.console.lists.cells import lines_from_csv
from aedile.console.lists.codes import BAD_FILE, TOO_LARGE
from aedile.console.lists.limits import LINES_AT_ONCE, MAX_BYTES
from aedile.errors import ConsoleError
from aedile.language.list_lines import Bytes

_STEP = 1 << 20
#: Bytes in which every file that is no text has a NUL.
_LOOK = 1 << 13
_GZIP = b"\x1f\x8b"
#: How files begin that people take for text.
_STRANGE = {
    b"PK\x03\x04": "a spreadsheet or a zip archive",
    b"\xd0\xcf\x11\xe0": "a spreadsheet of an old kind",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ": "packed with xz",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
}


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """Lines as in a list's file. first: the number of the first in the file that was sent."""

    data: Bytes
    first: int = 1


def text_in(path: Path, *, is_csv: bool) -> Text:
    """The lines in a file. Raises `ConsoleError` where it is no text, or unpacks to too much."""
    data = bytearray()
    for step in _steps(path):
        data += step
        if len(data) > MAX_BYTES:
            raise _too_large()
    first = 1
    if is_csv:
        data, first = _from_csv(data)
    return Text(np.frombuffer(data, np.uint8), first)


def _from_csv(data: bytearray) -> tuple[bytearray, int]:
    try:
        return lines_from_csv(data)
    except csv.Error as error:
        raise _bad(f"the file is not CSV: {error}", "quotes stand around a whole cell, and end") from error


def is_small(path: Path) -> bool:
    """Whether the file has few lines, without reading more of it than these."""
    lines = size = 0
    for step in _steps(path):
        lines, size = lines + step.count(b"\n"), size + len(step)
        if lines > LINES_AT_ONCE or size > 100 * LINES_AT_ONCE:
            return False
    return True


def _steps(path: Path) -> Iterator[bytes]:
    """The file's bytes, unpacked where it is packed, a step at a time."""
    with path.open("rb") as raw:
        start = raw.read(_LOOK)
        raw.seek(0)
        for begin, what in _STRANGE.items():
            if start.startswith(begin) and b"\0" in start:
                raise _bad(f"the file is {what}", "a list is a text of one entry a line, or CSV")
        if not start.startswith(_GZIP):
            yield from iter(lambda: raw.read(_STEP), b"")
            return
        try:
            with gzip.GzipFile(fileobj=raw) as packed:
                yield from iter(lambda: packed.read(_STEP), b"")
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise _bad(
                f"the file cannot be unpacked: {error}", "it was packed with gzip, and is broken or cut off"
            ) from error


def _bad(what: str, hint: str) -> ConsoleError:
    return ConsoleError(BAD_FILE, what, hint=hint, fix="save it as text in UTF-8, one entry a line, and send that")


def _too_large() -> ConsoleError:
    return ConsoleError(
        TOO_LARGE, f"the file unpacks to more than {MAX_BYTES >> 20} MiB", fix="split it, or make several lists of it"
    )
