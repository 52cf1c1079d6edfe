"""What does somebody search the log for? The fields of the search, all of them in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aedile.console.decisions.codes import BAD_SEARCH
from aedile.engine.strategy import ALL
from aedile.errors import AedileError, ConsoleError, Errors, Place
from aedile.store.decision_flat import PARTS, Part
from aedile.store.decision_search import Cursor, Sought
from aedile.store.decision_units import Within

#: What a strategy may have done, for people.
PART_NAMES: Mapping[Part, str | Promise] = {
    "acted": _("acted"), "excluded": _("excluded"), "pinned": _("pinned"), "reserved": _("kept a place"),
    "capped": _("capped"), "relaxed": _("gave way"), "referred": _("sent to people"), "fired": _("fired"),
    "exempted": _("was held off"), "shadow": _("would have fired (shadow)"),
}  # fmt: skip
MOST = 300
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS = (
    "request", "kind", "id", "strategy", "part", "market", "channel", "query", "release", "since", "until",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """said: the fields as they were typed. after: where the page begins."""

    said: Mapping[str, str]
    sought: Sought
    after: Cursor | None

    def address(self, after: Cursor | None) -> str:
        """The query of the address of a page."""
        mark = {"after": f"{after.decided_at}.{after.request_id}"} if after is not None else {}
        return urlencode({name: value for name, value in {**self.said, **mark}.items() if value})

    @property
    def is_narrowed(self) -> bool:
        return any(value for name, value in self.said.items() if name not in ("part", "kind"))


def read(typed: Mapping[str, str], granted: frozenset[str]) -> Asked:
    """The search that was typed, within the markets that were granted; `Errors` where it cannot be understood."""
    said = {name: typed.get(name, "").strip()[:MOST] for name in _FIELDS}
    found: list[AedileError] = []
    within = Within(
        _moment(said, "since", 0, found), _moment(said, "until", 2**62, found), _markets(said["market"], granted),
        said["channel"] or None, _release(said, found),
    )  # fmt: skip
    part = said["part"] or "acted"
    if part not in PARTS:
        found.append(_error("part", f"{part!r} is nothing that a strategy does", f"one of {', '.join(PARTS)}"))
    after = _cursor(typed.get("after", ""), found)
    if found:
        raise Errors(found)
    sought = Sought(
        said["request"] or None, (said["kind"] or "item", said["id"]) if said["id"] else None, said["strategy"] or None,
        cast(Part, part), said["query"] or None, within,
    )  # fmt: skip
    return Asked(said, sought, after)


def _markets(market: str, granted: frozenset[str]) -> frozenset[str] | None:
    """None: every one. A market that was not granted is as if nothing had happened there."""
    if ALL in granted:
        return frozenset({market.upper()}) if market else None
    return granted & {market.upper()} if market else granted


def _moment(said: Mapping[str, str], name: str, missing: int, found: list[AedileError]) -> int:
    """A time as a browser sends it, in the viewer's zone, or with a zone of its own; microseconds since 1970."""
    text = said[name]
    if not text:
        return missing
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            at = timezone.make_aware(at)
        return int((at - _EPOCH) / timedelta(microseconds=1))
    except (ValueError, OverflowError):
        found.append(_error(name, f"{text[:60]!r} is not a time", "write 2026-11-24T08:30"))
        return missing


def _release(said: Mapping[str, str], found: list[AedileError]) -> int | None:
    text = said["release"]
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        found.append(_error("release", f"{text[:60]!r} is not the number of a release", "write a number"))
        return None
    return int(text)


def _cursor(text: str, found: list[AedileError]) -> Cursor | None:
    if not text:
        return None
    at, dot, request = text.partition(".")
    if not (dot and at.isascii() and at.isdecimal() and len(at) < 20):
        found.append(_error("after", "the place of the page is not one", "begin again"))
        return None
    return Cursor(min(int(at), 2**62), request)


def _error(field: str, message: str, fix: str) -> ConsoleError:
    return ConsoleError(BAD_SEARCH, message, place=Place(field=field), fix=fix)
