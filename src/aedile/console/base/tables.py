"""How does a desk show many rows? It declares a table; sorting, filters, pages, columns and CSV follow, all in the URL.

    STRATEGIES = Table(
        "strategies",
        columns=(
            Column("strategy_id", _("Strategy"), lambda row: entity_link("strategy", row.strategy_id), sort="strategy"),
            Column("changed", _("Changed"), lambda row: when(row.changed), sort="changed"),
        ),
        filters=(Filter("q", _("Find"), lambda rows, typed: rows.filter(words__contains=typed.lower())),
                 Filter("stage", _("Stage"), lambda rows, stage: rows.filter(stage=stage), Stage.choices)),
        order="-changed",
    )

    def strategies(request):
        return STRATEGIES.answer(request, Version.objects.filter(actor.seen("strategy.view")), "strategies/list.html")

The page's template has `{% include "base/table.html" %}` where the table is to stand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise

from aedile.console.base.csv_export import csv_answer
from aedile.console.base.keyset import Page, read_page
from aedile.console.base.table_state import State, Told

PER_PAGE = 50
COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class Column:
    """name: in the URL and in CSV. cell: what a row shows, HTML where it is safe. plain: what CSV holds, by default the
    attribute called `name`. sort: the field it sorts by, none where it cannot. shown: unless chosen otherwise."""

    name: str
    label: str | Promise
    cell: Callable[[Any], Any] | None = None
    plain: Callable[[Any], Any] | None = None
    sort: str = ""
    numeric: bool = False
    shown: bool = True

    def html(self, row: Any) -> Any:
        return self.text(row) if self.cell is None else self.cell(row)

    def text(self, row: Any) -> Any:
        return getattr(row, self.name) if self.plain is None else self.plain(row)


@dataclass(frozen=True, slots=True)
class Filter:
    """Narrows the rows by what was typed, or chosen among `choices` (value, label), which may be a function."""

    name: str
    label: str | Promise
    narrow: Callable[[QuerySet[Any], str], QuerySet[Any]]
    choices: Sequence[tuple[Any, Any]] | Callable[[], Sequence[tuple[Any, Any]]] | None = None

    def options(self) -> Sequence[tuple[Any, Any]] | None:
        return self.choices() if callable(self.choices) else self.choices


@dataclass(frozen=True)
class Table:
    """name: of its element and its CSV file, once a page. order: a column's name, with `-` from the end.

    counted: rows are counted up to so many, above that there are "more"; None does not count.
    nothing: icon, title and text where there is no row at all; what filters leave empty says so by itself.
    """

    name: str
    columns: Sequence[Column]
    filters: Sequence[Filter] = ()
    order: str = ""
    per_page: int = PER_PAGE
    counted: int | None = COUNTED
    nothing: tuple[str, str | Promise, str | Promise] | None = None
    _by_name: Mapping[str, Column] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {column.name: column for column in self.columns})

    def answer(
        self, request: HttpRequest, rows: QuerySet[Any], template: str, context: Mapping[str, Any] | None = None
    ) -> HttpResponseBase:
        """The page, the table alone where htmx asks for it, or all rows as CSV."""
        state = State.of(request, self)
        narrowed = self.narrowed(rows, state)
        if state.csv:
            return csv_answer(self.name, state.columns, narrowed.order_by(*state.order_by(narrowed.model)))
        told = {**(context or {}), "table": self.told(state, narrowed)}
        alone = request.headers.get("HX-Target") == f"table-{self.name}"
        answer = render(request, "base/table_rows.html" if alone else template, told)
        answer["Vary"] = "HX-Request, HX-Target"
        return answer

    def narrowed(self, rows: QuerySet[Any], state: State) -> QuerySet[Any]:
        for one in self.filters:
            if typed := state.filters.get(one.name):
                rows = one.narrow(rows, typed)
        return rows

    def told(self, state: State, rows: QuerySet[Any]) -> Told:
        """What the template shows."""
        page: Page = read_page(rows, state.sort_field, state.down, state.mark, self.per_page)
        count = None if self.counted is None else rows.order_by()[: self.counted + 1].count()
        return Told(self, state, page, count)

    def column(self, name: str) -> Column | None:
        return self._by_name.get(name)
