"""What do people do to named lists? Everything here checks who may, writes history, and makes a revision.

Adding and removing are merged with whatever others did meanwhile. Whoever replaces a list says which revision they
looked at, and is told where it is no longer the newest. A changed list that running strategies ask is published with
it: both or neither.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone

from aedile.console.accounts.actor import Actor
from aedile.console.accounts.models import SLUG, Team
from aedile.console.base.acting import acting
from aedile.console.lists import making
from aedile.console.lists.chunks import rows_of
from aedile.console.lists.codes import BAD_LIST, IN_USE, OVERTAKEN, RETIRED
from aedile.console.lists.content import cursor, list_or_error, pieces_of, revision_of, revision_or_error
from aedile.console.lists.effects import take_effect, who_uses
from aedile.console.lists.entries import NOTHING, Entries, digest_of
from aedile.console.lists.making import Made, Spool, Told
from aedile.console.lists.merging import Counts, Edit, expired
from aedile.console.lists.models import NamedList, Revision
from aedile.console.strategies.models import PublishedRelease
from aedile.errors import ConsoleError, Place
from aedile.fields import listing

#: How often a merge begins again because somebody else was faster.
_TRIES = 5
_QUIET: Told = lambda _: None  # noqa: E731  nobody is told
#: Runs in the transaction that keeps the revision, or finds that nothing changes.
Also = Callable[["Saved"], None]
_NOTHING_ELSE: Also = lambda _: None  # noqa: E731


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of an action. revision: the new one, or the current one where nothing changed.

    meanwhile: the revisions that others made after the one that was looked at. release: by which it took effect.
    """

    revision: Revision
    counts: Counts
    meanwhile: tuple[Revision, ...] = ()
    release: PublishedRelease | None = None


# ---------------------------------------------------------------- the list itself


def create_list(actor: Actor, name: str, team: str, meaning: str, note: str = "") -> Revision:
    """Make a list, empty for now."""
    owner, meaning = _checked(name, team, meaning)
    with acting(actor, "list.write", team=team, why=note):
        made = NamedList(name=name, team=owner, meaning=meaning)
        if NamedList.objects.filter(pk=name).exists():
            raise ConsoleError(
                BAD_LIST, f"there is a list {name} already", place=Place(field="name"), fix="choose another name"
            )
        made.save(force_insert=True)
        return Revision.objects.create(
            list=made, number=1, digest=digest_of(NOTHING), entries=0, expiring=0, added=0, removed=0, chunks=[],
            author=actor.person, note=note[:300],
        )  # fmt: skip


def describe_list(actor: Actor, name: str, team: str, meaning: str) -> NamedList:
    """Change whose a list is, and what it means."""
    owner, meaning = _checked(name, team, meaning)
    with acting(actor, "list.write", team=team):
        found = _held(name)
        found.team, found.meaning = owner, meaning
        found.save(update_fields=["team", "meaning"])
        return found


def retire_list(actor: Actor, name: str, why: str) -> NamedList:
    """No strategy may ask the list from now on; its revisions stay."""
    with acting(actor, "list.write", why=why):
        found = _held(name)
        if using := sorted({use.strategy for use in who_uses(name)}):
            raise ConsoleError(
                IN_USE,
                f"{name} is asked by {listing(using)}",
                hint="a list can be retired when no strategy in shadow, canary, live or paused asks it",
                fix="change or retire these strategies first",
            )
        found.retired = timezone.now()
        found.save(update_fields=["retired"])
        return found


def bring_back_list(actor: Actor, name: str, why: str = "") -> NamedList:
    """Let strategies ask a retired list again."""
    with acting(actor, "list.write", why=why):
        found = NamedList.objects.select_for_update().get(pk=list_or_error(name).pk)
        found.retired = None
        found.save(update_fields=["retired"])
        return found


def _checked(name: str, team: str, meaning: str) -> tuple[Team, str]:
    meaning, found = meaning.strip(), Team.objects.filter(pk=team).first()
    if not SLUG.regex.match(name) or len(name) > 100:
        raise ConsoleError(
            BAD_LIST,
            "a list's name has lower-case letters, digits and single hyphens, 100 at most",
            place=Place(field="name"),
            fix="for instance recalled-gtin",
        )
    if found is None:
        raise ConsoleError(
            BAD_LIST, f"there is no team {team}", place=Place(field="team"), fix="choose one of the teams"
        )
    if not meaning or len(meaning) > 500:
        raise ConsoleError(
            BAD_LIST,
            "what the list means is missing" if not meaning else "what the list means has more than 500 characters",
            place=Place(field="meaning"),
            fix="say in a sentence what stands in it and why",
        )
    return found, meaning


# ---------------------------------------------------------------- what it holds


def edit_entries(
    actor: Actor, name: str, edit: Edit, note: str = "", *, seen: int, told: Told = _QUIET, also: Also = _NOTHING_ELSE
) -> Saved:
    """Put in, take out, or give other expiries; what others did since `seen` stays."""

    def make(base: Revision, spool: Spool) -> Made:
        return making.edited(pieces_of(base), edit, spool, told)

    return _change(actor, name, make, note, seen, also, merges=True)


def remove_expired(
    actor: Actor, name: str, note: str = "", *, at: int, seen: int, told: Told = _QUIET, also: Also = _NOTHING_ELSE
) -> Saved:
    """Take out what has expired at an instant (microseconds)."""

    def make(base: Revision, spool: Spool) -> Made:
        pieces = pieces_of(base)
        return making.edited(pieces, expired(pieces, spool.load, at), spool, told)

    return _change(actor, name, make, note, seen, also, merges=True)


def replace_entries(
    actor: Actor, name: str, entries: Entries, note: str = "", *, seen: int, told: Told = _QUIET,
    also: Also = _NOTHING_ELSE,
) -> Saved:  # fmt: skip
    """Hold these entries and no others; a `ConsoleError` where the list is not as it was seen."""

    def make(base: Revision, spool: Spool) -> Made:
        return making.replaced(pieces_of(base), entries, spool, told)

    return _change(actor, name, make, note, seen, also, merges=False)


def restore_revision(
    actor: Actor, name: str, number: int, note: str = "", *, seen: int, told: Told = _QUIET,
    also: Also = _NOTHING_ELSE,
) -> Saved:  # fmt: skip
    """Hold what an earlier revision held; a `ConsoleError` where the list is not as it was seen."""
    old = revision_or_error(name, number)

    def make(base: Revision, spool: Spool) -> Made:
        return making.restored(pieces_of(base), pieces_of(old), old.digest, spool, told)

    return _change(actor, name, make, note or f"back to revision {number}", seen, also, merges=False)


def _change(
    actor: Actor, name: str, make: Callable[[Revision, Spool], Made], note: str, seen: int, also: Also, *, merges: bool
) -> Saved:
    actor.require("list.write")
    for _ in range(_TRIES):
        _refuse_retired(list_or_error(name))
        base = revision_or_error(name)
        if not merges and base.number != seen:
            raise _overtaken(name, seen, base)
        with Spool() as spool:
            saved = _keep(actor, name, base, make(base, spool), spool, note, seen, also)
        if saved is not None:
            return saved
    raise ConsoleError(
        OVERTAKEN,
        f"others change {name} all the time",
        hint=f"it was tried {_TRIES} times",
        fix="try again in a moment",
    )


def _keep(
    actor: Actor, name: str, base: Revision, made: Made, spool: Spool, note: str, seen: int, also: Also
) -> Saved | None:
    """Keep what was made, if the list still is what it was made from."""
    with acting(actor, "list.write", why=note):
        held = _held(name)
        newest = revision_of(name)
        if newest is None or newest.number != base.number:
            return None
        meanwhile = tuple(Revision.objects.filter(list=held, number__gt=seen).select_related("author").defer("chunks"))
        if not made.counts.is_change:
            saved = Saved(base, made.counts, meanwhile)
            also(saved)
            return saved
        _keep_chunks(base, made, spool)
        revision = Revision.objects.create(
            list=held, number=base.number + 1, digest=made.digest, author=actor.person, note=note[:300],
            entries=sum(piece.entries for piece in made.pieces),
            expiring=sum(piece.expiring for piece in made.pieces),
            added=made.counts.added, removed=made.counts.removed, changed=made.counts.changed,
            chunks=rows_of(made.pieces),
        )  # fmt: skip
        saved = Saved(revision, made.counts, meanwhile, take_effect(actor, name, _why(name, revision)))
        also(saved)
        return saved


def _keep_chunks(base: Revision, made: Made, spool: Spool) -> None:
    new = {piece.digest for piece in made.pieces} - {piece.digest for piece in pieces_of(base)}
    cursor().executemany(
        "insert into lists_chunk (digest, data) values (%s, %b) on conflict do nothing", spool.chunks(new)
    )


def _held(name: str) -> NamedList:
    """The list, which nobody else changes until the transaction is over."""
    found = NamedList.objects.select_for_update().filter(pk=name).first() or list_or_error(name)
    _refuse_retired(found)
    return found


def _refuse_retired(found: NamedList) -> None:
    if found.retired is not None:
        raise ConsoleError(RETIRED, f"{found.name} is retired", fix="bring it back first")


def _overtaken(name: str, seen: int, newest: Revision) -> ConsoleError:
    others = Revision.objects.filter(list_id=name, number__gt=seen).select_related("author").defer("chunks")
    said = [f"revision {one.number} by {one.author}: +{one.added:,} −{one.removed:,}" for one in others]
    return ConsoleError(
        OVERTAKEN,
        f"{name} was changed after you looked at it",
        hint="; ".join(said[:5]),
        fix=f"look at revision {newest.number}, and replace that if you still want to",
    )


def _why(name: str, revision: Revision) -> str:
    said = f"list {name} r{revision.number}: +{revision.added} −{revision.removed}"
    return f"{said}: {revision.note}" if revision.note else said
