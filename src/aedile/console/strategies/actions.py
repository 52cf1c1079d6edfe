"""What do people do with strategies? Each action checks who may, writes, releases and tells, in one transaction.

The database keeps the order of stages and the approvals (`sql/stages.sql`): what gets past these functions does not get
past it, and what it refuses becomes an error that a person can act upon.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.utils import timezone

from aedile.console.accounts.actor import Actor
from aedile.console.accounts.models import Person
from aedile.console.base.acting import acting, noted
from aedile.console.settings import AEDILE
from aedile.console.strategies.codes import (
    NO_EXPIRY,
    NO_STAGE,
    NO_SUCH,
    NOT_APPROVED,
    NOT_READY,
    OWN_WORK,
    TAKEN,
    TOO_LATE,
    WRONG_WAY,
)
from aedile.console.strategies.drafts import Collision, comment, create_draft, enter_schema, next_draft, save_draft
from aedile.console.strategies.models import RUNNING, Approval, Move, Save, Stage, Version
from aedile.console.strategies.releases import publish
from aedile.console.strategies.telling import (
    tell_of_emergency,
    tell_of_emergency_over,
    tell_of_failed_move,
    tell_of_proposal,
    tell_of_word,
)
from aedile.errors import AedileError, ConsoleError, Errors, Place

#: For how long a strategy may be live before a second person has confirmed it.
EMERGENCY = timedelta(hours=24)

__all__ = [
    "EMERGENCY", "Collision", "advance", "approve", "comment", "confirm", "create_draft", "drop_move", "emergency",
    "end_emergencies", "enter_schema", "next_draft", "pause", "refuse", "retire", "run_due", "save_draft", "schedule",
    "submit", "withdraw",
]  # fmt: skip


# ---------------------------------------------------------------- towards approval


def submit(actor: Actor, version: Version, *, reach: float | None, note: str = "") -> Version:
    """Propose a draft; its text stays from now on.

    reach: the share of the catalogue it fires for, None where that could not be measured. Above the threshold, and
    where it is not known, two others have to approve.
    """
    with _on(actor, "strategy.submit", version, note) as row:
        if row.problems or not row.digest:
            raise ConsoleError(
                NOT_READY,
                f"{row} has an error: {row.problems[0]['message'] if row.problems else 'it was not checked'}",
                place=Place(field=row.problems[0]["field"] if row.problems else None),
                fix="mend it, save it, and submit it again",
            )
        row.reach = reach
        row.needed = 1 if reach is not None and reach <= AEDILE.console.two_approvals_above else 2
        _to(row, Stage.PROPOSED)
        tell_of_proposal(row)
        return row


def withdraw(actor: Actor, version: Version, note: str = "") -> Version:
    """Take a proposed version back to draft, to be changed."""
    with _on(actor, "strategy.submit", version, note) as row:
        _to(row, Stage.DRAFT)
        return row


def approve(actor: Actor, version: Version, note: str = "") -> Approval:
    """Say yes to exactly this text; never to one's own."""
    return _say(actor, version, True, note)


def refuse(actor: Actor, version: Version, note: str) -> Approval:
    """Say no, and why; it goes back to draft."""
    if not note.strip():
        raise ConsoleError(NOT_READY, "a refusal says why", place=Place(field="note"), fix="write what should change")
    return _say(actor, version, False, note)


def _say(actor: Actor, version: Version, approves: bool, note: str) -> Approval:
    with _on(actor, "strategy.approve", version, note) as row:
        if row.stage != Stage.PROPOSED:
            raise ConsoleError(WRONG_WAY, f"{row} is {row.stage}, not proposed", fix="load the page again")
        _refuse_own(actor, row)
        try:
            said = Approval.objects.create(
                version=row, person=actor.person, approves=approves, note=note, digest=row.digest
            )
        except IntegrityError:
            raise ConsoleError(TOO_LATE, f"you have spoken on {row} already", fix="write a comment") from None
        if not approves:
            _to(row, Stage.DRAFT)
        tell_of_word(row, actor.person, note, approves=approves)
        return said


def _refuse_own(actor: Actor, version: Version) -> None:
    writers = {version.author_id, *Save.objects.filter(version=version).values_list("person_id", flat=True)}
    if actor.person.pk in writers:
        raise ConsoleError(
            OWN_WORK,
            f"you wrote {version}, or some of it",
            hint="a second person sees what the first does not",
            fix="ask an approver of these markets who did not write it",
        )


# ---------------------------------------------------------------- stages


def advance(
    actor: Actor, version: Version, stage: str, *, share: float | None = None, why: str = "", through_freeze: str = ""
) -> Version:
    """Let an approved or running version stand in another stage, and release it; of a canary also its share.

    A version that begins to act retires the one that acted before it. A challenger is in shadow or live, never canary.
    """
    _check_stage(stage, share)
    with _on(actor, "strategy.advance", version, why) as row:
        _place(row, Stage(stage), share)
        publish(actor.person, why or f"{row} is {stage}", through_freeze=through_freeze)
        return row


def pause(actor: Actor, version: Version, why: str) -> Version:
    """Let it stop acting at once, frozen or not."""
    with _on(actor, "strategy.pause", version, why) as row:
        _to(row, Stage.PAUSED)
        publish(actor.person, f"{row} pauses: {why}", through_freeze=f"a pause: {why}")
        return row


def retire(actor: Actor, version: Version, why: str) -> Version:
    """Take it out of releases for good; a draft is given up."""
    with _on(actor, "strategy.retire", version, why) as row:
        was_running = row.stage in RUNNING
        _to(row, Stage.RETIRED)
        row.moves.filter(done=None, dropped=None).update(dropped=timezone.now())
        if was_running:
            publish(actor.person, f"{row} retires: {why}")
        return row


def _check_stage(stage: str, share: float | None) -> None:
    if stage not in (Stage.SHADOW, Stage.CANARY, Stage.LIVE):
        raise ConsoleError(
            NO_STAGE, f"nothing moves on to {stage[:20]!r}", place=Place(field="stage"), fix="shadow, canary or live"
        )
    if stage == Stage.CANARY and (share is None or not 0 < share < 1):
        raise ConsoleError(
            NO_STAGE, "a canary needs a share between 0 and 1", place=Place(field="share"), fix="such as 0.05"
        )


def _place(row: Version, stage: Stage, share: float | None) -> None:
    if row.stage in (Stage.DRAFT, Stage.RETIRED):
        raise ConsoleError(
            WRONG_WAY, f"{row} is {row.stage}", hint="stages go draft, proposed, shadow, canary, live",
            fix="submit it for approval" if row.stage == Stage.DRAFT else "make a new version of it",
        )  # fmt: skip
    others = Version.objects.select_for_update().filter(strategy_id=row.strategy_id).exclude(pk=row.pk)
    acting_ = others.filter(stage__in=(Stage.CANARY, Stage.LIVE, Stage.PAUSED)).first()
    if stage == Stage.CANARY and acting_ is not None:
        raise ConsoleError(
            WRONG_WAY, f"{row} cannot be a canary while {acting_} is {acting_.stage}",
            hint="whoever is outside the canary would have no version of it",
            fix="let it run in shadow beside the other, then make it live in its place",
        )  # fmt: skip
    if stage == Stage.LIVE and acting_ is not None:
        _to(acting_, Stage.RETIRED)
    row.share = share if stage == Stage.CANARY else None
    _to(row, stage)


# ---------------------------------------------------------------- at once


def emergency(actor: Actor, version: Version, why: str) -> Version:
    """Let a draft or proposed version act at once. Unless a second person confirms it within a day, it pauses.

    It needs an `expires`: what was written in a hurry ends by itself.
    """
    with _on(actor, "strategy.emergency", version, why) as row:
        if row.problems or not row.digest:
            raise ConsoleError(NOT_READY, f"{row} has an error", fix="mend it first")
        if row.expires is None:
            raise ConsoleError(
                NO_EXPIRY, f"{row} has no end", place=Place(field="expires"),
                hint="what goes live without approval ends by itself", fix="write an `expires`, and save",
            )  # fmt: skip
        if row.stage not in (Stage.DRAFT, Stage.PROPOSED):
            raise ConsoleError(WRONG_WAY, f"{row} is {row.stage}, and needs no emergency", fix="move it on as usual")
        if row.stage == Stage.DRAFT:
            row.needed = 1
            _to(row, Stage.PROPOSED)
        row.emergency_until = timezone.now() + EMERGENCY
        _place(row, Stage.LIVE, None)
        publish(actor.person, f"{row} at once: {why}", through_freeze=f"an emergency: {why}")
        tell_of_emergency(row, actor.person, why)
        return row


def confirm(actor: Actor, version: Version, note: str = "") -> Version:
    """A second person says that what went live at once may stay."""
    with _on(actor, "strategy.confirm", version, note) as row:
        if row.emergency_until is None or row.emergency_until <= timezone.now():
            raise ConsoleError(TOO_LATE, f"{row} waits for no confirmation", fix="load the page again")
        _refuse_own(actor, row)
        started = _who_started(row)
        if actor.person.email == started:
            raise ConsoleError(OWN_WORK, f"you put {row} live yourself", fix="ask another approver or commander")
        Approval.objects.create(version=row, person=actor.person, approves=True, note=note, digest=row.digest)
        row.emergency_until = None
        row.save(update_fields=["emergency_until"])
        return row


def _who_started(version: Version) -> str | None:
    from aedile.console.base.models import Entry

    entry = Entry.objects.filter(
        subject="strategies_version", pk_of_row=str(version.pk), action="strategy.emergency"
    ).first()
    return entry.actor if entry is not None else None


def end_emergencies(now: datetime) -> list[Version]:
    """Pause what nobody confirmed in time; by the worker, once a minute."""
    ended = []
    for found in Version.objects.filter(emergency_until__lte=now, stage__in=(Stage.CANARY, Stage.LIVE, Stage.SHADOW)):
        with noted("aedile", "job", "strategy.emergency-ends", f"{found} was not confirmed"):
            row = Version.objects.select_for_update().get(pk=found.pk)
            if row.emergency_until is None or row.emergency_until > now or row.stage not in RUNNING:
                continue  # somebody was quicker
            _to(row, Stage.PAUSED)
            publish(None, f"{row} was not confirmed within a day", through_freeze="an emergency ended")
            tell_of_emergency_over(row)
            ended.append(row)
    return ended


# ---------------------------------------------------------------- at a time


def schedule(
    actor: Actor, version: Version, stage: str, at: datetime, *, share: float | None = None, why: str = ""
) -> Move:
    """Let a version move on at a time. Who schedules must be allowed to; then it needs its approvals, as ever."""
    _check_stage(stage, share)
    with _on(actor, "release.schedule", version, why) as row:
        actor.require("strategy.advance", markets=row.markets, team=row.strategy.team_id)
        if at <= timezone.now():
            raise ConsoleError(
                TOO_LATE, "the time is over", place=Place(field="at"), fix="choose a later one, or move it on now"
            )
        return Move.objects.create(version=row, stage=stage, share=share, at=at, by=actor.person)


def drop_move(actor: Actor, move: Move, why: str = "") -> Move:
    """Take back what was scheduled."""
    with _on(actor, "release.schedule", move.version, why):
        row = Move.objects.select_for_update().get(pk=move.pk)
        if row.done or row.dropped:
            raise ConsoleError(TOO_LATE, "it is done or dropped already", fix="load the page again")
        row.dropped = timezone.now()
        row.save()
        return row


def run_due(now: datetime) -> list[Move]:
    """Do what was scheduled for by now, each by itself; what cannot be says why, and is not tried again."""
    done = []
    for due in Move.objects.filter(done=None, dropped=None, trouble="", at__lte=now).select_related("by"):
        try:
            done.append(_run(due, due.by, now))
        except (AedileError, Errors) as error:
            with noted("aedile", "job", "release.schedule", f"{due} could not be"):
                Move.objects.filter(pk=due.pk).update(trouble=str(error)[:2_000])
                tell_of_failed_move(due.version, due.by, due.stage, str(error))
    return done


def _run(due: Move, person: Person, now: datetime) -> Move:
    with _on(Actor(person, "job"), "strategy.advance", due.version, "scheduled") as row:
        move = Move.objects.select_for_update().get(pk=due.pk)
        if move.done or move.dropped:
            return move
        _place(row, Stage(move.stage), move.share)
        publish(person, f"{row} is {move.stage}, as scheduled")
        move.done = now
        move.save()
        return move


# ---------------------------------------------------------------- what all share


@contextmanager
def _on(actor: Actor, permission: str, version: Version, why: str) -> Iterator[Version]:
    """The transaction of an action on a version, which is locked and read anew; what the database refuses is told."""
    try:
        owner = version.strategy.team_id
        with acting(actor, permission, markets=version.markets or ["all"], team=owner, why=why):
            row = (
                Version.objects.select_for_update(of=("self",)).select_related("strategy").filter(pk=version.pk).first()
            )
            if row is None:
                raise ConsoleError(NO_SUCH, f"there is no {version}", fix="load the page again")
            if row.markets != version.markets or row.strategy.team_id != owner:
                actor.require(permission, markets=row.markets or ["all"], team=row.strategy.team_id)
            yield row
    except IntegrityError as error:
        raise _refused(error, version) from None


def _to(row: Version, stage: Stage) -> None:
    row.stage, row.staged = stage, timezone.now()
    row.save()


def _refused(error: IntegrityError, version: Version) -> Exception:
    """What the database refused, in words."""
    cause = error.__cause__
    name = getattr(getattr(cause, "diag", None), "constraint_name", "") or ""
    said = str(error).splitlines()[0]
    if name == "stage_way":
        return ConsoleError(WRONG_WAY, f"{version}: {said}", fix="see which stages may follow in the help of this page")
    if name in ("stage_approved", "stage_refused"):
        return ConsoleError(
            NOT_APPROVED, f"{version} is not approved: {said}",
            hint="approvals count for exactly the text they were given",
            fix="ask an approver of these markets who did not write it",
        )  # fmt: skip
    if name in ("version_acts_alone", "version_shadows_alone", "version_written_alone"):
        return ConsoleError(
            TAKEN, f"another version of {version.strategy_id} stands where {version} would",
            fix="retire that one first, or load the page again",
        )  # fmt: skip
    return error
