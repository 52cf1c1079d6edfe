"""A small mall, and programs that call the console with keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..lists.conftest import _no_files, keeper, make_list  # noqa: F401  fixtures
from ..strategies.conftest import mall, running  # noqa: F401  fixtures

_BOTH = ("read", "write")


@pytest.fixture
def call(console) -> Callable[..., Any]:
    """Calls the API as a person's key would: `call(person, "GET", "/strategies")`; the answer, its JSON at `.told`."""
    from django.test import Client

    client = Client(SERVER_NAME="localhost", raise_request_exception=False)
    keys: dict[tuple[int, str], str] = {}

    def make(
        person: Any, method: str, path: str, body: Any = None, *, scopes: tuple[str, ...] = _BOTH,
        type_: str = "application/json",
    ) -> Any:  # fmt: skip
        headers = {}
        if person is not None:
            at = (person.pk, ",".join(scopes))
            if at not in keys:
                keys[at] = key_for(person, scopes)
            headers["Authorization"] = f"Bearer {keys[at]}"
        address, sent = f"/api/v1{path}", _bytes(body)
        answer = client.generic(method, address, sent, content_type=type_, headers=headers)
        answer.told = answer.json() if answer["Content-Type"].startswith("application/json") else None
        return answer

    return make


def _bytes(body: Any) -> bytes:
    import json

    if body is None:
        return b""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def key_for(person: Any, scopes: tuple[str, ...]) -> str:
    from aedile.console.accounts.actor import Actor
    from aedile.console.accounts.keys import make_key

    return make_key(Actor(person), scopes, 1, "a test")[0]
