"""Who may do what? One table: what is done, by which roles, and whether their markets limit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Role(StrEnum):
    """What a person is in a team."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    STRATEGIST = "strategist"
    APPROVER = "approver"
    AUDITOR = "auditor"
    RESPONDER = "responder"
    COMMANDER = "commander"
    COMPLIANCE = "compliance"
    ADMIN = "admin"


ROLE_NAMES: Mapping[Role, Promise] = {
    Role.VIEWER: _("viewer"),
    Role.ANALYST: _("analyst"),
    Role.STRATEGIST: _("strategist"),
    Role.APPROVER: _("approver"),
    Role.AUDITOR: _("auditor"),
    Role.RESPONDER: _("responder"),
    Role.COMMANDER: _("commander"),
    Role.COMPLIANCE: _("compliance"),
    Role.ADMIN: _("admin"),
}


class Reach(StrEnum):
    """How far a grant's markets and team count for a permission."""

    ANYWHERE = "anywhere"  # it concerns no market: any grant of the role will do
    TOUCHES = "touches"  # one market in common is enough: to look
    COVERS = "covers"  # every market concerned must be among the grant's: to act
    OWNS = "owns"  # the same, and the grant must be of the owning team, or of no team


@dataclass(frozen=True, slots=True)
class Permission:
    """name: `desk.deed`. does: what it lets a person do, as a clause."""

    name: str
    does: Promise
    roles: frozenset[Role]
    reach: Reach


_ALL = frozenset(Role)
_R = Role


def _may(name: str, does: Promise, reach: Reach, *roles: Role) -> Permission:
    return Permission(name, does, frozenset(roles) or _ALL, reach)


#: Without roles: everybody who has any. Shown in Settings, and tested cell by cell.
PERMISSIONS: Mapping[str, Permission] = {
    permission.name: permission
    for permission in (
        _may("strategy.view", _("see strategies"), Reach.TOUCHES),
        _may("strategy.write", _("write drafts"), Reach.OWNS, _R.STRATEGIST, _R.RESPONDER, _R.COMMANDER),
        _may("strategy.comment", _("comment on strategies"), Reach.TOUCHES, *(_ALL - {_R.VIEWER})),
        _may("strategy.submit", _("submit drafts for approval"), Reach.OWNS, _R.STRATEGIST),
        _may("strategy.approve", _("approve or refuse what others submitted"), Reach.COVERS, _R.APPROVER),
        _may("strategy.advance", _("move approved versions towards live"), Reach.COVERS, _R.STRATEGIST, _R.APPROVER),
        _may(
            "strategy.pause", _("pause strategies"), Reach.COVERS,
            _R.STRATEGIST, _R.APPROVER, _R.RESPONDER, _R.COMMANDER,
        ),
        _may("strategy.retire", _("retire strategies"), Reach.OWNS, _R.STRATEGIST, _R.APPROVER),
        _may("strategy.emergency", _("put a strategy live at once"), Reach.COVERS, _R.RESPONDER, _R.COMMANDER),
        _may("strategy.confirm", _("confirm what went live at once"), Reach.COVERS, _R.APPROVER, _R.COMMANDER),
        _may("strategy.import", _("push strategies from files"), Reach.OWNS, _R.STRATEGIST),
        _may("release.view", _("see releases"), Reach.ANYWHERE),
        _may("release.schedule", _("schedule stages"), Reach.COVERS, _R.STRATEGIST, _R.APPROVER),
        _may("release.rollback", _("roll back releases"), Reach.ANYWHERE, _R.APPROVER, _R.RESPONDER, _R.COMMANDER),
        _may("release.freeze", _("freeze releases"), Reach.ANYWHERE, _R.COMMANDER, _R.ADMIN),
        _may("release.kill", _("pull the kill switch"), Reach.ANYWHERE, _R.COMMANDER),
        _may("list.view", _("see named lists"), Reach.ANYWHERE),
        _may(
            "list.write", _("change named lists"), Reach.ANYWHERE,
            _R.STRATEGIST, _R.RESPONDER, _R.COMMANDER, _R.COMPLIANCE,
        ),
        _may("decision.view", _("see decisions and why they came out so"), Reach.TOUCHES),
        _may(
            "decision.replay", _("replay decisions on another release"), Reach.TOUCHES,
            *(_ALL - {_R.VIEWER, _R.ADMIN}),
        ),
        _may(
            "history.view", _("read the history of all writes"), Reach.ANYWHERE,
            _R.AUDITOR, _R.COMPLIANCE, _R.COMMANDER, _R.ADMIN,
        ),
        _may("person.view", _("see people and teams"), Reach.ANYWHERE),
        _may("person.manage", _("manage people, teams and grants"), Reach.ANYWHERE, _R.ADMIN),
        _may("key.own", _("make API keys that act as oneself"), Reach.ANYWHERE, *(_ALL - {_R.VIEWER})),
        _may("key.manage", _("manage the decision server's keys"), Reach.ANYWHERE, _R.ADMIN),
        _may("schema.manage", _("change the feature schema"), Reach.ANYWHERE, _R.ADMIN),
        _may("outbox.view", _("see what was sent to whom"), Reach.ANYWHERE, _R.ADMIN, _R.COMPLIANCE),
    )
}  # fmt: skip
