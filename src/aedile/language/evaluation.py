"""Where is a condition true, false or unknown?

`evaluate` works on whole columns; `why_unknown` says what is missing at one row; `fold` settles at compile time what
needs no row at all.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aedile.language import ir
from aedile.language.columns import Column, Rows
from aedile.language.interpret import column_of, free_variables
from aedile.language.lists import Lists
from aedile.language.reasons import why_unknown
from aedile.language.scope import Scope, Table

__all__ = ["Table", "evaluate", "fold", "why_unknown"]

#: Elements that one comprehension may visit over all rows: some gigabytes of work.
MOST_ELEMENTS = 2**27
#: The same where a constant is folded, so that compiling a condition takes no noticeable time.
MOST_FOLDED = 20_000

_NO_LISTS: Lists = {}


def evaluate(node: ir.Node, rows: Rows, lists: Lists = _NO_LISTS) -> Column:
    """The value of an expression at each row: `rows.length` values, or one if it is the same everywhere.

    Raises LanguageError where a named list or a parameter was not given, or where nested comprehensions visit too
    many elements. Whatever else fails makes the row unknown.
    """
    with np.errstate(all="ignore"):  # what overflows in doubles is IEEE's business, in ints it is masked
        return column_of(node, Scope(rows, lists, MOST_ELEMENTS))


def fold(node: ir.Node) -> ir.Node:
    """The expression with every constant part that has a value replaced by it; what fails for ever stays as written.

    Raises LanguageError AED-LANG-062 where a constant comprehension would visit too many elements.
    """
    if isinstance(node, ir.Const) or not node.children():
        return node
    if _is_constant(node):
        with np.errstate(all="ignore"):
            column = column_of(node, Scope(Table({}, 1), _NO_LISTS, MOST_FOLDED))
        if column.known[0]:
            return ir.Const(node.type, _frozen(column.to_python()[0]), span=node.span)
    children = node.children()
    folded = tuple(fold(child) for child in children)
    return node if all(a is b for a, b in zip(folded, children, strict=True)) else node.with_children(folded)


def _is_constant(node: ir.Node) -> bool:
    outside = (ir.Feature, ir.Param, ir.InList)
    return not any(isinstance(n, outside) for n in ir.walk(node)) and not free_variables(node)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
