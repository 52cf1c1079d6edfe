"""What does a condition say, once every name and type is settled?

The intermediate representation all faces (CEL text, builder, SQL) and all executors (tables, vectors, SQL out) share.
Nodes are immutable, compare by meaning (spans are ignored) and hash once.

Unknown is not a node: a feature without value, or a call that fails, is unknown, and `And`, `Or`, `Not`, `Ternary`,
`Comprehension` treat it as Kleene logic does (CEL's own rule for errors). `Has` is never unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, ClassVar

from aedile.language.types import BOOL, Type

Span = tuple[int, int]


@dataclass(frozen=True)
class Node:
    """Common to all nodes: a type and where in the condition's text it stands (code points, half-open)."""

    _compared: ClassVar[tuple[str, ...]] = ()

    type: Type
    span: Span | None = field(default=None, compare=False, repr=False, kw_only=True)

    def children(self) -> tuple[Node, ...]:
        return ()

    def with_children(self, _: tuple[Node, ...], /) -> Node:
        """The same node over other children, given in the order of `children()`."""
        return self

    @cached_property
    def _hash(self) -> int:
        return hash((type(self).__name__, *[getattr(self, name) for name in self._compared]))

    def __hash__(self) -> int:
        return self._hash


def hashed_once(cls: type) -> type:
    """For node classes, above `dataclass`: equality stays by value, the hash is found once."""
    # A frozen dataclass would write its own recursive __hash__ over the cached one.
    cls.__hash__ = Node.__hash__  # type: ignore[assignment]
    cls._compared = tuple(f.name for f in fields(cls) if f.compare)  # type: ignore[attr-defined]
    return cls


@hashed_once
@dataclass(frozen=True)
class Const(Node):
    """A value: bool, int, float, str; int microseconds for timestamp and duration; a tuple of such for lists.

    Two constants are equal when their types are and their values are the same to the bit (NaN equals itself, 0.0
    differs from -0.0), for a normal form must not merge what a division can tell apart.
    """

    value: Any = field(compare=False)
    _key: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_key", repr(self.value))


@hashed_once
@dataclass(frozen=True)
class Feature(Node):
    """A feature by its full name, e.g. `item.price`."""

    name: str


@hashed_once
@dataclass(frozen=True)
class Param(Node):
    """A parameter of the strategy, `param.threshold`; replaced by a constant per market (see `bind`)."""

    name: str


@hashed_once
@dataclass(frozen=True)
class Variable(Node):
    """The variable of an enclosing comprehension."""

    name: str


@hashed_once
@dataclass(frozen=True)
class Call(Node):
    """A function or operator, named as written: `"<"`, `"+"`, `"neg"`, `"in"`, `"[]"`, `"size"`, `"startsWith"`, ...

    The types of the arguments choose the overload. The sign is `"neg"`, so that `"-"` always has two arguments. The
    receiver of a method call is the first argument.
    Comparisons are `== != < <= > >=`. Conversions are `int double string bool timestamp duration`.
    """

    function: str
    args: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return self.args

    def with_children(self, children: tuple[Node, ...]) -> Node:
        return replace(self, args=children)


@hashed_once
@dataclass(frozen=True)
class InList(Node):
    """`in_list(value, "name")`: exact membership in a named list, of the entries not expired at `request.time`."""

    value: Node
    list_name: str

    def children(self) -> tuple[Node, ...]:
        return (self.value,)

    def with_children(self, children: tuple[Node, ...]) -> Node:
        return replace(self, value=children[0])


@hashed_once
@dataclass(frozen=True)
class ListOf(Node):
    """A list made of expressions of one type, `[a, b]`; of constants alone it is a `Const`."""

    items: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return self.items

    def with_children(self, children: tuple[Node, ...]) -> Node:
        return replace(self, items=children)


@hashed_once
@dataclass(frozen=True)
class Has(Node):
    """`has(item.price)`: whether the feature has a value. Never unknown."""

    feature: Feature

    def children(self) -> tuple[Node, ...]:
        return (self.feature,)

    def with_children(self, children: tuple[Node, ...]) -> Node:
        (feature,) = children
        assert isinstance(feature, Feature)
        return replace(self, feature=feature)


@hashed_once
@dataclass(frozen=True)
class And(Node):
    """False if any is false, else unknown if any is unknown, else true. Flat: no And directly inside."""

    args: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return self.args

    def with_children(self, children: tuple[Node, ...]) -> Node:
        return replace(self, args=children)


@hashed_once
@dataclass(frozen=True)
class Or(Node):
    """True if any is true, else unknown if any is unknown, else false. Flat: no Or directly inside."""

    args: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return self.args

    def with_children(self, children: tuple[Node, ...]) -> Node:
        return replace(self, args=children)


@hashed_once
@dataclass(frozen=True)
class Not(Node):
    arg: Node

    def children(self) -> tuple[Node, ...]:
        return (self.arg,)

    def with_children(self, children: tuple[Node, ...]) -> Node:
        return replace(self, arg=children[0])


@hashed_once
@dataclass(frozen=True)
class Ternary(Node):
    """`condition ? then : otherwise`: unknown where the condition is; the branch not taken does not matter."""

    condition: Node
    then: Node
    otherwise: Node

    def children(self) -> tuple[Node, ...]:
        return (self.condition, self.then, self.otherwise)

    def with_children(self, children: tuple[Node, ...]) -> Node:
        condition, then, otherwise = children
        return replace(self, condition=condition, then=then, otherwise=otherwise)


@hashed_once
@dataclass(frozen=True)
class Comprehension(Node):
    """`source.exists(variable, body)` and its kin.

    `kind`: exists, all, exists_one, filter, map. `exists` and `all` decide over unknown elements as Or and And do; for
    `exists_one`, `filter` and `map` one unknown element makes the whole unknown. The three-argument `map(x, p, t)` is
    a map over a filter.
    """

    kind: str
    variable: str
    source: Node
    body: Node

    def children(self) -> tuple[Node, ...]:
        return (self.source, self.body)

    def with_children(self, children: tuple[Node, ...]) -> Node:
        source, body = children
        return replace(self, source=source, body=body)


TRUE = Const(BOOL, True)
FALSE = Const(BOOL, False)


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, parents first, left to right."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.children()))


def rewrite(node: Node, change: Callable[[Node], Node]) -> Node:
    """The tree with `change` applied to every node, children first; untouched subtrees are shared."""
    children = node.children()
    if children:
        changed = tuple(rewrite(child, change) for child in children)
        if any(new is not old for new, old in zip(changed, children, strict=True)):
            node = node.with_children(changed)
    return change(node)


def literals_in(condition: Node) -> list[Node]:
    """The literals of a condition, each once, in the order they stand: what And, Or, Not and `?:` join."""
    if isinstance(condition, And | Or | Not | Ternary):
        return list(dict.fromkeys(literal for child in condition.children() for literal in literals_in(child)))
    return [condition]


def features_of(node: Node) -> frozenset[str]:
    """The names of all features the expression reads, `Has` included.

    `in_list` reads `request.time` as well, but only where the list's entries expire: the engine adds that itself.
    """
    return frozenset(n.name for n in walk(node) if isinstance(n, Feature))


def bind(node: Node, params: dict[str, Const]) -> Node:
    """The expression with each parameter replaced by its constant; a KeyError names one that is missing."""
    return rewrite(node, lambda n: params[n.name] if isinstance(n, Param) else n)
