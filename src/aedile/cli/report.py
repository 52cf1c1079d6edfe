"""How is a person told what went wrong, and a script?

One style for every error: code and place, what is wrong, the line with a caret where there is one, hint and fix.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from aedile.cli.screen import print_json, visible
from aedile.errors import AedileError, Errors, Place, UsageError

DONE, REFUSED, WRONG_CALL, FINDINGS, INTERRUPTED, READER_GONE = 0, 1, 2, 3, 130, 141

#: Of a long line so much is shown before and after the place.
_AROUND = 60
#: Files larger than this are data, whose lines help nobody.
_MOST_BYTES = 4 << 20


def listed(error: AedileError | Errors) -> list[AedileError]:
    """The single errors of one that may be several."""
    return error.errors if isinstance(error, Errors) else [error]


def exit_code(errors: Sequence[AedileError]) -> int:
    """2 where the call itself is wrong, 1 where its input is."""
    return WRONG_CALL if all(isinstance(error, UsageError) for error in errors) else REFUSED


def report(errors: Sequence[AedileError], *, as_json: bool) -> int:
    """Tell of errors, on stderr as text or on stdout as JSON; returns the exit code."""
    if as_json:
        print_json({"errors": [error.to_dict() for error in errors]})
    else:
        print("\n\n".join(described(error) for error in errors), file=sys.stderr)
        if len(errors) > 1:
            print(f"\n{len(errors):,} errors", file=sys.stderr)
    return exit_code(errors)


def described(error: AedileError) -> str:
    """An error as a person reads it, over several lines."""
    where = str(error.place)
    lines = [f"error {error.code.name}{': ' + where if where else ''}", f"  {error.message}", *_source(error.place)]
    lines += [f"  {name}: {text}" for name, text in (("hint", error.hint), ("fix", error.fix)) if text]
    return visible("\n".join(lines))


def _source(place: Place) -> list[str]:
    """The line of the place with a caret below it, where the file can be read once more."""
    if place.file is None or place.line is None or place.column is None:
        return []
    try:
        if Path(place.file).stat().st_size > _MOST_BYTES:
            return []
        text = Path(place.file).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return []
    lines = text.split("\n")
    if not 1 <= place.line <= len(lines):
        return []
    line, at = lines[place.line - 1].rstrip("\r"), place.column - 1
    if not 0 <= at <= len(line):
        return []
    length = max(1, place.span[1] - place.span[0]) if place.span is not None else 1
    start, end = max(0, at - _AROUND), min(len(line), at + _AROUND)
    shown = visible(line[start:at].replace("\t", " ")), visible(line[at:end].replace("\t", " "))
    number = f"  {place.line} | "
    caret = "^" * max(1, min(length, end - at))
    return [f"{number}{''.join(shown)}", f"{' ' * (len(number) - 2)}| {' ' * len(shown[0])}{caret}"]
