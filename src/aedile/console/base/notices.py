"""Who is told what happened? An action writes what to tell into the outbox, in its own transaction; a chore sends it.

What is rolled back is told to nobody. What was sent just when the worker died may be sent twice.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from urllib.parse import quote

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from aedile.console.accounts.actor import Actor
from aedile.console.accounts.models import Person, Team
from aedile.console.base.acting import acting, noted
from aedile.console.base.addresses import host_in, is_mail, require_scheme
from aedile.console.base.codes import NOT_FOUND
from aedile.console.base.models import Outbox
from aedile.console.base.sender import Message, Sender
from aedile.errors import ConsoleError
from aedile.settings import Notices

log = logging.getLogger("aedile.console.notices")

#: Tries before a notice is given up; seconds before the second, and by which factor each wait is longer.
TRIES, WAIT, FACTOR = 6, 10, 4
#: Notices that one round sends.
ROUND = 50
#: Days for which a notice is shown to those whom it is for, and the session's word for when they last looked.
SHOWN = 14
SEEN = "notices_seen"


def notify(
    to: Team | Person, kind: str, subject: str, text: str = "", link: str = "", *, now: datetime | None = None
) -> Outbox:
    """Tell a team or a person something, in the transaction of the action that it is about.

    link: the address of the page it is about, within the console.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("what is told is told in the transaction of an action")
    at = now or timezone.now()
    whom = {"team": to} if isinstance(to, Team) else {"person": to}
    return Outbox.objects.create(
        kind=kind, subject=subject[:200], text=text, link=link, made=at, next_try=at, **whom,
        state=Outbox.State.WAITING if settings.AEDILE.notices.send else Outbox.State.KEPT,
    )  # fmt: skip


def mine(actor: Actor) -> QuerySet[Outbox]:
    """What a person, or a team of theirs, was told lately; the newest first."""
    teams = {grant.team_id for grant in actor.grants if grant.team_id is not None}
    since = timezone.now() - timedelta(days=SHOWN)
    return Outbox.objects.filter(Q(person=actor.person) | Q(team__in=teams), made__gte=since)


def unseen(actor: Actor, seen: str | None) -> int:
    """How many of them came since somebody looked; seen: RFC 3339, from the session. Beyond 99 it is 99."""
    found = mine(actor)
    since = parse_datetime(seen) if seen else None
    return (found.filter(made__gt=since) if since is not None else found)[:99].count()


def try_again(actor: Actor, notice_id: int) -> None:
    """Send once more what was given up."""
    with acting(actor, "person.manage"):
        changed = Outbox.objects.filter(pk=notice_id, state=Outbox.State.DEAD).update(
            state=Outbox.State.WAITING, tries=0, next_try=timezone.now(), trouble=""
        )
        if not changed:
            raise ConsoleError(NOT_FOUND, "no such notice was given up", fix="load the outbox again")


def send_due() -> None:
    """Send what is due; a chore."""
    if not settings.AEDILE.notices.send:
        return
    due = Outbox.objects.filter(state=Outbox.State.WAITING, next_try__lte=timezone.now()).order_by("next_try")
    ids = list(due.values_list("pk", flat=True)[:ROUND])
    if ids:
        with Sender() as sender:
            for pk in ids:
                _send_one(pk, sender)


def _send_one(pk: int, sender: Sender) -> None:
    with noted("aedile", "job", "notice.try"):
        notice = (
            Outbox.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("team", "person")
            .filter(pk=pk, state=Outbox.State.WAITING, next_try__lte=timezone.now())
            .first()
        )
        if notice is None:
            return
        notice.tries += 1
        notice.next_try = timezone.now() + timedelta(seconds=WAIT * FACTOR ** (notice.tries - 1))
        notice.save(update_fields=["tries", "next_try"])
    trouble = _sent(notice, sender)
    with noted("aedile", "job", "notice.send"):
        _note(notice, trouble)


def _sent(notice: Outbox, sender: Sender) -> str | None:
    """Why it could not be sent; empty where it was, None where there is nowhere to send it to."""
    try:
        message = message_of(notice, settings.AEDILE.notices, settings.URL)
    except ConsoleError as error:
        return error.message
    return None if message is None else sender.send(message)


def _note(notice: Outbox, trouble: str | None) -> None:
    if trouble is None:
        notice.state, notice.trouble = Outbox.State.KEPT, "there is no address for it"
    elif not trouble:
        notice.state, notice.trouble, notice.sent = Outbox.State.SENT, "", timezone.now()
    else:
        notice.state = Outbox.State.DEAD if notice.tries >= TRIES else Outbox.State.WAITING
        notice.trouble = trouble[:300]
        log.warning("notice %d was not sent, try %d of %d: %s", notice.pk, notice.tries, TRIES, trouble)
    notice.save(update_fields=["state", "trouble", "sent"])


def message_of(notice: Outbox, chosen: Notices, url: str) -> Message | None:
    """What goes out for a notice, and where; None where there is no address. A `ConsoleError` where it may not go."""
    address = notice.team.channel if notice.team is not None else notice.person.email
    if not address or (is_mail(address) and chosen.mail is None):
        return None
    text = "\n\n".join(part for part in (notice.text, f"{url}{notice.link}" if notice.link else "") if part)
    if is_mail(address):
        assert chosen.mail is not None
        joined = "&" if "?" in chosen.mail else "?"
        return Message(f"{chosen.mail}{joined}to={quote(address)}", notice.subject, text, [host_in(chosen.mail)])
    require_scheme(address)
    return Message(address, notice.subject, text, chosen.allowed)
