"""How do people send a change of a list, and what do they see of it until it is done?"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from aedile.console.base.codes import BAD_INPUT
from aedile.console.base.context import actor_of
from aedile.console.lists import changes
from aedile.console.lists.changes import Asked, begin, change_or_error, file_of, has_failed
from aedile.console.lists.codes import TOO_LARGE
from aedile.console.lists.forms import SendForm
from aedile.console.lists.limits import MAX_SENT
from aedile.console.lists.models import Change, Revision
from aedile.errors import ConsoleError, Place

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: A text that was typed is shown again, to be mended, up to so many bytes.
_MENDED = 64 << 10


@require_POST
def send(request: HttpRequest, name: str) -> HttpResponse:
    """Change a list: at once where it is little, else by a job."""
    actor = actor_of(request)
    actor.require("list.write")
    files = request.FILES  # the body is read by now
    if getattr(request, "file_was_too_large", False):
        raise ConsoleError(
            TOO_LARGE,
            f"the file has more than {MAX_SENT >> 20} MiB",
            fix="pack it with gzip, or split it and send one part after the other",
        )
    form = SendForm(_chosen(request), files)
    if not form.is_valid():
        field, said = next(iter(form.errors.items()))
        raise ConsoleError(BAD_INPUT, str(said[0]), place=Place(field=field), fix="go back, and send it again")
    given = form.cleaned_data
    file: UploadedFile | None = given["file"]
    source = file.name if file is not None else ""
    asked = Asked(
        given["how"], given["seen"], given["note"], form.micros(), given["number"], source,
        is_csv=source.lower().removesuffix(".gz").endswith(".csv"),
    )  # fmt: skip
    made = begin(actor, name, asked, _putting(form, file))
    return _after(request, made)


def _chosen(request: HttpRequest) -> Any:
    """The form as sent; entries that were ticked are its text."""
    ticked = request.POST.getlist("entry")
    if not ticked:
        return request.POST
    sent = request.POST.copy()
    sent["text"] = "\n".join(ticked)
    return sent


def _putting(form: SendForm, file: UploadedFile | None) -> Callable[[Path], object] | None:
    if form.cleaned_data["how"] not in changes.WITH_TEXT:
        return None
    if file is None:
        return lambda path: path.write_bytes(form.typed())
    # It lies in the same folder already; Django does not mind that it is gone when it tidies up.
    return lambda path: shutil.move(file.temporary_file_path(), path)


@require_safe
def change(request: HttpRequest, name: str, change_id: UUID) -> HttpResponse:
    """Where a change stands."""
    actor_of(request).require("list.view")
    return render(request, "lists/change.html", _told(request, change_or_error(name, change_id)))


@require_safe
def state(request: HttpRequest, name: str, change_id: UUID) -> HttpResponse:
    """The part of the page that changes by itself, for htmx."""
    actor_of(request).require("list.view")
    return render(request, "lists/_change.html", _told(request, change_or_error(name, change_id)))


def _told(request: HttpRequest, found: Change) -> dict[str, Any]:
    return {
        "list": found.list,
        "change": found,
        "job": found.job,
        "failed": has_failed(found),
        "mine": found.person_id == request.user.pk,
        "since": _between(found) if found.state == Change.State.OVERTAKEN else (),
        "text": _typed(found),
        "until": _EPOCH + timedelta(microseconds=found.until) if found.until is not None else None,
    }


def _between(found: Change) -> list[Revision]:
    """What others did after the one who asks had looked."""
    return list(
        Revision.objects.filter(list=found.list_id, number__gt=found.seen).select_related("author").defer("chunks")[:10]
    )


def _typed(found: Change) -> str:
    """What was typed and has bad lines, to be mended."""
    path = file_of(found)
    if found.state != Change.State.REFUSED or found.source or path.stat().st_size > _MENDED:
        return ""
    return path.read_bytes().decode("utf-8", "replace")


@require_POST
def go_on(request: HttpRequest, name: str, change_id: UUID) -> HttpResponse:
    """Leave bad lines out, or replace the list all the same."""
    change_or_error(name, change_id)
    return _after(request, changes.go_on(actor_of(request), change_id))


@require_POST
def drop(request: HttpRequest, name: str, change_id: UUID) -> HttpResponse:
    change_or_error(name, change_id)
    changes.drop(actor_of(request), change_id)
    messages.info(request, _("It is dropped; the list is as it was."))
    return redirect("list", name)


def _after(request: HttpRequest, made: Change) -> HttpResponse:
    """Back to the list where it is done, else to where it stands."""
    if made.state != Change.State.DONE:
        return redirect("list-change", made.list_id, made.pk)
    if made.revision is None:
        messages.info(request, _("The list is so already: nothing changed."))
    else:
        messages.success(request, said_of(made.revision))
        others = [one for one in _between(made) if one.number < made.revision.number]
        if others and made.how not in (Change.How.REPLACE, Change.How.RESTORE):
            names = ", ".join(sorted({str(one.author) for one in others}))
            messages.warning(
                request, _("Meanwhile %(names)s changed the list too; what both of you did stands.") % {"names": names}
            )
    if made.missing:
        messages.info(request, _("%(count)d were not in the list.") % {"count": made.missing})
    return redirect("list", made.list_id)


def said_of(revision: Revision) -> str:
    """A revision in words."""
    return _("Revision %(number)d: %(added)d added, %(removed)d removed, %(changed)d with another expiry.") % {
        "number": revision.number, "added": revision.added, "removed": revision.removed, "changed": revision.changed,
    }  # fmt: skip
