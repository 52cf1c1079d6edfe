"""What did the writer write, before names and types are known?

The syntax tree of a condition. Every part knows where it stands (`start`, `end`: code points, half-open) and how deep
it is; brackets leave no trace, and chains of `&&` and of `||` are flat.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from aedile.language.faults import Span


@dataclass(slots=True, eq=False)
class Syntax:
    """Common to all parts. `depth` is the height of the tree below, 1 for a leaf."""

    start: int
    end: int
    depth: int = field(default=1, kw_only=True)

    @property
    def span(self) -> Span:
        return self.start, self.end


@dataclass(slots=True, eq=False)
class Literal(Syntax):
    """`kind` is int, double, string, bool or null; a negative number is one literal."""

    kind: str
    value: bool | int | float | str | None


@dataclass(slots=True, eq=False)
class Name(Syntax):
    """A dotted name, `item.price` as `["item", "price"]`; `rooted` where it began with a dot.

    `ends` holds, for each part, where the name up to and with this part ends.
    """

    parts: list[str]
    ends: list[int]
    rooted: bool = False


@dataclass(slots=True, eq=False)
class Select(Syntax):
    """A field of something that is not a name, e.g. `f(x).y`."""

    operand: Syntax
    name: str


@dataclass(slots=True, eq=False)
class Invocation(Syntax):
    """`f(a, b)`, or `target.f(a, b)`; `name_span` is where the function's name stands."""

    target: Syntax | None
    name: str
    args: list[Syntax]
    name_span: Span


@dataclass(slots=True, eq=False)
class Index(Syntax):
    operand: Syntax
    index: Syntax


@dataclass(slots=True, eq=False)
class Unary(Syntax):
    """`!x` or `-x`."""

    operator: str
    operand: Syntax


@dataclass(slots=True, eq=False)
class Binary(Syntax):
    operator: str
    left: Syntax
    right: Syntax
    operator_span: Span


@dataclass(slots=True, eq=False)
class Logical(Syntax):
    """`a && b && c` or `a || b || c`: two or more operands."""

    operator: str
    operands: list[Syntax]


@dataclass(slots=True, eq=False)
class Conditional(Syntax):
    condition: Syntax
    then: Syntax
    otherwise: Syntax


@dataclass(slots=True, eq=False)
class ListLiteral(Syntax):
    items: list[Syntax]
