"""Who works in the demo's marketplace? Teams, and people in every role, in several markets."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aedile.console.accounts import people
from aedile.console.accounts.actor import Actor
from aedile.console.accounts.models import Person, Team
from aedile.console.base.acting import noted
from aedile.console.demo.owner import FIRST

ALL = ("all",)

TEAMS: Mapping[str, str] = {
    "ads": "Ads", "brand-protection": "Brand protection", "campaigns": "Campaigns", "discovery": "Discovery",
    "fraud": "Fraud", "growth": "Growth", "incident-response": "Incident response",
    "listing-quality": "Listing quality", "live": "Live", "logistics": "Logistics", "mall": "Mall",
    "market-access": "Market access",
    "minors-protection": "Protection of minors", "product-safety": "Product safety", "search-quality": "Search quality",
    "seller-growth": "Seller growth",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Somebody:
    """grants: (role, markets, teams; without any the grant is for all teams)."""

    name: str
    zone: str
    grants: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]


PEOPLE: Mapping[str, Somebody] = {
    FIRST: Somebody("Ada Lindqvist", "Europe/Stockholm", (("admin", ALL, ()),)),
    "lena@demo.example": Somebody(
        "Lena Fischer", "Europe/Berlin",
        (("strategist", ALL, ("product-safety", "incident-response", "minors-protection", "market-access")),),
    ),
    "omar@demo.example": Somebody(
        "Omar Haddad", "Asia/Riyadh",
        (("strategist", ALL, ("brand-protection", "fraud", "listing-quality", "mall")),),
    ),
    "priya@demo.example": Somebody(
        "Priya Raman", "Asia/Singapore", (("strategist", ALL, ("search-quality", "discovery")),)
    ),
    "tom@demo.example": Somebody(
        "Tom Becker", "America/New_York",
        (("strategist", ALL, ("ads", "live", "campaigns", "growth", "logistics", "seller-growth")),),
    ),
    "dewi@demo.example": Somebody(
        "Dewi Lestari", "Asia/Jakarta", (("strategist", ("ID",), ("discovery", "campaigns")),)
    ),
    "grace@demo.example": Somebody("Grace Okafor", "Europe/London", (("approver", ALL, ()),)),
    "noah@demo.example": Somebody("Noah Kim", "Asia/Singapore", (("approver", ALL, ()),)),
    "budi@demo.example": Somebody("Budi Santoso", "Asia/Jakarta", (("approver", ("ID",), ()),)),
    "hana@demo.example": Somebody("Hana Al-Saud", "Asia/Riyadh", (("approver", ("SA",), ()),)),
    "mei@demo.example": Somebody("Mei Chen", "Asia/Shanghai", (("auditor", ALL, ()),)),
    "rizal@demo.example": Somebody("Rizal Putra", "Asia/Jakarta", (("auditor", ("ID",), ()),)),
    "jo@demo.example": Somebody("Jo Martin", "Europe/Paris", (("responder", ALL, ()),)),
    "carla@demo.example": Somebody("Carla Mendes", "America/New_York", (("commander", ALL, ()),)),
    "ines@demo.example": Somebody("Ines Costa", "Europe/Lisbon", (("compliance", ALL, ()),)),
    "felix@demo.example": Somebody("Felix Wagner", "Europe/Berlin", (("analyst", ALL, ()),)),
    "vera@demo.example": Somebody("Vera Novak", "Europe/Prague", (("viewer", ("US",), ()),)),
}  # fmt: skip


def make_people(password: str) -> None:
    """All who are not there yet: the first person is whom an installation begins with, the rest is as in real life."""
    with noted("aedile", "demo", "person.manage", "a marketplace to look at"):
        for slug, name in TEAMS.items():
            Team.objects.get_or_create(slug=slug, defaults={"name": name})
        for email, somebody in PEOPLE.items():
            if not Person.objects.filter(email=email).exists():
                _make(email, somebody, password)


def _make(email: str, somebody: Somebody, password: str) -> None:
    person = people.add_person(email, somebody.name, zone=somebody.zone)
    person.set_password(password)
    person.save()
    for role, markets, teams in somebody.grants:
        for team in teams or (None,):
            people.grant(person, role, markets, Team.objects.get(slug=team) if team is not None else None)


def actor(name: str) -> Actor:
    """Somebody at work, by what stands before the @."""
    return Actor(Person.objects.get(email=f"{name}@demo.example"))


def writer_of(team: str) -> Actor:
    """The strategist of a team, for all markets."""
    for email, somebody in PEOPLE.items():
        for role, markets, teams in somebody.grants:
            if role == "strategist" and markets == ALL and team in teams:
                return Actor(Person.objects.get(email=email))
    raise LookupError(team)


def password_in(folder: Path) -> str:
    """The demo's password, made on first use and kept where its owner alone may look."""
    path = folder / "demo.password"
    if not path.exists():
        path.touch(0o600)
        path.write_text("-".join(secrets.token_hex(2) for _ in range(4)))
    return path.read_text().strip()


def logins(password: str, url: str) -> str:
    """What is printed: whom to sign in as."""
    rows = []
    for email, somebody in PEOPLE.items():
        roles = ", ".join(dict.fromkeys(role for role, _, _ in somebody.grants))
        markets = ", ".join(dict.fromkeys(market for _, markets, _ in somebody.grants for market in markets))
        rows.append(f"    {email:<20} {roles} ({'all markets' if markets == 'all' else markets})")
    return f"  Sign in at {url}/ with the password {password} as\n" + "\n".join(rows)
