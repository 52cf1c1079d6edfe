"""`aedile eval`: what are conditions worth, each at one row, line by line?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

import typer

from aedile.cli.screen import json_line


def eval_(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Lines to answer; stdin by default.", show_default=False)
    ] = None,
    format_: Annotated[  # noqa: ARG001 - every verb takes it, and this one has one answer
        Literal["json"], typer.Option("--format", help="Always NDJSON.")
    ] = "json",
) -> None:
    """Evaluate conditions by the compiled engine: one JSON object a line in, one a line out.

    A line has the keys condition, features (name to type), row (name to value; absent or null is unknown) and, if it
    asks named lists, lists (name to texts). Times, durations and doubles that are not finite are written as CEL's text.

    The answer has value and type; or value null and unknown (code, features); or error (code, message, span, hint,
    fix). A line that cannot be answered gets an error, and the next one is read.

    \b
    Example
      echo '{"condition": "item.price * 2 > 3.5", "features": {"item.price": "double"},
        "row": {"item.price": 3.5}}' | aedile eval
      {"value": true, "type": "bool"}
    """
    from aedile.cli.evaluator import MAX_LINE_BYTES, Evaluator
    from aedile.documents import unreadable

    evaluator = Evaluator()
    try:
        opened = nullcontext(sys.stdin.buffer) if file is None or str(file) == "-" else file.open("rb")
        with opened as stream:
            for line in _lines(stream, MAX_LINE_BYTES):
                answer = evaluator.too_long() if line is None else evaluator.answer(line)
                sys.stdout.buffer.write(json_line(answer))
                sys.stdout.buffer.flush()  # who asks line by line, waits for each answer
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unreadable(file or "-", error) from None


def _lines(stream: BinaryIO, limit: int) -> Iterator[bytes | None]:
    """The lines that are not blank; None for one longer than the limit, which is skipped without being held."""
    while line := stream.readline(limit + 1):
        if len(line) > limit and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = stream.readline(limit)
            yield None
        elif not line.isspace():
            yield line
