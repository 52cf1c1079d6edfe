"""How does what somebody sent become a revision? It is kept as a file, read, refused or merged, at once or as a job."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from aedile.console.accounts.actor import Actor
from aedile.console.base.acting import acting, noted
from aedile.console.base.jobs import start
from aedile.console.lists.actions import (
    Saved,
    edit_entries,
    remove_expired,
    replace_entries,
    restore_revision,
)
from aedile.console.lists.codes import NO_LIST, OVER, OVERTAKEN
from aedile.console.lists.content import list_or_error, pieces_of, revision_or_error
from aedile.console.lists.differing import entries_apart
from aedile.console.lists.entries import Entries
from aedile.console.lists.limits import ENTRIES_AT_ONCE
from aedile.console.lists.lines import Read, read_lines
from aedile.console.lists.making import Told
from aedile.console.lists.merging import Deed, Edit
from aedile.console.lists.models import Change
from aedile.console.lists.sources import is_small, text_in
from aedile.errors import ConsoleError
from aedile.language.list_lines import NEVER

How, State = Change.How, Change.State
#: What is sent with a text; the others say all by themselves.
WITH_TEXT = (How.PUT, How.REMOVE, How.TIME, How.REPLACE)
#: After so long a change that nobody went on with is dropped.
_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants of a list; see `Change` for the fields."""

    how: str
    seen: int
    note: str = ""
    until: int | None = None
    number: int | None = None
    source: str = ""
    is_csv: bool = False


def begin(actor: Actor, name: str, asked: Asked, put: Callable[[Path], object] | None = None) -> Change:
    """Do what is asked, or ask for a job that does. put: writes the text that was sent to a path.

    What cannot be done is raised where it is known at once; bad lines and an overtaken list are told by the state.
    """
    actor.require("list.write")
    found = list_or_error(name)
    change = Change(list=found, person=actor.person, **asdict(asked))
    path = file_of(change)
    try:
        if put is not None:
            put(path)
        is_long = _is_long(change, path)
        with acting(actor, "list.write", why=asked.note):
            if is_long:
                change.job = start(actor, "lists.change", _title(change), change=str(change.pk))
            change.save(force_insert=True)
    except BaseException:  # a signal too: nothing half done is left; it is raised again
        path.unlink(missing_ok=True)
        raise
    _forget_old()
    if not is_long:
        _at_once(actor, change)
    return change


def go_on(actor: Actor, change_id: UUID) -> Change:
    """Leave bad lines out, or replace a list although others changed it, and try again."""
    with acting(actor, "list.write"):
        change = _mine(actor, change_id)
        if change.state == State.REFUSED:
            change.skips = True
        elif change.state == State.OVERTAKEN:
            change.seen = revision_or_error(change.list_id).number
        else:
            raise _over(change)
        change.state = State.WAITING
        if is_long := _is_long(change, file_of(change)):
            change.job = start(actor, "lists.change", _title(change), change=str(change.pk))
        change.save(update_fields=["skips", "seen", "state", "job"])
    if not is_long:
        _at_once(actor, change)
    return change


def drop(actor: Actor, change_id: UUID) -> Change:
    """Give a change up that waits for an answer."""
    with acting(actor, "list.write"):
        change = _mine(actor, change_id)
        if change.state not in (State.REFUSED, State.OVERTAKEN) and not has_failed(change):
            raise _over(change)
        _end(change, State.DROPPED)
    file_of(change).unlink(missing_ok=True)
    return change


def has_failed(change: Change) -> bool:
    """Whether its job came to nothing."""
    return bool(change.state == State.WAITING and change.job is not None and change.job.is_over)


def _at_once(actor: Actor, change: Change) -> None:
    try:
        work(actor, change)
    except BaseException:  # a signal too: nothing half done is left; it is raised again
        change.revision = None
        with noted("aedile", "job", "list.drop"):
            _end(change, State.DROPPED)
        file_of(change).unlink(missing_ok=True)
        raise


def work(
    actor: Actor, change: Change, told: Told = lambda _: None, finish: Callable[[], object] = lambda: None
) -> None:
    """Read what was sent and change the list; harmless where that is done already.

    finish: runs in the transaction of the revision.
    """
    if change.state != State.WAITING:
        return
    read: Read | None = None
    if change.how in WITH_TEXT:
        text = text_in(file_of(change), is_csv=change.is_csv)
        read = read_lines(text.data, text.first, lambda share: told(0.4 * share))
        change.lines, change.bad = read.lines, read.bad
        change.problems = [asdict(problem) for problem in read.problems]
        if read.bad and not change.skips:
            _pause(actor, change, State.REFUSED)
            return
    try:
        _apply(actor, change, read.entries if read is not None else None, lambda share: told(0.4 + 0.5 * share), finish)
    except ConsoleError as error:
        if error.code is not OVERTAKEN or change.how not in (How.REPLACE, How.RESTORE):
            raise
        _pause(actor, change, State.OVERTAKEN)
        return
    file_of(change).unlink(missing_ok=True)


def _apply(actor: Actor, change: Change, entries: Entries | None, told: Told, finish: Callable[[], object]) -> None:
    def also(saved: Saved) -> None:
        change.revision = saved.revision if saved.counts.is_change else None
        change.missing = saved.counts.missing if change.how != How.PUT else 0
        _end(change, State.DONE)
        finish()

    kept: dict[str, Any] = {"seen": change.seen, "told": told, "also": also}
    name, note = change.list_id, change.note
    if change.how == How.RESTORE:
        restore_revision(actor, name, change.number, note, **kept)
    elif change.how == How.EXPIRED:
        remove_expired(actor, name, note, at=time.time_ns() // 1000, **kept)
    elif entries is None:
        raise ValueError(f"{change.how} comes with a text")
    elif change.how == How.REPLACE:
        replace_entries(actor, name, entries, note, **kept)
    else:
        edit_entries(actor, name, Edit(Deed(change.how), _timed(change, entries)), note, **kept)


def _timed(change: Change, entries: Entries) -> Entries:
    """For expiries to set, the same one for all; for entries to add, one for those that have none of their own."""
    if change.how == How.REMOVE or (change.how == How.PUT and change.until is None):
        return entries
    until = NEVER if change.until is None else change.until
    if change.how == How.TIME:
        return Entries(entries.texts, np.full(len(entries), until))
    ends = entries.ends()
    return Entries(entries.texts, np.where(ends == NEVER, until, ends))


def file_of(change: Change) -> Path:
    """Where the text lies."""
    return settings.HOME.uploads / str(change.pk)


def change_or_error(name: str, change_id: UUID) -> Change:
    found = (
        Change.objects.select_related("list", "person", "job", "revision")
        .defer("revision__chunks")
        .filter(list_id=name, pk=change_id)
        .first()
    )
    if found is None:
        raise ConsoleError(NO_LIST, f"{name} has no such change", fix="see the list")
    return found


def _mine(actor: Actor, change_id: UUID) -> Change:
    found = Change.objects.select_for_update().filter(pk=change_id, person=actor.person).first()
    if found is None:
        raise ConsoleError(NO_LIST, "you have no such change of a list", fix="see the list")
    return found


def _over(change: Change) -> ConsoleError:
    return ConsoleError(OVER, f"the change is {change.get_state_display()}", fix="load its page again")


def _pause(actor: Actor, change: Change, state: Any) -> None:
    with acting(actor, "list.write", why=change.note):
        change.state = state
        change.save(update_fields=["state", "lines", "bad", "problems"])


def _end(change: Change, state: Any) -> None:
    change.state, change.ended = state, timezone.now()
    change.save(update_fields=["state", "ended", "lines", "bad", "missing", "problems", "revision"])


def _is_long(change: Change, path: Path) -> bool:
    """Whether it takes longer than anybody should wait for a page."""
    newest = revision_or_error(change.list_id)
    if change.how == How.RESTORE:
        old = revision_or_error(change.list_id, change.number)
        return entries_apart(pieces_of(old), pieces_of(newest)) > ENTRIES_AT_ONCE
    if change.how in WITH_TEXT and not is_small(path):
        return True
    return newest.entries > ENTRIES_AT_ONCE


def _title(change: Change) -> str:
    return _("%(list)s: %(how)s") % {"list": change.list_id, "how": change.get_how_display()}


def _forget_old() -> None:
    """Drop what nobody went on with, and the files of what came to nothing."""
    old = timezone.now() - _KEPT
    stale: Sequence[Change] = Change.objects.filter(
        state__in=[State.WAITING, State.REFUSED, State.OVERTAKEN], made__lt=old
    )[:20]
    for change in stale:
        with noted("aedile", "job", "list.drop"):
            _end(change, State.DROPPED)
        file_of(change).unlink(missing_ok=True)
    for path in settings.HOME.uploads.iterdir():
        with suppress(FileNotFoundError):  # somebody else's change is done meanwhile
            if path.stat().st_mtime < old.timestamp():  # the process that received it ended before it was noted
                path.unlink()
