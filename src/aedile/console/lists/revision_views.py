"""How did a list come about? Its revisions, what differs between two, and each as a file."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from aedile.console.base.codes import BAD_INPUT
from aedile.console.base.context import actor_of
from aedile.console.lists.cells import csv_of
from aedile.console.lists.chunks import Piece
from aedile.console.lists.content import chunks_in, list_or_error, load, pieces_of, revision_or_error
from aedile.console.lists.differing import count_differences, entries_apart, page_of_differences
from aedile.console.lists.looking import entry_in
from aedile.console.lists.merging import Counts
from aedile.console.lists.models import Revision
from aedile.errors import ConsoleError, Place

PAGE = 50
#: Differences are counted where no more entries than these need to be looked at.
_COUNTED = 100_000


@require_safe
def index(request: HttpRequest, name: str) -> HttpResponse:
    """The revisions, the newest first. before: the number of the last one of the page before."""
    actor = actor_of(request)
    actor.require("list.view")
    found = list_or_error(name).revisions.select_related("author").defer("chunks")
    before = _number(request, "before")
    rows = list((found.filter(number__lt=before) if before is not None else found)[: PAGE + 1])
    more = rows[PAGE - 1].number if len(rows) > PAGE else None
    context = {"list": list_or_error(name), "revisions": rows[:PAGE], "more": more, "before": before}
    return render(request, "lists/revisions.html", context)


@require_safe
def revision(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """What a revision changed. since: another revision to compare it with. after: the last entry shown before."""
    actor = actor_of(request)
    actor.require("list.view")
    found = revision_or_error(name, number)
    since = _number(request, "since")
    since = number - 1 if since is None else since
    old = pieces_of(revision_or_error(name, since)) if since else ()
    new = pieces_of(found)
    found_page = page_of_differences(old, new, load, _text(request.GET.get("after", "")))
    context = {
        "list": list_or_error(name), "revision": found, "since": since,
        "newest": Revision.objects.filter(list_id=name).defer("chunks").first(), "page": found_page,
        "counts": counts_of(found, since, old, new),
        "is_first": not request.GET.get("after"), "may_write": actor.may("list.write"),
    }  # fmt: skip
    return render(request, "lists/revision.html", context)


def _text(text: str) -> str:
    """An entry in an address; what is no text is in no list."""
    return text.encode("utf-8", "replace").decode()


def counts_of(found: Revision, since: int, old: tuple[Piece, ...], new: tuple[Piece, ...]) -> Counts | None:
    """How much differs; None where nobody would wait for it to be counted."""
    if since == found.number - 1:
        return Counts(found.added, found.removed, found.changed)
    return count_differences(old, new, load) if entries_apart(old, new) <= _COUNTED else None


@require_safe
def file(request: HttpRequest, name: str, number: int) -> StreamingHttpResponse:
    """A revision as a list's file, as `lists/<name>.txt` of a folder that is pushed."""
    actor_of(request).require("list.view")
    chunks = chunks_in(pieces_of(revision_or_error(name, number)))
    return _attached(chunks, "text/plain; charset=utf-8", f"{name}.txt")


@require_safe
def as_csv(request: HttpRequest, name: str, number: int) -> StreamingHttpResponse:
    """A revision as CSV, for spreadsheets."""
    actor_of(request).require("list.view")
    found = revision_or_error(name, number)
    return _attached(csv_parts(found), "text/csv; charset=utf-8", f"{name}-r{number}.csv")


def csv_parts(found: Revision) -> Iterator[bytes]:
    """A revision as CSV, a part at a time."""
    yield b"\xef\xbb\xbf" + csv_of((), is_first=True).encode()
    for chunk in chunks_in(pieces_of(found)):
        yield csv_of(map(entry_in, chunk.split(b"\n")[:-1]), is_first=False).encode()


def _attached(parts: Iterator[bytes], type_: str, filename: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(parts, content_type=type_)
    answer["Content-Disposition"] = f'attachment; filename="{filename}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise ConsoleError(
            BAD_INPUT, f"`{name}` is no revision's number", place=Place(field=name), fix="see all revisions"
        )
    return int(text)
