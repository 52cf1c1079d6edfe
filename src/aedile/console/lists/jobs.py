"""Which of the desk's work takes long?"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from aedile.console.base.acting import noted
from aedile.console.base.jobs import chore, does
from aedile.console.base.models import Outbox
from aedile.console.base.notices import notify
from aedile.console.base.running import Running
from aedile.console.lists.changes import work
from aedile.console.lists.content import current_lists, load, pieces_of
from aedile.console.lists.merging import expired
from aedile.console.lists.models import Change, NamedList

_PARTS = 1000
#: After which a team is told again of entries that have expired.
AGAIN = timedelta(days=7)


@does("lists.change")
def change_list(running: Running, change: str) -> str:
    """Bring what was sent into the list, or leave the change waiting for an answer."""
    found = Change.objects.select_related("list").get(pk=change)
    page = reverse("list-change", args=[found.list_id, found.pk])

    def told(share: float) -> None:
        running.progress(int(share * _PARTS), _PARTS, _("%(list)s: %(how)s") % {
            "list": found.list_id, "how": found.get_how_display(),
        })  # fmt: skip

    work(running.actor, found, told, lambda: running.finish(page))
    return page


@chore("tell_of_expired_entries", "23 * * * *")
def tell_of_expired() -> int:
    """Tell the teams of lists whose entries have expired, once a week each; how many were told."""
    now, told = timezone.now(), 0
    for name, (revision, _entries) in current_lists().items():
        gone = len(expired(pieces_of(revision), load, int(now.timestamp() * 1_000_000)).entries.texts)
        if gone:
            with noted("aedile", "job", "list.expires"):
                told += _tell(NamedList.objects.select_related("team").get(pk=name), gone, now)
    return told


def _tell(named: NamedList, gone: int, now: datetime) -> bool:
    link = reverse("list", args=[named.name])
    if Outbox.objects.filter(team=named.team, kind="list.expires", link=link, made__gt=now - AGAIN).exists():
        return False
    subject = _("%(list)s: entries have expired (%(count)s)") % {"list": named.name, "count": f"{gone:,}"}
    notify(named.team, "list.expires", subject, _("They count no more; take them out, or give them another end."), link)
    return True
