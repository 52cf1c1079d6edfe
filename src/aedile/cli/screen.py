"""How do results look on a terminal, in a pipe, and as JSON?

Results go to stdout, notes and progress to stderr. Text that comes from data is shown, never obeyed: no markup, no
control characters.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from rich.console import Console

#: Where nobody looks at a terminal, lines may be long: what reads them cuts no table.
WIDTH_OF_A_PIPE = 240

#: Control characters other than tab and newline, and those that turn the direction of text around.
_CONTROLS = {
    point: f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}"
    for point in (
        *(p for p in range(0x20) if p not in (0x09, 0x0A)),
        *range(0x7F, 0xA0),
        0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000),
    )
}  # fmt: skip


class Format(StrEnum):
    """How a verb answers."""

    TEXT = "text"
    JSON = "json"


def visible(text: str) -> str:
    """The text with control characters as escapes, so that data cannot steer a terminal."""
    return text.translate(_CONTROLS)


def console(*, error: bool = False) -> Console:
    """A console on stdout, or on stderr, that takes text as it is."""
    from rich.console import Console

    file = sys.stderr if error else sys.stdout
    width = None if file.isatty() else WIDTH_OF_A_PIPE
    return Console(file=file, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)


def say(text: str = "") -> None:
    """One line of the answer."""
    print(visible(text))


def note(text: str) -> None:
    """A remark beside the answer, on stderr."""
    print(visible(text), file=sys.stderr)


def print_json(document: Any) -> None:
    """The whole answer as one JSON document."""
    sys.stdout.flush()
    sys.stdout.buffer.write(json_line(document, indent=2))
    sys.stdout.buffer.flush()


def json_line(document: Any, indent: int | None = None) -> bytes:
    """JSON in UTF-8 with a newline; what UTF-8 has no bytes for becomes the escape that JSON has for it."""
    text = json.dumps(document, ensure_ascii=False, indent=indent, allow_nan=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def shown(value: Any) -> str:
    """A cell's text: numbers with separators, nothing for None and 0, lists joined."""
    if value is None or value == 0:
        return ""
    if isinstance(value, bool):
        return "yes"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value)


def table(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]], *, error: bool = False) -> None:
    """A table with a title; columns of numbers stand to the right. Nothing is printed where there are no rows."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    rows = list(rows)
    if not rows:
        return
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, name in enumerate(header):
        numbers = all(isinstance(row[place], int | float | None) for row in rows)
        drawn.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(visible(shown(value))) for value in row))
    screen = console(error=error)
    with screen.capture() as captured:
        screen.print(Text(visible(title), "bold"), drawn, sep="\n")
    lines = captured.get().split("\n")
    print("\n".join(line.rstrip() for line in lines), file=screen.file, end="")


def columns_in_use(header: Sequence[str], rows: Sequence[Mapping[str, Any]], always: int) -> list[str]:
    """The first `always` names of a header, and those of the others for which any row has something to show."""
    return [name for place, name in enumerate(header) if place < always or any(row[name] for row in rows)]


class Step(Protocol):
    """Tells a progress display that one more is done."""

    def __call__(self) -> None: ...


@contextmanager
def progress(what: str) -> Iterator[Step]:
    """A running count on stderr while the block works, where a person is looking."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description} {task.completed:,.0f}"), TimeElapsedColumn())
    with Progress(*columns, console=console(error=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda: bar.advance(task)
