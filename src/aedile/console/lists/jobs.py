"""Which of the desk's work takes long?"""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from aedile.console.base.jobs import does
from aedile.console.base.running import Running
from aedile.console.lists.changes import work
from aedile.console.lists.models import Change

_PARTS = 1000


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
