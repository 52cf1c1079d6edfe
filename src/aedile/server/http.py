"""How does a body come in, and an answer go out? One shape of errors, whatever went wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from starlette.types import Receive, Scope, Send

from aedile.errors import AedileError, Errors, ServerError, StoreError, define
from aedile.server.limits import STATUS as LIMIT_STATUS
from aedile.store.keys import STATUS as KEY_STATUS
from aedile.wire.errors import error_bytes

NOT_FOUND = define("AED-SRV-002", "There is nothing at this address.", "GET /v2/decisions")
WRONG_METHOD = define("AED-SRV-003", "The address does not know this method.", "GET /v1/decisions")
BODY_TOO_LARGE = define("AED-SRV-004", "The body is larger than the server takes.", "a body of 20 MiB")
WRONG_MEDIA = define("AED-SRV-005", "The body or the answer is of no format known here.", "Content-Type: text/csv")
BUSY = define("AED-SRV-006", "More waits than this worker can do in time.", "a sudden burst of requests")
FAILED = define("AED-SRV-007", "The server failed to answer; the fault is its own.", "a defect in aedile")

JSON = "application/json"
NDJSON = "application/x-ndjson"
ARROW = "application/vnd.apache.arrow.stream"

#: Statuses by code; other errors of the caller's are 400, of the store 503.
STATUS: dict[str, int] = {
    **KEY_STATUS,
    **LIMIT_STATUS,
    "AED-SRV-001": 503,
    NOT_FOUND.name: 404,
    WRONG_METHOD.name: 405,
    BODY_TOO_LARGE.name: 413,
    WRONG_MEDIA.name: 415,
    BUSY.name: 429,
    FAILED.name: 500,
    "AED-SRV-008": 421,
    "AED-SRV-009": 400,
    "AED-SRV-010": 431,
    "AED-SRV-011": 408,
    "AED-SRV-012": 503,
    "AED-DATA-106": 413,
    "AED-DATA-088": 413,
    "AED-STORE-103": 507,
}
Headers = Sequence[tuple[bytes, bytes]]
_NO_HEADERS: Headers = ()
_JSON_HEADER = (b"content-type", JSON.encode())


class Gone(Exception):  # noqa: N818  nothing went wrong here: whoever asked has left
    """The caller went away before its body was here."""


def header(scope: Scope, name: bytes) -> str | None:
    """The first value of a header; names are lower-case in ASGI."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


def bearer(scope: Scope) -> str | None:
    """The API key of a call, None where it brings none."""
    value = header(scope, b"authorization")
    if value is None or value[:7].lower() != "bearer ":
        return None
    return value[7:].strip()


def media_type(scope: Scope, allowed: Sequence[str]) -> str:
    """The format of the body: one of those allowed; JSON where the caller does not say."""
    encoding = header(scope, b"content-encoding")
    value = header(scope, b"content-type")
    named = (value or allowed[0]).partition(";")[0].strip().lower()
    if encoding not in (None, "", "identity") or named not in allowed:
        raise ServerError(
            WRONG_MEDIA,
            f"the body is {encoding or named!r:.80}, which is not taken here",
            hint=f"taken are {', '.join(allowed)}, not compressed",
            fix=f"send Content-Type: {allowed[0]}",
        )
    return named


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The whole body; a `ServerError` as soon as it is known to be larger than the limit, in bytes."""
    length = header(scope, b"content-length")
    if length is not None and length.isdigit() and int(length) > limit:
        raise _too_large(limit)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Gone
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > limit:
            raise _too_large(limit)
        return body
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise _too_large(limit)
    return b"".join(parts)


def _too_large(limit: int) -> ServerError:
    return ServerError(
        BODY_TOO_LARGE,
        f"the body has more than {limit >> 20} MiB",
        fix="send fewer candidates or entities at a time",
    )


async def respond(send: Send, status: int, body: bytes, headers: Headers = (_JSON_HEADER,)) -> None:
    """Send a whole answer."""
    sized = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": sized})
    await send({"type": "http.response.body", "body": body})


def status_of(error: AedileError) -> int:
    if isinstance(error, StoreError):
        return STATUS.get(error.code.name, 503)
    return STATUS.get(error.code.name, 400 if not isinstance(error, ServerError) else 500)


def error_answer(error: AedileError | Errors) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """Status, body and headers of the answer to a call that failed."""
    errors = error.errors if isinstance(error, Errors) else [error]
    status = status_of(errors[0])
    headers = [_JSON_HEADER]
    if status in (429, 503, 507):
        headers.append((b"retry-after", str(math.ceil(getattr(error, "retry_after", 1.0))).encode()))
    if status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="aedile"'))
    return status, error_bytes(errors), headers


def extra_headers(headers: Mapping[str, str]) -> Headers:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
