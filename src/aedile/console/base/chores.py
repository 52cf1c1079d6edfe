"""Which jobs and chores belong to no desk alone?"""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from aedile.console.accounts.actor import Actor
from aedile.console.base.acting import acting
from aedile.console.base.history import verify
from aedile.console.base.jobs import chore, does, start
from aedile.console.base.models import Entry, Job
from aedile.console.base.notices import send_due
from aedile.console.base.running import Running
from aedile.store.database import database_at

chore("send_notices", "* * * * * */5")(send_due)


def ask_to_verify(actor: Actor) -> Job:
    """Ask for every hash of the history to be computed again."""
    with acting(actor, "history.view"):
        return start(actor, "history.verify", _("Verify the history"))


@does("history.verify")
def verify_history(running: Running) -> str:
    """Raises a `ConsoleError` that names the first entry which is not as it was written."""
    last = Entry.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    with database_at(settings.HOME, settings.AEDILE.database_url).connect() as connection:
        found = verify(connection, told=lambda seq: running.progress(seq, max(seq, last)))
    running.progress(found.entries, found.entries, f"{found.entries:,} · {found.head[:16]}…")
    return ""
