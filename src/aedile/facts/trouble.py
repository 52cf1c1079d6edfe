"""What can be wrong with a fact that is sent, and in which words is it told?"""

from __future__ import annotations

from typing import Any

from aedile.errors import DataError, Place, define
from aedile.facts.kinds import FLAG, MOMENT, REAL, TEXT, WHOLE, FactKind, Field
from aedile.fields import kind_of, listing, suggestion

UNREADABLE = define("AED-DATA-073", "What was sent as facts cannot be read at all.", "a body that is not JSON")
UNKNOWN_COLUMN = define("AED-DATA-074", "A fact has a column that its kind does not.", '{"shoper": "ann"}')
WRONG_TYPE = define("AED-DATA-075", "A value of a fact is of the wrong type.", '{"position": "third"}')
MISSING = define("AED-DATA-076", "A value that a fact must have is missing.", '{"id": "e1"} alone')
BAD_VALUE = define("AED-DATA-077", "A value of a fact is not one that can be.", '{"position": 0}')
BAD_TEXT = define("AED-DATA-078", "A text of a fact is empty, too long, or holds control characters.", '{"id": ""}')
BAD_MOMENT = define(
    "AED-DATA-079", "A fact lies in the future or before 2000, or has no time zone.", '{"at": "2062-…"}'
)
NO_SUCH_CHANNEL = define("AED-DATA-087", "A channel is none that there is.", '{"channel": "hompage"}')
TOO_MANY = define("AED-DATA-088", "More facts are sent in one call than are taken.", "a body of a million facts")
OTHER_CONTENT = define(
    "AED-DATA-089", "A fact with this id came before, with other content.", "order o-1, then o-1 with another amount"
)

#: The most bytes of an id or a code, and of a longer text.
MAX_ID_BYTES, MAX_TEXT_BYTES = 128, 65_536
#: The most entries of a list.
MAX_ENTRIES = 10_000
_TYPES = {
    TEXT: ("a text", "in double quotes"),
    WHOLE: ("a whole number", "such as 3"),
    REAL: ("a number", "such as 0.5"),
    FLAG: ("true or false", "without quotes"),
    MOMENT: ("a time with its zone", "such as 2026-11-25T08:30:00Z"),
}


def type_of(field: Field) -> str:
    """The type of a column in words."""
    return _TYPES.get(field.type, ("a list of texts", ""))[0]


def unknown_column(kind: FactKind, name: str) -> DataError:
    known = [field.name for field in kind.sent]
    added = name in kind.fields
    return DataError(
        UNKNOWN_COLUMN,
        f"`{name[:60]}` is {'added on arrival' if added else f'not a column of {kind.name}'}",
        place=Place(field=name[:60]),
        hint=suggestion(name, known) or f"columns are {listing(known, 30)}",
        fix="correct the name, or leave it out",
    )


def missing(field: Field) -> DataError:
    return DataError(
        MISSING,
        f"`{field.name}` is missing",
        place=Place(field=field.name),
        hint=field.meaning,
        fix=f"send {type_of(field)}",
    )


def wrong_type(field: Field, value: Any) -> DataError:
    """value: as JSON has it."""
    wanted, how = _TYPES.get(field.type, ("a list of texts", 'such as ["a", "b"]'))
    return DataError(
        WRONG_TYPE,
        f"`{field.name}` is {kind_of(value)}, not {wanted}",
        place=Place(field=field.name),
        hint=field.meaning,
        fix=f"send {wanted}, {how}",
    )


def wrong_column(field: Field, given: str) -> DataError:
    """A whole column of a table is of another type. given: the type, as Arrow names it."""
    return DataError(
        WRONG_TYPE,
        f"the column `{field.name}` is of the type {given[:60]}, not {field.type}",
        place=Place(field=field.name),
        hint=f"it holds {type_of(field)}",
        fix=f"cast it to {field.type}",
    )


def bad_value(field: Field, value: Any) -> DataError:
    """A number below what can be, or one of so many words."""
    if field.values:
        said = suggestion(str(value), field.values)
        return DataError(
            BAD_VALUE,
            f"`{field.name}` is {kind_of(value)}",
            place=Place(field=field.name),
            hint=said,
            fix=f"send one of {listing(field.values, 20)}",
        )
    least = "a finite number" if field.least is None else f"a number from {field.least:g}"
    return DataError(
        BAD_VALUE, f"`{field.name}` is {value}", place=Place(field=field.name), hint=field.meaning, fix=f"send {least}"
    )


def out_of_range(field: Field, value: Any, low: int, high: int) -> DataError:
    return DataError(
        BAD_VALUE,
        f"`{field.name}` is {value}",
        place=Place(field=field.name),
        hint=field.meaning,
        fix=f"send a whole number from {low} to {high}",
    )


def bad_text(field: Field, size: int, most: int) -> DataError:
    """size: its bytes; one of a right size holds control characters."""
    what = "is empty" if size == 0 else f"has {size:,} bytes" if size > most else "holds control characters"
    return DataError(
        BAD_TEXT,
        f"`{field.name}` {what}",
        place=Place(field=field.name),
        hint=f"it has 1 to {most:,} bytes of UTF-8",
        fix="leave it out where there is none" if not field.required else "send another",
    )


def not_json(field: Field, wanted: str) -> DataError:
    return DataError(
        BAD_VALUE,
        f"`{field.name}` is not the text of {wanted}",
        place=Place(field=field.name),
        hint=field.meaning,
        fix="write it with a JSON library",
    )


def bad_currency(field: Field, value: str) -> DataError:
    return DataError(
        BAD_VALUE,
        f"`{value[:20]}` is not a currency",
        place=Place(field=field.name),
        hint="currencies are three capital letters of ISO 4217",
        fix="send a code such as IDR",
    )


def bad_moment(field: Field, shown: str, *, late: bool) -> DataError:
    return DataError(
        BAD_MOMENT,
        f"`{field.name}` is {shown}",
        place=Place(field=field.name),
        hint="it lies more than a day in the future" if late else "nothing before 2000 is taken",
        fix="see to the sender's clock, and to the unit of the time",
    )


def no_such_channel(value: str, channels: tuple[str, ...]) -> DataError:
    return DataError(
        NO_SUCH_CHANNEL,
        f"`{value[:60]}` is not a channel",
        place=Place(field="channel"),
        hint=suggestion(value, channels) or f"channels are {listing(channels)}",
        fix="correct it, or leave it out",
    )


def unreadable(why: str) -> DataError:
    return DataError(
        UNREADABLE,
        f"what was sent cannot be read: {why[:200]}",
        hint='facts come one a line, or as {"facts": […]}, or as an Arrow IPC stream',
        fix="write it with a JSON library, in UTF-8",
    )


def too_many(count: int, most: int) -> DataError:
    return DataError(TOO_MANY, f"there are {count:,} facts, the most is {most:,}", fix="send them in several calls")
