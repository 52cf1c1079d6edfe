"""Which rows are on the next page? Those after the last one of this page: as cheap on page 1000 as on page 1.

A page is found by the values of its neighbour (sort field, primary key), so that rows that come or go meanwhile neither
repeat nor hide others. Values that are missing come last, in both directions.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist, FieldError, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F, Model, Q, QuerySet
from django.db.utils import DataError

from aedile.console.base.codes import BAD_INPUT
from aedile.errors import ConsoleError

_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a page begins or ends. value, pk: of the row beside it. back: the page is before that row."""

    value: Any
    pk: Any
    back: bool

    @classmethod
    def read(cls, after: str, before: str) -> Mark | None:
        text = after or before
        if not text:
            return None
        try:
            value, pk = json.loads(base64.urlsafe_b64decode(text[:_LONGEST].encode("ascii")))
        except (ValueError, UnicodeError, binascii.Error, RecursionError):
            raise _bad() from None
        if pk is None or not all(isinstance(one, str | int | float | bool | None) for one in (value, pk)):
            raise _bad()
        return cls(value, pk, not after)


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the marks from which its neighbours are found; empty where there is none."""

    rows: Sequence[Any]
    before: str
    after: str


def ordering(model: type[Model], field: str, down: bool) -> list[Any]:
    """Missing values last; the primary key decides between equals."""
    if field in ("pk", model._meta.pk.name):
        return ["-pk" if down else "pk"]
    if not _may_be_missing(model, field):
        return [f"-{field}", "-pk"] if down else [field, "pk"]
    expression = F(field)
    return [expression.desc(nulls_last=True) if down else expression.asc(nulls_last=True), "-pk" if down else "pk"]


def read_page(rows: QuerySet[Any], field: str, down: bool, mark: Mark | None, size: int) -> Page:
    """One page of rows in an order."""
    found = rows
    if mark is not None:
        try:
            found = rows.filter(_beyond(rows.model, field, down, mark))
        except (ValueError, TypeError, ValidationError, FieldError):
            raise _bad() from None
    order = ordering(rows.model, field, down)
    ordered = found.order_by(*order)
    if mark is not None and mark.back:
        ordered = ordered.reverse()
    try:
        read = list(ordered[: size + 1])
    except DataError:
        raise _bad() from None
    more, shown = len(read) > size, read[:size]
    back = mark is not None and mark.back
    if back:
        shown.reverse()
    if not shown:
        return Page((), "", "")
    has_before = more if back else mark is not None
    has_after = True if back else more
    return Page(shown, _mark(shown[0], field) if has_before else "", _mark(shown[-1], field) if has_after else "")


def _beyond(model: type[Model], field: str, down: bool, mark: Mark) -> Q:
    less = down != mark.back
    beyond = "lt" if less else "gt"
    further = Q(**{f"pk__{beyond}": mark.pk})
    if field in ("pk", model._meta.pk.name):
        return further
    missing = Q(**{f"{field}__isnull": True}) if _may_be_missing(model, field) else None
    if mark.value is None:
        if missing is None:
            raise _bad()
        return (missing & further) | ~missing if mark.back else missing & further
    same_or_beyond = Q(**{f"{field}__{beyond}e": mark.value})  # lets an index begin where the page does
    found = same_or_beyond & (Q(**{f"{field}__{beyond}": mark.value}) | further)
    return found | missing if missing is not None and not mark.back else found


def _may_be_missing(model: type[Model], field: str) -> bool:
    """Whether a field may be null; of another table's field, or of a computed one, it is taken for possible."""
    try:
        return bool(model._meta.get_field(field).null)
    except FieldDoesNotExist:
        return True


def _mark(row: Any, field: str) -> str:
    value = row
    for name in field.split("__"):
        value = getattr(value, name, None)
    written = json.dumps([value, row.pk], cls=_Exactly)
    return base64.urlsafe_b64encode(written.encode()).decode()


class _Exactly(DjangoJSONEncoder):
    """Times to the microsecond: Django's own encoder cuts them to milliseconds, and rows would come twice."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if hasattr(o, "isoformat") else super().default(o)


def _bad() -> ConsoleError:
    return ConsoleError(
        BAD_INPUT,
        "the mark of a page cannot be read",
        hint="it was cut off, or made for another order",
        fix="begin at the first page",
    )
