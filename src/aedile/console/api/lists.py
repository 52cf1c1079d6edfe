"""Named lists, for programs: what they hold, how they came about, and changes of them, however large."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path as FilePath
from typing import Any, Literal
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from ninja import Path, Query, Router, Status

from aedile.console.api import list_shapes as shapes
from aedile.console.api.calling import LIMIT, MOST, NUMBER, actor_in, aware
from aedile.console.api.shapes import answers, as_file
from aedile.console.base.codes import BAD_INPUT
from aedile.console.lists import actions, changes
from aedile.console.lists.changes import Asked, begin, change_or_error
from aedile.console.lists.codes import TOO_LARGE
from aedile.console.lists.content import chunks_in, list_or_error, load, pieces_of, revision_or_error
from aedile.console.lists.differing import page_of_differences
from aedile.console.lists.effects import effect_of, who_uses
from aedile.console.lists.limits import MAX_SENT
from aedile.console.lists.listing import rows
from aedile.console.lists.looking import exactly, with_prefix
from aedile.console.lists.looking import page as page_of
from aedile.console.lists.models import Change, NamedList, Revision
from aedile.console.lists.revision_views import counts_of, csv_parts
from aedile.errors import ConsoleError, Place
from aedile.language.lists import MOST_BYTES

router = Router()
NAME = Path(max_length=100, example="recalled-gtin")
_PLAIN, _CSV, _PACKED = "text/plain", "text/csv", "application/gzip"
_SEEN = Query(ge=1, le=MOST, description="The revision that was looked at.", example=1)


@router.get("/lists", response=answers(shapes.Lists), summary="Find lists")
def find_lists(
    request: HttpRequest,
    q: str = Query("", max_length=200, description="A part of name or meaning."),
    team: str = Query("", max_length=60),
    state: Literal["kept", "retired", "all"] = "kept",
    after: str = Query("", max_length=100, description="Where the page before ended."),
    limit: int = LIMIT,
) -> Any:
    """Lists by their names, each with what its newest revision says."""
    actor_in(request).require("list.view")
    found = _rows().order_by("name")
    if q:
        found = found.filter(Q(name__icontains=q) | Q(meaning__icontains=q))
    if team:
        found = found.filter(team_id=team)
    if state != "all":
        found = found.filter(retired__isnull=state == "kept")
    page = list(found.filter(name__gt=after)[: limit + 1])
    return {
        "items": [shapes.ListTold.of(one) for one in page[:limit]],
        "after": page[limit - 1].name if len(page) > limit else None,
    }


@router.post("/lists", response=answers(shapes.ListWhole, 201), summary="Make a list")
def make(request: HttpRequest, said: shapes.ListMade) -> Any:
    """It is empty at first; put entries in by a change."""
    actions.create_list(actor_in(request), said.name, said.team, said.meaning, said.note)
    return Status(201, _whole(request, said.name))


@router.get("/lists/{name}", response=answers(shapes.ListWhole), summary="A list")
def one_list(request: HttpRequest, name: str = NAME) -> Any:
    """Who asks it, whether its newest revision decides, and changes of the caller's that are not done."""
    actor_in(request).require("list.view")
    return _whole(request, name)


@router.put("/lists/{name}", response=answers(shapes.ListWhole), summary="Say anew whose a list is, and what it means")
def describe(request: HttpRequest, said: shapes.ListDescribed, name: str = NAME) -> Any:
    actions.describe_list(actor_in(request), name, said.team, said.meaning)
    return _whole(request, name)


@router.post("/lists/{name}/retire", response=answers(shapes.ListWhole), summary="Retire a list that nothing asks")
def retire(request: HttpRequest, said: shapes.Because, name: str = NAME) -> Any:
    actions.retire_list(actor_in(request), name, said.why)
    return _whole(request, name)


@router.post("/lists/{name}/bring-back", response=answers(shapes.ListWhole), summary="Bring a retired list back")
def bring_back(request: HttpRequest, said: shapes.Note, name: str = NAME) -> Any:
    actions.bring_back_list(actor_in(request), name, said.note)
    return _whole(request, name)


@router.get("/lists/{name}/entries", response=answers(shapes.Entries), summary="What a list holds")
def entries(
    request: HttpRequest,
    name: str = NAME,
    q: str = Query("", max_length=MOST_BYTES, description="Only entries that begin so, or that are exactly so."),
    match: Literal["prefix", "exact"] = "prefix",
    offset: int = Query(0, ge=0, le=MOST),
    limit: int = Query(50, ge=1, le=1000),
) -> Any:
    """In the order of their bytes, from an offset on, by the newest revision."""
    actor_in(request).require("list.view")
    if len(q.encode()) > MOST_BYTES:
        raise ConsoleError(BAD_INPUT, f"no entry has more than {MOST_BYTES:,} bytes", place=Place(field="q"))
    newest = revision_or_error(name)
    pieces = pieces_of(newest)
    if q and match == "exact":
        found = exactly(pieces, load, q)
    elif q:
        found = with_prefix(pieces, load, q, offset, limit)
    else:
        found = page_of(pieces, load, offset, limit)
    now = time.time_ns() // 1000
    told = [shapes.EntryTold.of(entry, now) for entry in found.entries]
    return {"revision": newest.number, "total": found.total, "entries": told}


# ---------------------------------------------------------------- changes


@router.post("/lists/{name}/changes", response=answers(shapes.ChangeTold, 201), summary="Change what a list holds")
def change(request: HttpRequest, said: shapes.ChangeAsked, name: str = NAME) -> Any:
    """Done at once where it is little, else by a job: `job` is its id, and the change's own address says what came of
    it. Bad lines or, for `replace` and `restore`, a list that others changed meanwhile stop it until it is told to go
    on or is dropped."""
    actor = actor_in(request)
    actor.require("list.write")
    until = said.until if said.until is None else aware(said.until, "until")
    asked = Asked(said.how, said.seen, said.note, shapes.micros(until), said.number)
    if said.how == "restore" and said.number is None:
        raise _missing("number", "which revision is to be restored")
    put: Callable[[FilePath], object] | None = None
    if said.how in ("put", "remove", "time", "replace"):
        data = _lines(said.lines)
        put = lambda path: path.write_bytes(data)  # noqa: E731  named by its use
    return Status(201, shapes.ChangeTold.of(begin(actor, name, asked, put)))


@router.post(
    "/lists/{name}/uploads", response=answers(shapes.ChangeTold, 201), summary="Send a file of entries",
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": f"A list's file, one entry a line, behind a tab its expiry; or CSV; packed or not, up to "
            f"{MAX_SENT >> 20} MiB.",
            "content": {
                _PLAIN: {"schema": {"type": "string"}, "example": "4006381333931\n4006381333948\t2027-01-01T00:00:00Z"},
                _CSV: {"schema": {"type": "string"}, "example": "entry,expires\n4006381333931,\n"},
                _PACKED: {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
)  # fmt: skip
def upload(
    request: HttpRequest,
    how: Literal["put", "remove", "time", "replace"],
    name: str = NAME,
    seen: int = _SEEN,
    note: str = Query("", max_length=300),
    source: str = Query("", max_length=200, description="What the file is called; .csv and .csv.gz are read as CSV."),
    until: datetime | None = None,
) -> Any:
    """The body is the file, as `curl --data-binary @file` sends it, of type text/plain, text/csv or application/gzip.
    It goes to the disk as it comes; what becomes of it is told as for any change."""
    actor = actor_in(request)
    actor.require("list.write")
    _check_size(request)
    is_csv = request.content_type == _CSV or source.lower().removesuffix(".gz").endswith(".csv")
    end = until if until is None else aware(until, "until")
    asked = Asked(how, seen, note, shapes.micros(end), None, source, is_csv=is_csv)
    return Status(201, shapes.ChangeTold.of(begin(actor, name, asked, lambda path: _receive(request, path))))


def _check_size(request: HttpRequest) -> None:
    if request.content_type not in (_PLAIN, _CSV, _PACKED):
        raise ConsoleError(
            BAD_INPUT, f"a list is not sent as {request.content_type[:60]!r}", place=Place(field="Content-Type"),
            fix=f"send {_PLAIN}, {_CSV} or {_PACKED}",
        )  # fmt: skip
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal() or not int(length):
        raise ConsoleError(
            BAD_INPUT, "the body is empty, or its length is not told", place=Place(field="Content-Length"),
            fix="send the file with its length, as curl --data-binary does",
        )  # fmt: skip
    if int(length) > MAX_SENT:
        raise ConsoleError(
            TOO_LARGE, f"the file has more than {MAX_SENT >> 20} MiB", fix="pack it with gzip, or send it in parts"
        )


def _receive(request: HttpRequest, path: FilePath) -> None:
    with path.open("wb") as file:
        shutil.copyfileobj(request, file, 1 << 20)  # ends where the length that was told is over
    if path.stat().st_size != int(request.headers["Content-Length"]):
        raise ConsoleError(BAD_INPUT, "the file was cut off on its way", fix="send it again")


@router.get("/lists/{name}/changes/{change}", response=answers(shapes.ChangeTold), summary="Where a change stands")
def one_change(request: HttpRequest, change: UUID, name: str = NAME) -> Any:
    actor_in(request).require("list.view")
    return shapes.ChangeTold.of(change_or_error(name, change))


@router.post(
    "/lists/{name}/changes/{change}/go-on", response=answers(shapes.ChangeTold),
    summary="Leave bad lines out, or replace all the same",
)  # fmt: skip
def go_on(request: HttpRequest, change: UUID, name: str = NAME) -> Any:
    actor = actor_in(request)
    actor.require("list.write")
    change_or_error(name, change)
    changes.go_on(actor, change)
    return shapes.ChangeTold.of(change_or_error(name, change))


@router.post("/lists/{name}/changes/{change}/drop", response=answers(shapes.ChangeTold), summary="Give a change up")
def drop(request: HttpRequest, change: UUID, name: str = NAME) -> Any:
    actor = actor_in(request)
    actor.require("list.write")
    change_or_error(name, change)
    changes.drop(actor, change)
    return shapes.ChangeTold.of(change_or_error(name, change))


# ---------------------------------------------------------------- revisions


@router.get("/lists/{name}/revisions", response=answers(shapes.Revisions), summary="A list's revisions")
def revisions(
    request: HttpRequest, name: str = NAME, before: int = Query(MOST, ge=1, le=MOST), limit: int = LIMIT
) -> Any:
    """The newest first. before: only those of smaller numbers."""
    actor_in(request).require("list.view")
    found = list_or_error(name).revisions.select_related("author").defer("chunks").filter(number__lt=before)
    page = list(found.order_by("-number")[: limit + 1])
    return {
        "items": [shapes.RevisionTold.of(one) for one in page[:limit]],
        "before": page[limit - 1].number if len(page) > limit else None,
    }


@router.get(
    "/lists/{name}/revisions/{number}/differences", response=answers(shapes.Differences), summary="What differs"
)
def differences(
    request: HttpRequest,
    name: str = NAME,
    number: int = NUMBER,
    since: int | None = Query(None, ge=0, le=MOST, description="The other revision; by default the one before."),
    after: str = Query("", max_length=MOST_BYTES, description="Where the page before ended."),
    limit: int = Query(100, ge=1, le=1000),
) -> Any:
    """Entries that came, went or have another expiry, page by page; a page may hold fewer than asked for, or none, and
    yet not be the last. `counts` is null where counting would take too long."""
    actor_in(request).require("list.view")
    found = revision_or_error(name, number)
    since = number - 1 if since is None else since
    old, new = pieces_of(revision_or_error(name, since)) if since else (), pieces_of(found)
    page = page_of_differences(old, new, load, after, count=limit)
    counts = counts_of(found, since, old, new)
    return {
        "since": since, "number": number, "after": page.behind,
        "counts": shapes.CountsTold.of(counts) if counts is not None else None,
        "items": [{"text": one.text, "was": one.was, "became": one.became} for one in page.rows],
    }  # fmt: skip


@router.get(
    "/lists/{name}/revisions/{number}/file", response=answers(None), summary="A revision as a file",
    openapi_extra=as_file(_PLAIN, _CSV),
)  # fmt: skip
def file(
    request: HttpRequest,
    name: str = NAME,
    number: int = NUMBER,
    as_: Literal["text", "csv"] = Query("text", alias="as"),
) -> HttpResponseBase:
    """As `lists/<name>.txt` of a folder, one entry a line; or as CSV, for spreadsheets."""
    actor_in(request).require("list.view")
    found = revision_or_error(name, number)
    parts, type_ = (csv_parts(found), _CSV) if as_ == "csv" else (chunks_in(pieces_of(found)), _PLAIN)
    answer = StreamingHttpResponse(parts, content_type=f"{type_}; charset=utf-8")
    ending = "csv" if as_ == "csv" else "txt"
    answer["Content-Disposition"] = f'attachment; filename="{name}-r{number}.{ending}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _rows() -> QuerySet[NamedList]:
    """As pages list them, and who made the newest revision by their address, as everywhere in the API."""
    newest = Revision.objects.filter(list=OuterRef("pk")).order_by("-number")
    return rows().annotate(by=Subquery(newest.values("author__email")[:1]))


def _whole(request: HttpRequest, name: str) -> dict[str, Any]:
    list_or_error(name)
    told, newest = _rows().get(pk=name), revision_or_error(name)
    using = who_uses(name, running=False)
    mine = Change.objects.filter(list=name, person=actor_in(request).person, ended=None).select_related(
        "job", "revision"
    )
    return {
        **shapes.ListTold.of(told), "effect": effect_of(newest, using), "digest": newest.digest,
        "asked_by": [
            {"strategy": use.strategy, "title": use.title, "number": use.number, "stage": use.stage} for use in using
        ],
        "open": [shapes.ChangeTold.of(one) for one in mine[:20]],
    }  # fmt: skip


def _lines(lines: list[str] | None) -> bytes:
    if not lines:
        raise _missing("lines", "no entries are sent")
    if any("\n" in line or "\r" in line for line in lines):
        raise ConsoleError(
            BAD_INPUT, "an entry holds the end of a line", place=Place(field="lines"), fix="send each entry by itself"
        )
    return "\n".join(lines).encode() + b"\n"


def _missing(field: str, what: str) -> ConsoleError:
    return ConsoleError(BAD_INPUT, what, place=Place(field=field), fix=f"send `{field}`")
