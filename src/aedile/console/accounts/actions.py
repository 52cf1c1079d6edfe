"""What may people do to people, teams and grants? Named actions: each asks permission and writes its history."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.conf import settings

from aedile.console.accounts import people
from aedile.console.base.acting import acting, noted
from aedile.console.base.addresses import require_address

if TYPE_CHECKING:
    from aedile.console.accounts.actor import Actor
    from aedile.console.accounts.models import Grant, Person, Team

MANAGE = "person.manage"
OWN = "account.own"


@contextmanager
def own_account(actor: Actor) -> Iterator[None]:
    """The transaction of what everybody may do: see to their own account."""
    with noted(actor.person.email, actor.via, OWN, key=actor.key):
        yield


def add_person(
    actor: Actor, email: str, name: str, *, zone: str = "UTC", language: str = "",
    grants: Collection[tuple[str, Collection[str], Team | None]] = (),
) -> tuple[Person, str]:  # fmt: skip
    """Somebody new, and the link by which they set a password. grants: role, markets and team of each."""
    with acting(actor, MANAGE):
        person = people.add_person(email, name, zone=zone, language=language)
        for role, markets, team in grants:
            people.grant(person, role, markets, team)
        return person, people.make_link(person)


def edit_person(actor: Actor, person: Person, *, email: str, name: str, zone: str, language: str) -> None:
    with acting(actor, MANAGE):
        people.edit_person(person, email=email, name=name, zone=zone, language=language)


def edit_own_account(actor: Actor, *, name: str, zone: str, language: str) -> None:
    """The address is an admin's to change: by it an identity provider finds the person."""
    with own_account(actor):
        people.edit_person(actor.person, email=actor.person.email, name=name, zone=zone, language=language)


def deactivate(actor: Actor, person: Person, why: str = "") -> None:
    with acting(actor, MANAGE, why=why):
        people.deactivate(person)


def activate(actor: Actor, person: Person) -> None:
    with acting(actor, MANAGE):
        people.activate(person)


def make_link(actor: Actor, person: Person) -> str:
    with acting(actor, MANAGE):
        return people.make_link(person)


def end_sessions(actor: Actor, person: Person) -> int:
    with acting(actor, MANAGE):
        return people.end_sessions(person)


def end_own_session(actor: Actor, key: str) -> int:
    with own_account(actor):
        return people.end_sessions(actor.person, [key])


def grant(actor: Actor, person: Person, role: str, markets: Collection[str], team: Team | None = None) -> Grant:
    """Only who manages people gives roles, to themselves as to others."""
    with acting(actor, MANAGE):
        return people.grant(person, role, markets, team)


def withdraw(actor: Actor, given: Grant) -> None:
    with acting(actor, MANAGE):
        people.withdraw(given)


def add_team(actor: Actor, slug: str, name: str, channel: str = "") -> Team:
    actor.require(MANAGE)
    _check_channel(channel)
    with acting(actor, MANAGE):
        return people.add_team(slug, name, channel)


def edit_team(actor: Actor, team: Team, name: str, channel: str | None) -> None:
    actor.require(MANAGE)
    _check_channel(channel or "")
    with acting(actor, MANAGE):
        people.edit_team(team, name, channel)


def _check_channel(address: str) -> None:
    """Notices go to the outside world alone; looked up before the transaction, for it takes a while."""
    if address:
        require_address(address, settings.AEDILE.notices.allowed)


def remove_team(actor: Actor, team: Team) -> None:
    with acting(actor, MANAGE):
        people.remove_team(team)
