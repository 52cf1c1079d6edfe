"""Which writes were there, by whom, to what, and when? Found by index, however many there are."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.db import connection
from django.utils import timezone
from django.utils.dateparse import parse_date

from aedile.console.accounts.codes import BAD_FILTER
from aedile.console.base.models import Entry
from aedile.errors import ConsoleError

EACH = 50
_DISTINCT = """
with recursive found (value) as (
  select min({column}) from history
  union all
  select (select min({column}) from history where {column} > found.value) from found where found.value is not null
)
select value from found where value is not null
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for; empty texts ask for nothing. since, until: days in the viewer's zone, both included.

    before: entries older than the one of this number; it turns pages.
    """

    actor: str = ""
    action: str = ""
    table: str = ""
    key: str = ""
    since: str = ""
    until: str = ""
    before: str = ""

    @classmethod
    def of(cls, told: Any) -> Filter:
        texts = {field.name: str(told.get(field.name, "")) for field in fields(cls)}
        return cls(**{name: text.replace("\x00", "").strip()[:254] for name, text in texts.items()})

    @property
    def is_any(self) -> bool:
        return self != Filter(before=self.before)

    def address(self, **changes: str) -> str:
        """The part of an address behind the question mark."""
        other = replace(self, **changes)
        told = {field.name: getattr(other, field.name) for field in fields(self)}
        return urlencode({name: value for name, value in told.items() if value})


@dataclass(frozen=True, slots=True)
class Page:
    """entries: the newest first. more: the number from which the next page goes back; empty at the end."""

    entries: list[Entry]
    more: str


def page_of(asked: Filter) -> Page:
    found = Entry.objects.all()
    columns = {"actor": asked.actor, "action": asked.action, "subject": asked.table, "pk_of_row": asked.key}
    found = found.filter(**{column: value for column, value in columns.items() if value})
    if asked.since:
        found = found.filter(seq__gte=_first_at(_midnight(asked.since)))
    if asked.until:
        found = found.filter(seq__lt=_first_at(_midnight(asked.until, days=1)))
    if asked.before:
        if not asked.before.isdecimal() or len(asked.before) > 18:
            raise ConsoleError(BAD_FILTER, f'"{asked.before[:40]}" is not the number of an entry', fix="leave it out")
        found = found.filter(seq__lt=int(asked.before))
    rows = list(found.order_by("-seq")[: EACH + 1])
    return Page(rows[:EACH], str(rows[EACH - 1].seq) if len(rows) > EACH else "")


def values_of(column: str) -> list[str]:
    """The different values of `action` or `subject`, one look-up of the index for each."""
    if column not in ("action", "subject"):
        raise ValueError(column)
    with connection.cursor() as cursor:
        cursor.execute(_DISTINCT.format(column=column))
        return [row[0] for row in cursor.fetchall()]


def name_of(table: str) -> str:
    """What a row of a table is called; the table's own name where no model has it."""
    return _names().get(table, table)


def _names() -> dict[str, str]:
    return {model._meta.db_table: str(model._meta.verbose_name) for model in apps.get_models()}


def _midnight(text: str, days: int = 0) -> datetime:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not 1970 <= day.year <= 9000:
        raise ConsoleError(BAD_FILTER, f'"{text[:40]}" is not a day', fix="write one as 2027-01-31")
    return timezone.make_aware(datetime.combine(day + timedelta(days=days), time()))


def _first_at(moment: datetime) -> int:
    """The number of the first entry at or after a time: numbers follow the clock. Past the last where there is none."""
    at_us = int(moment.timestamp() * 1_000_000)
    found = Entry.objects.filter(at_us__gte=at_us).order_by("at_us", "seq").values_list("seq", flat=True).first()
    return found if found is not None else 1 << 62
