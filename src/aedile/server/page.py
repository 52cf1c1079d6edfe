"""What does a person see who opens the server in a browser? A page of what decides here now, and the API's documents.

The page is for whoever runs the server: it is served where the settings say so, by default on loopback alone, and only
under a name that is this machine's, so that no other site can read it through a browser.
"""

from __future__ import annotations

import hashlib
import html
import json
from functools import cache
from importlib.resources import files
from typing import Any

from starlette.requests import Request as Call
from starlette.responses import Response
from starlette.routing import Route

from aedile.errors import ServerError, define
from aedile.server.http import JSON, NOT_FOUND
from aedile.server.openapi import document
from aedile.settings import Settings

STRANGE_HOST = define(
    "AED-SRV-008",
    "The page is asked for under a name that is not this server's.",
    "a site whose name leads to loopback",
)
#: Nothing but our own script, style and calls; no frame, no form, no base.
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURE = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_TYPES = {"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}
_HTML = "text/html; charset=utf-8"


class Page:
    """The page's addresses; `is_open`: whether it is served without a key."""

    def __init__(self, settings: Settings) -> None:
        self.is_open = settings.server.page
        self._hosts = LOOPBACK | {settings.server.host}

    def routes(self) -> list[Route]:
        """`/openapi.json` and `/docs` are for everybody who may call; `/` and its assets where the page is open."""
        documents = [Route("/openapi.json", _openapi), Route("/docs", _docs), Route("/assets/{name}", _asset)]
        return [*documents, Route("/", self._index)] if self.is_open else documents

    def refuse_strange_host(self, call: Call) -> None:
        """Raises unless the call is to a name of this server: another site may have pointed its own name here."""
        host = call.headers.get("host", "")
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if name not in self._hosts:
            raise ServerError(
                STRANGE_HOST,
                f"{name[:80]!r} is not a name of this server",
                hint="the page is for whoever sits at this machine",
                fix="open it as http://localhost and the port",
            )

    async def _index(self, call: Call) -> Response:
        self.refuse_strange_host(call)
        return _answer(call, asset("index.html"), _HTML)


async def _openapi(call: Call) -> Response:
    return _answer(call, document(), JSON)


async def _docs(call: Call) -> Response:
    return _answer(call, documentation(), _HTML)


async def _asset(call: Call) -> Response:
    name = call.path_params["name"]
    if name not in _TYPES:
        raise ServerError(NOT_FOUND, f"there is nothing at {call.url.path:.80}", fix="see /docs")
    return _answer(call, asset(name), _TYPES[name])


def _answer(call: Call, body: bytes, media_type: str) -> Response:
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {**SECURE, "etag": tag, "cache-control": "no-cache"}
    if call.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


@cache
def asset(name: str) -> bytes:
    """A file that comes with the package."""
    return files("aedile.server").joinpath("assets", name).read_bytes()


@cache
def documentation() -> bytes:
    """The OpenAPI document as a page to read."""
    told = json.loads(document())
    operations = [
        _operation(path, method, operation)
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]
    title = f"{told['info']['title']} API"
    body = (
        f'<header><span class="wordmark">ædile</span><span class="note">{html.escape(told["info"]["summary"])}</span>'
        '<nav aria-label="Documents"><a href="/">Now</a><a href="/openapi.json">OpenAPI</a></nav></header>'
        "<main><section class='panel'><h1>How to ask</h1><p>Calls carry an API key: "
        "<code>Authorization: Bearer aedile_…</code>. Make one with <code>aedile key create --scope decide</code>. "
        "Whatever is refused is told in one shape: <code>{&quot;errors&quot;: [{&quot;code&quot;, &quot;message&quot;, "
        "&quot;field&quot;, &quot;hint&quot;, &quot;fix&quot;, …}]}</code>.</p></section>"
        f"{''.join(operations)}</main>"
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" '
        'content="light dark"><link rel="icon" href="data:,"><link rel="stylesheet" href="/assets/page.css"></head>'
        f'<body class="docs">{body}</body></html>'
    ).encode()


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    scopes = [scope for entry in operation["security"] for scope in entry["key"]]
    parts = [
        f"<h2><span class='method'>{method.upper()}</span><code>{html.escape(path)}</code></h2>",
        f"<p>{html.escape(operation['summary'])} {html.escape(operation.get('description', ''))}</p>",
        f"<p class='note'>{f'Scope: {scopes[0]}' if scopes else 'No key needed'}</p>",
    ]
    body = operation.get("requestBody", {}).get("content", {}).get(JSON)
    if body is not None:
        example = json.dumps(body["example"], ensure_ascii=False)
        command = (
            f"curl -X {method.upper()} http://localhost:8321{path} \\\n  -H 'Authorization: Bearer …' \\\n"
            f"  -H 'Content-Type: application/json' \\\n  -d '{example}'"
        )
        parts.append(_code(command))
    for status, answer in operation["responses"].items():
        parts.append(f"<p><strong>{status}</strong> {html.escape(answer['description'])}</p>")
        shown = answer.get("content", {}).get(JSON, {}).get("example")
        if shown is not None:
            parts.append(_code(json.dumps(shown, ensure_ascii=False, indent=1)))
    return f"<section class='panel'>{''.join(parts)}</section>"


def _code(text: str) -> str:
    return f'<pre tabindex="0"><code>{html.escape(text)}</code></pre>'
