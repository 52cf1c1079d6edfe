"""Who calls, and what may a call bring? Text and numbers that a database holds, nested as deep as people write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from django.http import HttpRequest
from ninja import Path, Query
from ninja.parser import Parser

from aedile.console.accounts.actor import Actor
from aedile.console.base.codes import BAD_INPUT
from aedile.errors import ConsoleError, Place

#: The largest number of a row, a version, a release.
MOST = 2**31 - 1
#: Levels of lists and objects in a body: a strategy's text has six.
DEEPEST = 32
_INTS = range(-(2**63), 2**63)

NUMBER = Path(ge=0, le=MOST)
LIMIT = Query(50, ge=1, le=200, description="So many at most.")


def actor_in(request: HttpRequest) -> Actor:
    """As whom the call is made; `auth.py` found it out before anything was read."""
    found: Actor = request.actor
    return found


def aware(moment: datetime, field: str) -> datetime:
    """A moment that has its zone and is of this age, or an error at its field."""
    if moment.tzinfo is None or not 1971 <= moment.year <= 9998:
        raise ConsoleError(
            BAD_INPUT, "a time has its zone, and is of this age", place=Place(field=field), fix="2026-11-11T00:00:00Z"
        )
    return moment


class Strict(Parser):
    """Reads a body as JSON that means the same to everybody who reads it."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        try:
            said = json.loads(request.body, parse_constant=_no_number, object_pairs_hook=_object)
        except RecursionError:
            raise _too_deep() from None
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise ConsoleError(
                BAD_INPUT, f"the body is no JSON: {error}"[:300], fix="send one JSON document in UTF-8"
            ) from None
        except ValueError:  # a number of thousands of digits
            raise _odd("a number has more digits than anybody writes") from None
        for value in _values(said):
            _check(value)
        return cast(dict[str, Any], said)


def check_address(request: HttpRequest) -> None:
    """Passes, or raises where an address holds what no text in the console holds."""
    for text in (request.path, *request.GET.keys(), *(one for found in request.GET.lists() for one in found[1])):
        _check(text)


def _values(said: Any) -> Iterator[Any]:
    """All names and values at any depth, without recursion."""
    waiting = [(said, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise _too_deep()
        if isinstance(value, dict):
            yield from value
            waiting += [(inner, depth + 1) for inner in value.values()]
        elif isinstance(value, list):
            waiting += [(inner, depth + 1) for inner in value]
        else:
            yield value


def _check(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise _odd("a text holds a zero character")
        if not value.isascii() and any("\ud800" <= one <= "\udfff" for one in value):
            raise _odd("a text holds half of a character (a lone surrogate)")
    elif isinstance(value, int) and value not in _INTS:
        raise _odd("a whole number has more than 64 bits")
    elif isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise _odd("a number is larger than any double")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ConsoleError(
            BAD_INPUT, f"the name {twice[:100]!r} is there twice in one object", place=Place(field=twice[:100]),
            fix="send it once",
        )  # fmt: skip
    return found


def _no_number(name: str) -> Any:
    raise _odd(f"{name} is no JSON")


def _odd(what: str) -> ConsoleError:
    return ConsoleError(BAD_INPUT, what, fix="send text and numbers as people write them")


def _too_deep() -> ConsoleError:
    return ConsoleError(BAD_INPUT, f"the body is nested deeper than {DEEPEST} levels", fix="send it flatter")
