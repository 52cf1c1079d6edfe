"""What does the URL of a table say? Sort, filters, columns and page, read strictly and written back into links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import HttpRequest

from aedile.console.base.codes import BAD_INPUT
from aedile.console.base.keyset import Mark, Page, ordering
from aedile.errors import ConsoleError

if TYPE_CHECKING:
    from aedile.console.base.tables import Column, Filter, Table

_LONGEST = 200


@dataclass(frozen=True)
class State:
    """path: of the page. others: parameters that are not the table's, which links keep."""

    path: str
    sort: str
    sort_field: str
    filters: dict[str, str]
    columns: Sequence[Column]
    chosen: str
    mark: Mark | None
    csv: bool
    others: dict[str, str]

    @classmethod
    def of(cls, request: HttpRequest, table: Table) -> State:
        given = request.GET
        sort = given.get("sort", "") or table.order
        column = table.column(sort.lstrip("-"))
        if sort and (column is None or not column.sort):
            raise _bad(f"the table is not sorted by `{sort[:60]}`", [one.name for one in table.columns if one.sort])
        names = [one.name for one in table.filters]
        filters = {name: given[name].strip()[:_LONGEST] for name in names if given.get(name, "").strip()}
        _check(table.filters, filters)
        own = {"sort", "cols", "col", "after", "before", "format", *names}
        chosen = given.get("cols", "") or ",".join(given.getlist("col"))
        return cls(
            request.path,
            sort,
            column.sort if column else "pk",
            filters,
            _chosen(table, chosen),
            chosen,
            Mark.read(given.get("after", ""), given.get("before", "")),
            given.get("format") == "csv",
            {name: value for name, value in given.items() if name not in own},
        )

    @property
    def down(self) -> bool:
        return self.sort.startswith("-")

    def order_by(self, model: Any) -> list[Any]:
        return ordering(model, self.sort_field, self.down)

    def link(self, **changes: str) -> str:
        """The address with some parameters changed; a page's mark never outlives the order it was made in."""
        kept = {**self.others, **self.filters, "sort": self.sort, "cols": self.chosen, **changes}
        written = urlencode({name: value for name, value in kept.items() if value})
        return f"{self.path}?{written}" if written else self.path

    @property
    def cleared(self) -> str:
        written = urlencode({**self.others, "sort": self.sort, "cols": self.chosen})
        return f"{self.path}?{written}"


@dataclass(frozen=True)
class Head:
    """The head of one column. link: sorts by it, or the other way round; empty where it does not sort."""

    column: Column
    link: str
    sorted: str  # ascending, descending, or empty


@dataclass(frozen=True)
class Told:
    """A table as its template shows it."""

    table: Table
    state: State
    page: Page
    count: int | None

    @property
    def id(self) -> str:
        return f"table-{self.table.name}"

    @cached_property
    def heads(self) -> list[Head]:
        return [self._head(column) for column in self.state.columns]

    def _head(self, column: Column) -> Head:
        if not column.sort:
            return Head(column, "", "")
        here = self.state.sort.lstrip("-") == column.name
        sorted_ = ("descending" if self.state.down else "ascending") if here else ""
        turned = f"-{column.name}" if sorted_ == "ascending" else column.name
        return Head(column, self.state.link(sort=turned), sorted_)

    @cached_property
    def rows(self) -> list[list[tuple[Column, Any]]]:
        return [[(column, column.html(row)) for column in self.state.columns] for row in self.page.rows]

    @property
    def more_than(self) -> bool:
        return self.count is not None and self.table.counted is not None and self.count > self.table.counted

    @property
    def next(self) -> str:
        return self.state.link(after=self.page.after) if self.page.after else ""

    @property
    def previous(self) -> str:
        return self.state.link(before=self.page.before) if self.page.before else ""

    @property
    def first(self) -> str:
        return self.state.link()

    @property
    def csv(self) -> str:
        return self.state.link(format="csv")

    def filters(self) -> Iterator[tuple[Filter, str, Any]]:
        for one in self.table.filters:
            yield one, self.state.filters.get(one.name, ""), one.options()

    def choices(self) -> Iterator[tuple[Column, bool]]:
        for column in self.table.columns:
            yield column, column in self.state.columns


def _check(filters: Sequence[Filter], typed: dict[str, str]) -> None:
    for one in filters:
        options = one.options()
        if options is None or one.name not in typed:
            continue
        values = [str(value) for value, _ in options]
        if typed[one.name] not in values:
            raise _bad(f"`{one.name}` has no choice `{typed[one.name][:60]}`", values)


def _chosen(table: Table, chosen: str) -> list[Column]:
    if not chosen:
        return [column for column in table.columns if column.shown]
    names = chosen.split(",")
    unknown = [name for name in names if table.column(name) is None]
    if unknown:
        raise _bad(f"the table has no column `{unknown[0][:60]}`", [column.name for column in table.columns])
    return [column for column in table.columns if column.name in names]


def _bad(message: str, known: Sequence[str]) -> ConsoleError:
    return ConsoleError(BAD_INPUT, message, hint=f"there are: {', '.join(known[:40])}", fix="choose one of these")
