"""How large can a value grow while a condition is evaluated at one row?

A short text can ask for endless work: each `map(x, x + x)` doubles. The estimate takes every feature for a list of
`_ELEMENTS` texts of `_CHARACTERS` each; literals are counted as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aedile.language import faults, ir
from aedile.language.faults import Span, fault
from aedile.language.types import Type

MAX_VOLUME = 10_000_000
"""Characters and elements that one value may have, times how often it is made."""
MAX_FOLDED = 20_000
"""The same for all constants of a condition together, which are evaluated when it is compiled."""
_ELEMENTS = 100
_CHARACTERS = 100
_NUMBER = 32
"""Characters of a number, a time or a truth value written as text."""


@dataclass(frozen=True, slots=True)
class _Size:
    """`length` characters, or elements of size `element`; other values have length 1."""

    length: int
    element: _Size | None = None

    @property
    def volume(self) -> int:
        return self.length * (self.element.volume if self.element is not None else 1)


_ONE = _Size(1)


def check_cost(node: ir.Node, span: Span, allowed: int = MAX_VOLUME) -> int:
    """The largest volume of any value within the expression. Raises LanguageError where it is above what is allowed."""
    estimate = _Estimate(allowed)
    estimate.size(node, {}, 1, span)
    return estimate.largest


class _Estimate:
    """One pass over an expression; `largest` is the volume of its largest value so far."""

    def __init__(self, allowed: int) -> None:
        self.allowed = allowed
        self.largest = 0

    def size(self, node: ir.Node, variables: dict[str, _Size], times: int, span: Span) -> _Size:
        """The largest the value can be, where the expression is evaluated `times` times."""
        span = node.span or span
        if isinstance(node, ir.Comprehension):
            source = self.size(node.source, variables, times, span)
            inner = variables | {node.variable: source.element or _ONE}
            body = self.size(node.body, inner, times * max(source.length, 1), span)
            size = source if node.kind == "filter" else _Size(source.length, body) if node.kind == "map" else _ONE
        elif isinstance(node, ir.Variable):
            size = variables.get(node.name) or _nominal(node.type)
        elif isinstance(node, ir.Const):
            size = _of_value(node.value)
        elif isinstance(node, ir.Feature | ir.Param):
            size = _nominal(node.type)
        else:
            size = _of_parts(node, [self.size(child, variables, times, span) for child in node.children()])
        self._count(size.volume * times, span)
        return size

    def _count(self, volume: int, span: Span) -> None:
        if volume > self.largest:
            self.largest = volume
        if volume > self.allowed:
            raise fault(
                faults.TOO_COSTLY,
                f"This could grow to {volume:,} characters or elements at a row; {self.allowed:,} are allowed.",
                span,
                hint=f"Features are taken for up to {_ELEMENTS} elements of {_CHARACTERS} characters.",
            )


def _of_parts(node: ir.Node, parts: list[_Size]) -> _Size:
    """The size of a value made of values of these sizes."""
    if isinstance(node, ir.ListOf):
        return _Size(len(parts), max(parts, key=lambda part: part.volume))
    if isinstance(node, ir.Ternary):
        return max(parts[1:], key=lambda part: part.volume)
    if not isinstance(node, ir.Call):
        return _ONE
    if node.function == "+" and (node.type.name == "string" or node.type.element is not None):
        elements = [part.element for part in parts if part.element is not None]
        element = max(elements, key=lambda part: part.volume) if elements else None
        return _Size(sum(part.length for part in parts), element)
    if node.function == "[]":
        return parts[0].element or _ONE
    if node.function in ("lowerAscii", "normalized"):
        return _Size(parts[0].length * (1 if node.function == "lowerAscii" else 4))
    if node.function == "string":
        return _Size(max(parts[0].length, _NUMBER))
    return _ONE


def _nominal(type_: Type) -> _Size:
    if type_.element is not None:
        return _Size(_ELEMENTS, _nominal(type_.element))
    return _Size(_CHARACTERS) if type_.name == "string" else _ONE


def _of_value(value: Any) -> _Size:
    if isinstance(value, str):
        return _Size(len(value))
    if isinstance(value, tuple):
        return _Size(len(value), max(map(_of_value, value), key=lambda size: size.volume, default=_ONE))
    return _ONE
