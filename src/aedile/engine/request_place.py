"""Where in which request is the trouble, and what is it called?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aedile.errors import Code, DataError, Place, define
from aedile.fields import shorten

NOT_JSON = define("AED-DATA-101", "A line is not JSON, or not a kind of it that is safe to read.", '{"id": NaN}')
WRONG_KIND = define("AED-DATA-102", "A value of a request is of the wrong kind.", '{"candidates": "a, b"}')
UNKNOWN_FIELD = define("AED-DATA-103", "A field of a request is not known.", '{"canditates": []}')
MISSING_FIELD = define("AED-DATA-104", "A required field of a request is missing.", '{"id": "r1"}')
BAD_VALUE = define("AED-DATA-105", "A value of a request is not one that can be.", '{"market": "UK"}')
TOO_LARGE = define("AED-DATA-106", "A request is larger than a request may be.", "a request of 10,001 candidates")
BAD_SCORES = define("AED-DATA-107", "Scores are not all given or all absent, or not finite and ≥ 0.", '{"score": -1}')
DUPLICATE_CANDIDATE = define("AED-DATA-108", "One candidate is sent twice.", '[{"id": "a"}, {"id": "a"}]')
UNKNOWN_FEATURE = define(
    "AED-DATA-109", "A feature sent with a request is not declared.", '{"features": {"prise": 1.5}}'
)
NOT_SENDABLE = define(
    "AED-DATA-110", "A feature is sent that does not come with requests.", '{"features": {"price": 1.5}}'
)
WRONG_TYPE = define(
    "AED-DATA-111", "A feature sent with a request is of the wrong type.", '{"features": {"live_score": "high"}}'
)
MISSING_FEATURE = define("AED-DATA-112", "A feature that must come with requests is missing.", '{"context": {}}')


@dataclass(frozen=True, slots=True)
class Where:
    """The file and line of a request; both None for one that comes as an object."""

    file: str | None = None
    line: int | None = None

    def error(
        self,
        code: Code,
        message: str,
        field: str | None = None,
        *,
        column: int | None = None,
        hint: str | None = None,
        fix: str | None = None,
    ) -> DataError:
        return DataError(code, message, place=Place(self.file, self.line, column, field), hint=hint, fix=fix)

    def text(self, value: Any, key: str) -> str:
        """The value, which must be a text that can be written as UTF-8."""
        if not isinstance(value, str):
            raise self.error(
                WRONG_KIND, f"`{key}` is {self.kind(value)}, not a text", key, fix="send a text in double quotes"
            )
        if not value.isascii() and has_lone_surrogate(value):
            raise self.error(
                BAD_VALUE,
                f"`{key}` holds half of a surrogate pair, which is no character",
                key,
                hint="the text was cut in the middle of a character",
                fix="cut texts between characters",
            )
        return value

    @staticmethod
    def kind(value: Any) -> str:
        """What a JSON value is, in words."""
        if value is None:
            return "null"
        names = {bool: "a truth value", int: "a number", float: "a number", str: "a text", list: "a list"}
        return names.get(type(value), "an object")

    @staticmethod
    def show(value: Any) -> str:
        """A JSON value as it was written, cut where it gets long."""
        if isinstance(value, str):
            return shorten(value)
        if isinstance(value, bool):
            return str(value).lower()
        return str(value)[:40] if isinstance(value, int | float) else Where.kind(value)


def has_lone_surrogate(text: str) -> bool:
    """Whether a text holds a code point that UTF-8 has no bytes for."""
    return any("\ud800" <= c <= "\udfff" for c in text)
