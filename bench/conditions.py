"""What does a strategy of the benchmark ask, before it is written in anybody's language?

A condition is a conjunction of terms; a term is a literal or a choice between literals. No literal is negated from
outside, so an engine may take a missing value for "no" in each literal and fire exactly where Kleene logic does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Value = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter and its value in each market, the default's market first."""

    name: str
    by_market: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """`feature op value`; op is one of == != < <= > >=. Times are microseconds."""

    feature: str
    op: str
    value: Value | Param


@dataclass(frozen=True, slots=True)
class Member:
    """The feature is one of the values, or (`negated`) has a value that is none of them."""

    feature: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """A bool feature that is as wanted."""

    feature: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class Present:
    """Whether the feature has a value at all."""

    feature: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class Prefix:
    """The text starts with the prefix."""

    feature: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Holds:
    """The list feature holds the text."""

    feature: str
    text: str


@dataclass(frozen=True, slots=True)
class Mixed:
    """`left op right * factor` over a feature of the item and one of the request; no factor where it is None."""

    left: str
    op: str
    right: str
    factor: float | None = None


@dataclass(frozen=True, slots=True)
class Since:
    """`request.time - feature op span`, the span in microseconds."""

    feature: str
    op: str
    span: int


Literal = Compare | Member | Flag | Present | Prefix | Holds | Mixed | Since


@dataclass(frozen=True, slots=True)
class Choice:
    """At least one of the literals is true."""

    literals: tuple[Literal, ...]


Term = Literal | Choice


def literals_of(terms: tuple[Term, ...]) -> Iterator[Literal]:
    for term in terms:
        if isinstance(term, Choice):
            yield from term.literals
        else:
            yield term


def features_of(literal: Literal) -> tuple[str, ...]:
    """The features a literal reads."""
    if isinstance(literal, Mixed):
        return (literal.left, literal.right)
    if isinstance(literal, Since):
        return ("request.time", literal.feature)
    return (literal.feature,)


def value_in(value: Value | Param, market: str) -> Value:
    """The constant a comparison has in this market."""
    return dict(value.by_market)[market] if isinstance(value, Param) else value


def is_mixed(terms: tuple[Term, ...]) -> bool:
    """Whether some literal speaks of the item and of the request at once."""
    return any(isinstance(literal, Mixed | Since) for literal in literals_of(terms))
