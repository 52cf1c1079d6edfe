"""What do a caller and the server say to each other?

The shapes of requests, answers and errors over HTTP, shared by server and client. `read_request` takes a body to what
the engine decides; `answer_bytes` takes a decision to what the caller gets.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aedile.wire.answers import Answer, Excluded, Placed, answer_bytes, answer_of, read_answer
    from aedile.wire.arrow import read_arrow_request, rows_bytes
    from aedile.wire.errors import error_bytes, errors_in
    from aedile.wire.requests import read_request

__all__ = [
    "Answer",
    "Excluded",
    "Placed",
    "answer_bytes",
    "answer_of",
    "error_bytes",
    "errors_in",
    "read_answer",
    "read_arrow_request",
    "read_request",
    "rows_bytes",
]

_HOMES = {
    "answers": ("Answer", "Excluded", "Placed", "answer_bytes", "answer_of", "read_answer"),
    "arrow": ("read_arrow_request", "rows_bytes"),
    "errors": ("error_bytes", "errors_in"),
    "requests": ("read_request",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
