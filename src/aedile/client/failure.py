"""What is shown when nothing was decided, and what is told of why?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from aedile.errors import CODES, AedileError, Code, Errors, Place, ServerError, define
from aedile.wire.answers import Answer, Placed
from aedile.wire.errors import ErrorEntry

NO_DECISION = define(
    "AED-SRV-060", "No decision came in time, and the client was told to raise.", "a server that is down"
)
STRANGE_ANSWER = define("AED-SRV-061", "An answer is none of aedile's server.", "a proxy's page of HTML")

#: open: show the candidates as sent. closed: show none. raise: leave it to the caller.
OnFailure = Literal["open", "closed", "raise"]


def undecided(request: Mapping[str, Any], on_failure: OnFailure, why: str) -> Answer:
    """The answer in place of a decision: all candidates by score as sent, or none. Raises where told to."""
    if on_failure == "raise":
        raise ServerError(
            NO_DECISION,
            f"no decision: {why}",
            hint="the client was made with on_failure='raise'",
            fix="see to the server, or tell the client to fail open or closed",
        )
    candidates: Sequence[Mapping[str, Any]] = request["candidates"] if on_failure == "open" else ()
    n = len(candidates)
    scores = [candidate.get("score") for candidate in candidates]
    shown = [1.0 / (place + 1) if score is None else float(score) for place, score in enumerate(scores)]
    order = sorted(range(n), key=lambda place: (-shown[place], candidates[place]["id"]))
    offset, limit = request.get("offset") or 0, request.get("limit")
    page = order[offset:] if limit is None else order[offset : offset + limit]
    slate = [Placed(candidates[c]["id"], shown[c], candidates[c].get("kind", "item")) for c in page]
    return Answer(request["id"], None, n, slate, [], failed=why)


def told(entries: Sequence[ErrorEntry], status: int) -> AedileError | Errors:
    """The errors that a server told, as the exception that was raised there."""
    errors = [_error(entry) for entry in entries]
    if not errors:
        return ServerError(
            STRANGE_ANSWER,
            f"the answer has status {status} and is none of aedile's server",
            hint="something between client and server may have answered",
            fix="check the address",
        )
    return errors[0] if len(errors) == 1 else Errors(errors)


def _error(entry: ErrorEntry) -> AedileError:
    code = CODES.get(entry.code) or Code(entry.code, "An error of a newer server.", "")
    families = [family for family in AedileError.__subclasses__() if code.name.startswith(family.family)]
    place = Place(entry.file, entry.line, entry.column, entry.field, entry.span)
    return (families or [AedileError])[0](code, entry.message, place=place, hint=entry.hint, fix=entry.fix)
