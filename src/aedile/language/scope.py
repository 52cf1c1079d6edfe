"""Which rows is an expression evaluated over, and what do its names stand for there?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aedile.errors import LanguageError, define
from aedile.language.columns import Column, Ints, Rows
from aedile.language.lists import Lists, NamedList

UNBOUND_PARAMETER = define(
    "AED-LANG-060", "A condition is evaluated before its parameters were given values.", "item.price < param.limit"
)
UNKNOWN_LIST = define(
    "AED-LANG-061", "A condition reads a named list that was not given.", 'in_list(item.gtin, "recalled-gtin")'
)
TOO_MUCH_WORK = define(
    "AED-LANG-062",
    "Comprehensions nested over long lists would visit too many elements.",
    "item.tags.all(a, item.tags.all(b, item.tags.all(c, a + b != c)))",
)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows made of columns by name, each of the length given or of length 1."""

    columns: Mapping[str, Column]
    length: int

    def column(self, name: str) -> Column:
        return self.columns[name]


@dataclass(frozen=True, slots=True)
class Scope:
    """Rows, named lists and the bound on work; no variables.

    most_elements: how many elements one comprehension may visit over all rows.
    """

    rows: Rows
    lists: Lists
    most_elements: int

    @property
    def length(self) -> int:
        return self.rows.length

    def column(self, name: str) -> Column:
        return self.rows.column(name)

    def variable(self, name: str) -> Column:
        raise KeyError(name)  # the checker lets no free variable through

    def named_list(self, name: str) -> NamedList:
        found = self.lists.get(name)
        if found is None:
            raise LanguageError(UNKNOWN_LIST, f'there is no list "{name}" here', fix=f"add lists/{name}.txt")
        return found


class Inside:
    """The inside of a comprehension: one row for each element, which knows its variable and the row it came from."""

    def __init__(self, outer: Scope | Inside, variable: str, items: Column, parents: Ints) -> None:
        self.outer = outer
        self.most_elements: int = outer.most_elements
        self.length = len(items)
        self._variable, self._items, self._parents = variable, items, parents
        self._columns: dict[str, Column] = {}

    def at(self, element: int) -> Inside:
        """The scope of one element alone."""
        one = np.array([element])
        return Inside(self.outer, self._variable, self._items.take(one), self._parents[one])

    def column(self, name: str) -> Column:
        """The outer feature, once for each element."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = self._repeat(self.outer.column(name))
        return column

    def variable(self, name: str) -> Column:
        return self._items if name == self._variable else self._repeat(self.outer.variable(name))

    def named_list(self, name: str) -> NamedList:
        return self.outer.named_list(name)

    def _repeat(self, column: Column) -> Column:
        return column if len(column) == 1 else column.take(self._parents)


AnyScope = Scope | Inside
