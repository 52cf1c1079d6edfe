"""How do errors travel? One shape for every answer that is not a success: {"errors": [{"code", "message", …}]}."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from aedile.errors import AedileError


class ErrorEntry(msgspec.Struct, frozen=True):
    """One error as `AedileError.to_dict` writes it: what is wrong, where, why, and how it is mended."""

    code: str
    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    field: str | None = None
    span: tuple[int, int] | None = None
    hint: str | None = None
    fix: str | None = None


class ErrorBody(msgspec.Struct, frozen=True):
    """The body of every answer that is not a success; never empty."""

    errors: list[ErrorEntry]


def error_bytes(errors: Sequence[AedileError]) -> bytes:
    """The errors as the JSON body of an answer."""
    return msgspec.json.encode({"errors": [error.to_dict() for error in errors]})


def errors_in(body: bytes) -> list[ErrorEntry]:
    """The errors in a body, none where it is not of the one shape: a proxy may have answered."""
    try:
        return msgspec.json.decode(body, type=ErrorBody).errors
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
