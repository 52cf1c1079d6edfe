"""What went wrong, where, and how is it mended?

One family serves command line, API and console::

    AedileError
    ├── LanguageError   AED-LANG-…   a condition
    ├── SchemaError     AED-SCHEMA-… a feature schema
    ├── StrategyError   AED-STRAT-…  a strategy file or a set of strategies
    ├── DataError       AED-DATA-…   entities, lists, requests as data
    ├── ReleaseError    AED-REL-…    a release
    ├── UsageError      AED-USE-…    how a command or function was called
    ├── SettingsError   AED-CONF-…   a setting
    ├── StoreError      AED-STORE-…  what is kept: PostgreSQL, logs, journals, files
    ├── ConsoleError    AED-CON-…    what people do in the console
    └── ServerError     AED-SRV-…    a call of the server

A code never changes its meaning. `CODES` holds every code with a sentence and an example, from which
`docs/reference/errors.md` is generated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Code:
    """A documented error code: `example` is an input that provokes it, as a person would write it."""

    name: str
    meaning: str
    example: str


CODES: dict[str, Code] = {}


def define(name: str, meaning: str, example: str) -> Code:
    """Register an error code once; a second definition of the same name is a programming error."""
    if name in CODES:
        raise ValueError(f"{name} is defined twice")
    code = Code(name, meaning, example)
    CODES[name] = code
    return code


@dataclass(frozen=True, slots=True)
class Place:
    """Where the trouble is. Lines and columns start at 1; `span` is a half-open range of code points in a condition."""

    file: str | None = None
    line: int | None = None
    column: int | None = None
    field: str | None = None
    span: tuple[int, int] | None = None

    def __str__(self) -> str:
        parts = [self.file or ""]
        if self.line is not None:
            parts.append(str(self.line))
            if self.column is not None:
                parts.append(str(self.column))
        text = ":".join(part for part in parts if part)
        if self.field:
            text = f"{text} ({self.field})" if text else self.field
        return text


class AedileError(Exception):
    """An error a person can act upon: what is wrong (`message`), where (`place`), why (`hint`) and the mend (`fix`)."""

    family: ClassVar[str] = "AED"

    def __init__(
        self, code: Code, message: str, *, place: Place | None = None, hint: str | None = None, fix: str | None = None
    ) -> None:
        if not code.name.startswith(self.family):
            raise ValueError(f"{code.name} does not belong to {type(self).__name__}")
        super().__init__(message)
        self.code = code
        self.message = message
        self.place = place or Place()
        self.hint = hint
        self.fix = fix

    def at(self, **changes: Any) -> AedileError:
        """The same error with more of its place known, e.g. `error.at(file=..., line=...)`."""
        return type(self)(self.code, self.message, place=replace(self.place, **changes), hint=self.hint, fix=self.fix)

    def to_dict(self) -> dict[str, Any]:
        """The one JSON shape of an error, on command line, API and console."""
        place = self.place
        return {
            "code": self.code.name,
            "message": self.message,
            "file": place.file,
            "line": place.line,
            "column": place.column,
            "field": place.field,
            "span": list(place.span) if place.span is not None else None,
            "hint": self.hint,
            "fix": self.fix,
        }

    def __str__(self) -> str:
        where = str(self.place)
        lines = [f"{where}: {self.message} [{self.code.name}]" if where else f"{self.message} [{self.code.name}]"]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)


class LanguageError(AedileError):
    family = "AED-LANG"


class SchemaError(AedileError):
    family = "AED-SCHEMA"


class StrategyError(AedileError):
    family = "AED-STRAT"


class DataError(AedileError):
    family = "AED-DATA"


class ReleaseError(AedileError):
    family = "AED-REL"


class UsageError(AedileError):
    family = "AED-USE"


class SettingsError(AedileError):
    family = "AED-CONF"


class StoreError(AedileError):
    family = "AED-STORE"


class ConsoleError(AedileError):
    family = "AED-CON"


class ServerError(AedileError):
    family = "AED-SRV"


class Errors(Exception):  # noqa: N818  many errors, as its name says
    """Several independent errors found in one go, in the order of their places; never empty."""

    def __init__(self, errors: list[AedileError]) -> None:
        if not errors:
            raise ValueError("Errors needs at least one error")
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = errors
