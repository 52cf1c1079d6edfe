"""People, teams, roles, keys and the history of all writes, for programs.

Keys that act as a person are made in the console alone: a key that got into wrong hands makes no other.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from aedile.console.accounts import actions
from aedile.console.accounts.history import Filter, page_of
from aedile.console.accounts.keys import revoke_key
from aedile.console.accounts.models import ApiKey, Grant, Person, Team
from aedile.console.accounts.permissions import PERMISSIONS
from aedile.console.accounts.server_keys import make_server_key, revoke_server_key, server_keys
from aedile.console.api.calling import MOST, NUMBER, actor_in
from aedile.console.api.shapes import answers
from aedile.console.base.codes import BAD_INPUT, NOT_FOUND
from aedile.errors import ConsoleError, Place
from aedile.store.keys import KeyRecord

router = Router()


class GrantTold(Schema):
    id: int
    role: str
    team: str | None
    markets: list[str]


class PersonTold(Schema):
    id: int
    email: str
    name: str
    zone: str
    language: str
    is_active: bool
    joined: datetime
    grants: list[GrantTold]

    @staticmethod
    def of(person: Person) -> dict[str, Any]:
        names = ("id", "email", "name", "zone", "language", "is_active", "joined")
        grants = [
            {"id": one.pk, "role": one.role, "team": one.team_id, "markets": one.markets} for one in person.grants.all()
        ]
        return {**{name: getattr(person, name) for name in names}, "grants": grants}


class Me(PersonTold):
    """permissions: of the table, those that are the caller's anywhere."""

    permissions: list[str]


class GrantAsked(Schema):
    role: str = Field(max_length=20)
    markets: list[str] = Field(min_length=1, max_length=300)
    team: str | None = Field(None, max_length=60)


class PersonAsked(Schema):
    email: str = Field(max_length=254)
    name: str = Field(max_length=120)
    zone: str = Field("UTC", max_length=60)
    language: str = Field("", max_length=10)


class NewPerson(PersonAsked):
    grants: list[GrantAsked] = Field(default_factory=list, max_length=100)


class PersonMade(PersonTold):
    """link: by which they set a password; told this once."""

    link: str


class LinkMade(Schema):
    """link: told this once."""

    link: str


class Ended(Schema):
    ended: int


class Why(Schema):
    why: str = Field("", max_length=300)


class TeamTold(Schema):
    slug: str
    name: str


class TeamAsked(Schema):
    slug: str = Field(max_length=60)
    name: str = Field(max_length=120)
    channel: str = Field("", max_length=300)


class TeamChanged(Schema):
    name: str = Field(max_length=120)
    channel: str | None = Field(None, max_length=300)


class KeyTold(Schema):
    id: str
    scopes: list[str]
    note: str
    made: datetime
    expires: datetime
    last_used: datetime | None
    revoked: datetime | None

    @staticmethod
    def of(key: ApiKey) -> dict[str, Any]:
        names = ("id", "scopes", "note", "made", "expires", "last_used", "revoked")
        return {name: getattr(key, name) for name in names}


class ServerKeyTold(Schema):
    """limit: calls a second; null for none."""

    id: str
    scopes: list[str]
    note: str
    expires: datetime
    limit: int | None

    @staticmethod
    def of(record: KeyRecord) -> dict[str, Any]:
        return {
            "id": record.id, "scopes": list(record.scopes), "note": record.note, "limit": record.limit,
            "expires": datetime.fromtimestamp(record.expires, UTC),
        }  # fmt: skip


class ServerKeyAsked(Schema):
    scopes: list[str] = Field(min_length=1, max_length=10)
    days: int = Field(ge=1, le=3650)
    limit: int | None = Field(None, ge=1, le=1_000_000)
    note: str = Field("", max_length=200)


class ServerKeyMade(ServerKeyTold):
    """key: as its user needs it; told this once."""

    key: str


class EntryTold(Schema):
    seq: int
    at: datetime
    actor: str
    via: str
    action: str
    why: str
    table: str
    key: str
    op: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    hash: str


class HistoryPage(Schema):
    """more: what to ask with as `before` for older entries; empty at the end."""

    entries: list[EntryTold]
    more: str


@router.get("/me", response=answers(Me), summary="Who am I, and what may I do?", tags=["people"])
def me(request: HttpRequest) -> Any:
    actor = actor_in(request)
    return {**PersonTold.of(actor.person), "permissions": [name for name in PERMISSIONS if actor.may(name)]}


@router.get("/people", response=answers(list[PersonTold]), summary="People", tags=["people"])
def people(request: HttpRequest, after: int = Query(0, ge=0, le=MOST), limit: int = Query(100, ge=1, le=500)) -> Any:
    """after: an id; those with greater ones follow, in their order."""
    actor_in(request).require("person.view")
    rows = Person.objects.prefetch_related("grants").filter(pk__gt=after).order_by("pk")
    return [PersonTold.of(person) for person in rows[:limit]]


@router.post("/people", response=answers(PersonMade, 201), summary="Let somebody in", tags=["people"])
def add_person(request: HttpRequest, said: NewPerson) -> Any:
    actor = actor_in(request)
    actor.require("person.manage")
    grants = [(one.role, one.markets, _team(one.team) if one.team else None) for one in said.grants]
    person, link = actions.add_person(
        actor, said.email, said.name, zone=said.zone, language=said.language, grants=grants
    )
    return Status(201, {**PersonTold.of(person), "link": link})


@router.get("/people/{person}", response=answers(PersonTold), summary="A person", tags=["people"])
def person(request: HttpRequest, person: int = NUMBER) -> Any:
    actor_in(request).require("person.view")
    return PersonTold.of(_person(person))


@router.put(
    "/people/{person}", response=answers(PersonTold), summary="Change what is told of somebody", tags=["people"]
)
def edit_person(request: HttpRequest, said: PersonAsked, person: int = NUMBER) -> Any:
    actor = actor_in(request)
    actor.require("person.manage")
    found = _person(person)
    actions.edit_person(actor, found, **said.dict())
    return PersonTold.of(_person(person))


@router.post(
    "/people/{person}/deactivate", response=answers(PersonTold), summary="Let somebody in no more", tags=["people"]
)
def deactivate(request: HttpRequest, said: Why, person: int = NUMBER) -> Any:
    """Ends all sessions and keys at once."""
    actor = actor_in(request)
    actor.require("person.manage")
    actions.deactivate(actor, _person(person), said.why)
    return PersonTold.of(_person(person))


@router.post(
    "/people/{person}/activate", response=answers(PersonTold), summary="Let somebody in again", tags=["people"]
)
def activate(request: HttpRequest, person: int = NUMBER) -> Any:
    actor = actor_in(request)
    actor.require("person.manage")
    actions.activate(actor, _person(person))
    return PersonTold.of(_person(person))


@router.post(
    "/people/{person}/link", response=answers(LinkMade), summary="A new link to set a password", tags=["people"]
)
def make_link(request: HttpRequest, person: int = NUMBER) -> Any:
    """Links made before are void."""
    actor = actor_in(request)
    actor.require("person.manage")
    return {"link": actions.make_link(actor, _person(person))}


@router.post(
    "/people/{person}/end-sessions", response=answers(Ended), summary="End all sessions of somebody", tags=["people"]
)
def end_sessions(request: HttpRequest, person: int = NUMBER) -> Any:
    actor = actor_in(request)
    actor.require("person.manage")
    return {"ended": actions.end_sessions(actor, _person(person))}


@router.post("/people/{person}/grants", response=answers(PersonTold), summary="Give a role", tags=["people"])
def grant(request: HttpRequest, said: GrantAsked, person: int = NUMBER) -> Any:
    actor = actor_in(request)
    actor.require("person.manage")
    actions.grant(actor, _person(person), said.role, said.markets, _team(said.team) if said.team else None)
    return PersonTold.of(_person(person))


@router.delete("/grants/{grant}", response=answers(PersonTold), summary="Take a role away", tags=["people"])
def withdraw(request: HttpRequest, grant: int = NUMBER) -> Any:
    actor = actor_in(request)
    actor.require("person.manage")
    found = Grant.objects.filter(pk=grant).first()
    if found is None:
        raise ConsoleError(NOT_FOUND, f"there is no grant {grant}")
    actions.withdraw(actor, found)
    return PersonTold.of(_person(found.person_id))


@router.get("/teams", response=answers(list[TeamTold]), summary="Teams", tags=["people"])
def teams(request: HttpRequest) -> Any:
    actor_in(request).require("person.view")
    return [{"slug": team.slug, "name": team.name} for team in Team.objects.all()]


@router.post("/teams", response=answers(TeamTold, 201), summary="Make a team", tags=["people"])
def add_team(request: HttpRequest, said: TeamAsked) -> Any:
    team = actions.add_team(actor_in(request), said.slug, said.name, said.channel)
    return Status(201, {"slug": team.slug, "name": team.name})


@router.put("/teams/{slug}", response=answers(TeamTold), summary="Change a team", tags=["people"])
def edit_team(request: HttpRequest, said: TeamChanged, slug: str) -> Any:
    """channel: where notices go; null leaves it as it is, an empty text forgets it."""
    actor = actor_in(request)
    actor.require("person.manage")
    found = _team_or_404(slug)
    actions.edit_team(actor, found, said.name, said.channel)
    return {"slug": found.slug, "name": found.name}


@router.delete(
    "/teams/{slug}", response=answers(list[TeamTold]), summary="Remove a team that owns nothing", tags=["people"]
)
def remove_team(request: HttpRequest, slug: str) -> Any:
    actor = actor_in(request)
    actor.require("person.manage")
    actions.remove_team(actor, _team_or_404(slug))
    return teams(request)


@router.delete("/keys/{key}", response=answers(KeyTold), summary="Revoke an API key", tags=["keys"])
def revoke_own_key(request: HttpRequest, key: str) -> Any:
    """One's own, or who manages people anybody's."""
    actor = actor_in(request)
    found = ApiKey.objects.filter(pk=key).first()
    if found is None or (found.person_id != actor.person.pk and not actor.may("person.manage")):
        raise ConsoleError(NOT_FOUND, "there is no such key", fix="see /api/v1/keys")
    revoke_key(actor, found)
    return KeyTold.of(found)


@router.get("/keys", response=answers(list[KeyTold]), summary="My own API keys", tags=["keys"])
def keys(request: HttpRequest) -> Any:
    actor = actor_in(request)
    actor.require("key.own")
    return [KeyTold.of(key) for key in ApiKey.objects.filter(person=actor.person)]


@router.get("/server-keys", response=answers(list[ServerKeyTold]), summary="Keys of the decision server", tags=["keys"])
def list_server_keys(request: HttpRequest) -> Any:
    return [ServerKeyTold.of(record) for record in server_keys(actor_in(request))]


@router.post("/server-keys", response=answers(ServerKeyMade, 201), summary="Make a server key", tags=["keys"])
def add_server_key(request: HttpRequest, said: ServerKeyAsked) -> Any:
    text, record = make_server_key(actor_in(request), said.scopes, said.days, said.limit, said.note)
    return Status(201, {**ServerKeyTold.of(record), "key": text})


@router.delete(
    "/server-keys/{key}", response=answers(list[ServerKeyTold]), summary="Revoke a server key", tags=["keys"]
)
def remove_server_key(request: HttpRequest, key: str) -> Any:
    revoke_server_key(actor_in(request), key)
    return [ServerKeyTold.of(record) for record in server_keys(actor_in(request))]


@router.get("/history", response=answers(HistoryPage), summary="All writes, the newest first", tags=["history"])
def history(
    request: HttpRequest,
    actor: str = Query("", max_length=254),
    action: str = Query("", max_length=80),
    table: str = Query("", max_length=80),
    key: str = Query("", max_length=200),
    before: str = Query("", max_length=18, pattern=r"^[0-9]*$"),
) -> Any:
    actor_in(request).require("history.view")
    found = page_of(Filter.of({"actor": actor, "action": action, "table": table, "key": key, "before": before}))
    names = ("seq", "at", "actor", "via", "action", "why", "op", "before", "after", "hash")
    entries = [
        {**{name: getattr(entry, name) for name in names}, "table": entry.subject, "key": entry.pk_of_row}
        for entry in found.entries
    ]
    return {"entries": entries, "more": found.more}


def _person(id_: int) -> Person:
    found: Person | None = Person.objects.prefetch_related("grants").filter(pk=id_).first()
    if found is None:
        raise ConsoleError(NOT_FOUND, f"there is no person {id_}")
    return found


def _team_or_404(slug: str) -> Team:
    found: Team | None = Team.objects.filter(pk=slug).first()
    if found is None:
        raise ConsoleError(NOT_FOUND, f"there is no team {slug[:60]!r}", fix="see /api/v1/teams")
    return found


def _team(slug: str) -> Team:
    found: Team | None = Team.objects.filter(pk=slug).first()
    if found is None:
        raise ConsoleError(BAD_INPUT, f"there is no team {slug[:60]!r}", place=Place(field="team"))
    return found
