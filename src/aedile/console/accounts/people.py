"""What is written when people, teams and grants change? Each inside a transaction that somebody else has begun.

Permission is not asked here: `actions.py` asks it for people in the console, the command line is for whoever owns the
installation.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from aedile.console.accounts.codes import BAD_GRANT, BAD_PERSON, BAD_TEAM, LAST_ADMIN
from aedile.console.accounts.links import link_of
from aedile.console.accounts.models import SLUG, Grant, Person, Team
from aedile.console.accounts.permissions import Role
from aedile.engine.strategy import ALL
from aedile.errors import ConsoleError

_ADMINS_LOCK = 7_203_331_403


def add_person(email: str, name: str, *, zone: str = "UTC", language: str = "") -> Person:
    """Somebody new, without a password and without a role."""
    person = Person(email=_address(email), name=_name(name), zone=zone, language=language)
    person.set_unusable_password()
    _save_person(person)
    return person


def edit_person(person: Person, *, email: str, name: str, zone: str, language: str) -> None:
    """Change what is told of somebody. With a new address the old one is forgotten: it signs nobody in."""
    new = _address(email)
    if new != person.email:
        EmailAddress.objects.filter(user=person).delete()
    person.email, person.name, person.zone, person.language = new, _name(name), zone, language
    _save_person(person)


def deactivate(person: Person) -> None:
    """End all by which somebody gets in, at once: sessions, password, links, API keys."""
    if person.is_active:
        _keep_an_admin(without=person)
    person.is_active = False
    person.set_unusable_password()
    _save_person(person)
    person.api_keys.filter(revoked=None).update(revoked=timezone.now())
    end_sessions(person)


def activate(person: Person) -> None:
    """Let somebody in again, who needs a new link to set a password."""
    person.is_active = True
    _save_person(person)


def make_link(person: Person) -> str:
    """A link to set a password; links made before are void."""
    if not person.is_active:
        raise ConsoleError(
            BAD_PERSON, f"{person} may not sign in", hint="a link would be of no use", fix="activate the person first"
        )
    person.link_made = timezone.now()
    _save_person(person)
    return link_of(person)


def end_sessions(person: Person, keys: Collection[str] | None = None) -> int:
    """End a person's sessions, all or those of the keys; how many there were."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    sessions = UserSession.objects.filter(user=person)
    if keys is not None:
        sessions = sessions.filter(session_key__in=keys)
    ended = list(sessions)
    for session in ended:
        store.delete(session.session_key)
        session.delete()
    return len(ended)


def grant(person: Person, role: str, markets: Collection[str], team: Team | None = None) -> Grant:
    """Give a role, or change the markets of one that the person has."""
    if role not in set(Role):
        raise ConsoleError(BAD_GRANT, f'"{role}" is not a role', fix=f"name one of {', '.join(Role)}")
    if role == Role.ADMIN and (team is not None or ALL not in markets):
        raise ConsoleError(
            BAD_GRANT,
            "the role admin is for all markets and all teams",
            hint="an admin gives roles to everybody, so a limit would be none",
            fix="give it for all, or give another role",
        )
    found, is_new = Grant.objects.get_or_create(
        person=person, role=role, team=team, defaults={"markets": list(markets)}
    )
    if not is_new:
        found.markets = list(markets)
        found.save(update_fields=["markets"])
    return found


def withdraw(given: Grant) -> None:
    """Take a role away."""
    if given.role == Role.ADMIN and given.person.is_active:
        _keep_an_admin(without=given.person)
    given.delete()


def add_team(slug: str, name: str, channel: str = "") -> Team:
    try:
        SLUG(slug)
    except ValidationError:
        raise ConsoleError(
            BAD_TEAM, f'"{slug[:60]}" is not a short name', fix="write lower-case letters, digits and single hyphens"
        ) from None
    if Team.objects.filter(slug=slug).exists():
        raise ConsoleError(BAD_TEAM, f"there is a team {slug} already", fix="take another short name")
    return Team.objects.create(slug=slug, name=_name(name), channel=channel)


def edit_team(team: Team, name: str, channel: str | None) -> None:
    """channel: where notices go, kept secret; None leaves it as it is."""
    team.name = _name(name)
    if channel is not None:
        team.channel = channel
    team.save()


def remove_team(team: Team) -> None:
    """Remove a team that owns nothing, with the grants that were for it."""
    try:
        with transaction.atomic():
            team.delete()
    except ProtectedError as error:
        raise ConsoleError(
            BAD_TEAM,
            f"the team {team.slug} owns {len(error.protected_objects)} strategies or lists",
            fix="give them to another team first",
        ) from None


def _keep_an_admin(*, without: Person) -> None:
    """Passes where somebody else is an active admin, too; two who remove each other at once meet at the lock."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_ADMINS_LOCK])
    admins = Grant.objects.filter(role=Role.ADMIN, person__is_active=True)
    if not admins.filter(person=without).exists() or admins.exclude(person=without).exists():
        return
    raise ConsoleError(
        LAST_ADMIN,
        f"{without} is the last admin",
        hint="without an admin nobody could manage people any more",
        fix="make somebody else an admin first",
    )


def _save_person(person: Person) -> None:
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError:
        raise ConsoleError(
            BAD_PERSON, f"somebody has the address {person.email} already", fix="look for them in People"
        ) from None


def _address(email: str) -> str:
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise ConsoleError(
            BAD_PERSON, f'"{email[:80]}" is not an e-mail address', fix="write one, as ayu@example.com"
        ) from None
    return address


def _name(name: Any) -> str:
    text = " ".join(str(name).split())
    if not text or len(text) > 120:
        raise ConsoleError(BAD_PERSON, "a name has from 1 to 120 characters", fix="write another one")
    return text
