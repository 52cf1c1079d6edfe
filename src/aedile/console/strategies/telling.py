"""Who is told what of strategies? Called by actions and chores, in their transactions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from aedile.console.accounts.models import Grant, Person, Team
from aedile.console.accounts.permissions import PERMISSIONS
from aedile.console.base.models import Outbox
from aedile.console.base.notices import notify
from aedile.console.strategies.models import Version
from aedile.engine.strategy import ALL

#: Before a strategy ends its team is told so many days; afterwards not again for as long.
ENDING = timedelta(days=7)


def tell_of_proposal(version: Version) -> None:
    """Those who may approve it in all its markets, but for its author."""
    roles = PERMISSIONS["strategy.approve"].roles
    grants = Grant.objects.filter(role__in=roles, person__is_active=True).select_related("person")
    for person in {grant.person for grant in grants if _covers(grant, version)} - {version.author}:
        _tell(person, "strategy.submit", _("%(version)s waits for approval") % {"version": version}, version)


def tell_of_word(version: Version, person: Person, note: str, *, approves: bool) -> None:
    """The author."""
    words = {"person": person, "version": version}
    said = _("%(person)s approved %(version)s") if approves else _("%(person)s refused %(version)s")
    _tell(version.author, "strategy.approve" if approves else "strategy.refuse", said % words, version, note)


def tell_of_emergency(version: Version, person: Person, why: str) -> None:
    """The owning team, and those who may confirm it."""
    words = {"person": person, "version": version}
    subject = _("%(person)s put %(version)s live at once; it waits for confirmation") % words
    _tell(version.strategy.team, "strategy.emergency", subject, version, why)
    roles = PERMISSIONS["strategy.confirm"].roles
    grants = Grant.objects.filter(role__in=roles, person__is_active=True).select_related("person")
    for other in {grant.person for grant in grants if _covers(grant, version)} - {person}:
        _tell(other, "strategy.emergency", subject, version, why)


def tell_of_emergency_over(version: Version) -> None:
    subject = _("%(version)s was not confirmed within a day, and pauses") % {"version": version}
    _tell(version.strategy.team, "strategy.emergency-ends", subject, version)


def tell_of_failed_move(version: Version, person: Person, stage: str, trouble: str) -> None:
    subject = _("%(version)s could not become %(stage)s as scheduled") % {"version": version, "stage": stage}
    _tell(person, "release.schedule", subject, version, trouble)


def tell_of_end(version: Version, now: datetime) -> bool:
    """The owning team, once in a while; whether it was told."""
    assert version.expires is not None
    link = reverse("strategy", args=[version.strategy_id])
    if Outbox.objects.filter(
        team=version.strategy.team, kind="strategy.expires", link=link, made__gt=now - ENDING
    ).exists():
        return False
    day = version.expires.strftime("%Y-%m-%d %H:%MZ")
    ended = _("%(version)s ended on %(day)s") if version.expires <= now else _("%(version)s ends on %(day)s")
    _tell(version.strategy.team, "strategy.expires", ended % {"version": version, "day": day}, version)
    return True


def tell_of_budget(version: Version, alert: Mapping[str, Any]) -> bool:
    """The owning team, once a day for each budget that is exceeded; alert: one of the decision server's
    (`aedile.server.budgets`). Whether it was told."""
    team, kind = version.strategy.team, f"strategy.over-{alert['budget']}"
    day = datetime.fromtimestamp(alert["since"], UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    link = reverse("strategy", args=[version.strategy_id])
    if Outbox.objects.filter(team=team, kind=kind, link=link, made__gte=day).exists():
        return False
    paused = _("%(version)s is over its budget, and pauses until the day ends (UTC)")
    goes_on = _("%(version)s is over its budget, and goes on for the sake of its tier")
    words = {"what": alert["what"], "share": f"{alert['share']:.2%}", "limit": f"{alert['limit']:.2%}"}
    text = _("It touched %(share)s of today's %(what)s; its budget is %(limit)s.") % words
    _tell(team, kind, (paused if alert["paused"] else goes_on) % {"version": version}, version, text)
    return True


def _tell(to: Team | Person, kind: str, subject: str, version: Version, text: str = "") -> None:
    notify(to, kind, subject, text, reverse("strategy", args=[version.strategy_id]))


def _covers(grant: Grant, version: Version) -> bool:
    return ALL in grant.markets or (ALL not in version.markets and set(version.markets) <= set(grant.markets))
