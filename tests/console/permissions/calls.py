"""Which call needs which permission? Of the console's pages and of the API, with what it is sent.

An address may name `{draft}`, `{proposed}`, `{approved}`, `{live}` or `{urgent}`: the strategy of that stage which the
cell is about; `{decision}`, a decision's place in the log; `{move}`, something scheduled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """sent: a form to the console, JSON to the API; texts in it are filled in as addresses are."""

    method: str
    address: str
    sent: Mapping[str, Any] = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def is_api(self) -> bool:
        return self.address.startswith("/api/")

    def __str__(self) -> str:
        return f"{self.method} {self.address}"


def _get(address: str) -> Call:
    return Call("GET", address)


def _post(address: str, **sent: Any) -> Call:
    return Call("POST", address, sent)


def _both(deed: str, of: str, /, **sent: Any) -> tuple[Call, Call]:
    """One deed with a version: by its button, and by the API."""
    return (
        _post(f"/strategies/{{{of}}}/1/do/{deed}", **sent),
        _post(f"/api/v1/strategies/{{{of}}}/versions/1/{deed}", **sent),
    )


_AT = "2099-01-01T00:00"
_SPAN = {"start": "2098-01-01T00:00:00Z", "end": "2099-01-01T00:00:00Z", "why": "a campaign"}
_PERSON = {"email": "new@example.com", "name": "New", "zone": "UTC"}
_WHERE = "id={request}&at={at}"

CALLS: Mapping[str, tuple[Call, ...]] = {
    "strategy.view": (
        _get("/strategies/{live}/1/"), _get("/strategies/{live}/1/dossier"), _get("/strategies/{live}/1/1/compare"),
        _get("/api/v1/strategies/{live}"), _get("/api/v1/strategies/{live}/versions/1"),
    ),
    "strategy.write": (
        _post("/strategies/{draft}/1/edit", do="save", text="{text}", revision="1"),
        _post("/strategies/-/new", do="save", text="{new text}"),
        *_both("next", "live"),
        Call("PUT", "/api/v1/strategies/{draft}/versions/1", {"body": "{body}", "revision": 1}),
        _post("/api/v1/strategies", body="{new body}"),
    ),
    "strategy.comment": _both("comment", "live", why="I see."),
    "strategy.submit": (*_both("submit", "draft"), *_both("withdraw", "proposed")),
    "strategy.approve": (*_both("approve", "proposed"), *_both("refuse", "proposed", why="too wide")),
    "strategy.advance": (*_both("shadow", "approved"), *_both("canary", "approved", share=0.1)),
    "strategy.pause": _both("pause", "live", why="wrong"),
    "strategy.retire": _both("retire", "live", why="over"),
    "strategy.emergency": _both("emergency", "draft", why="at once"),
    "strategy.confirm": _both("confirm", "urgent"),
    "strategy.import": (_post("/api/v1/files/push", files="{files}", stamp="{stamp}"),),
    "release.view": (_get("/releases/"), _get("/releases/1/"), _get("/api/v1/releases"), _get("/api/v1/releases/1"),
                     _get("/api/v1/controls")),
    "release.schedule": (*_both("schedule", "approved", stage="live", at=_AT), _post("/strategies/moves/{move}/drop"),
                         _post("/api/v1/moves/{move}/drop")),
    "release.rollback": (_post("/releases/1/rollback", why="wrong"), _post("/api/v1/releases/1/rollback", why="wrong")),
    "release.freeze": (_post("/releases/freeze", start=_AT, end="2099-02-01T00:00", why="a campaign"),
                       _post("/api/v1/controls/freezes", **_SPAN)),
    "release.kill": (_post("/releases/kill", below="growth", why="wrong"),
                     _post("/api/v1/controls/kill", below="growth", why="wrong")),
    "list.view": (_get("/lists/"), _get("/lists/recalled/"), _get("/lists/recalled/revisions/1/file"),
                  _get("/api/v1/lists"), _get("/api/v1/lists/recalled")),
    "list.write": (
        _post("/lists/new", name="fresh", team="ours", meaning="What is new."),
        _post("/lists/recalled/changes/", how="put", seen="1", text="4006381333931"),
        _post("/lists/recalled/retire", why="over"),
        _post("/api/v1/lists", name="fresh", team="ours", meaning="What is new."),
        _post("/api/v1/lists/recalled/changes", how="put", seen=1, lines=["4006381333931"]),
    ),
    "decision.view": (
        _get("/decisions/{at}/{request}/"), _get("/decisions/{at}/{request}/why/item/dear/"),
        _get(f"/api/v1/decisions/one?{_WHERE}"), _get(f"/api/v1/decisions/why?{_WHERE}&candidate=dear"),
    ),
    "decision.replay": (_get("/decisions/{at}/{request}/replay?release=1"),
                        _get(f"/api/v1/decisions/replay?{_WHERE}&release=1"),
                        _post("/strategies/{live}/1/backtests", hours="24"),
                        _post("/api/v1/strategies/{live}/versions/1/backtests", hours=24)),
    "history.view": (_get("/settings/history/"), _get("/settings/history/1/"), _post("/jobs/verify-history"),
                     _get("/api/v1/history")),
    "person.view": (_get("/settings/people/"), _get("/settings/people/1/"), _get("/settings/teams/"),
                    _get("/settings/teams/ours/"), _get("/api/v1/people"), _get("/api/v1/people/1"),
                    _get("/api/v1/teams")),
    "person.manage": (
        _post("/settings/people/add/", **_PERSON, role="viewer", markets="all"),
        _post("/settings/people/1/edit/", **_PERSON), _post("/settings/people/1/link/"),
        _post("/settings/people/1/grants/", role="admin", markets="all"),
        _post("/settings/people/1/deactivate/", why="left"), _post("/settings/teams/add/", slug="more", name="More"),
        _post("/settings/teams/ours/", name="Others"),
        _post("/api/v1/people", **_PERSON), Call("PUT", "/api/v1/people/1", _PERSON),
        _post("/api/v1/people/1/grants", role="admin", markets=["all"]), _post("/api/v1/people/1/deactivate"),
        _post("/api/v1/teams", slug="more", name="More"),
    ),
    "key.own": (_post("/settings/account/keys/", note="mine", scopes="read", days="1"), _get("/api/v1/keys")),
    "key.manage": (_post("/settings/server-keys/", note="a shop", scopes="decide", days="1"),
                   _post("/settings/server-keys/{key}/revoke/"),
                   _get("/api/v1/server-keys"), _post("/api/v1/server-keys", scopes=["decide"], days=1),
                   Call("DELETE", "/api/v1/server-keys/{key}")),
    "schema.manage": (_post("/settings/schema", text="{schema}", note="anew"),
                      Call("PUT", "/api/v1/schema", {"text": "{schema}", "note": "anew"})),
    "outbox.view": (_get("/settings/outbox/"), _get("/api/v1/outbox")),
}  # fmt: skip

#: What one way has not, and why.
WITHOUT_PAGE = {"strategy.import": "files are pushed by `aedile push`, which calls the API"}
