"""How is a neutral condition written in one language of expressions?

Every peer subclasses `Dialect` with its spelling; CEL, which aedile and two peers speak, stands here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bench.conditions import (
    Choice,
    Compare,
    Flag,
    Holds,
    Literal,
    Member,
    Mixed,
    Param,
    Prefix,
    Present,
    Since,
    Term,
    Value,
    value_in,
)
from bench.features import MAY_BE_MISSING, TYPES


class Dialect:
    """Text for a condition in one market. The base class knows what most languages share; spellings are attributes.

    Times are integers of microseconds here, as all peers are handed them.
    """

    and_ = " && "
    or_ = " || "
    not_ = "!"
    true = "true"
    false = "false"

    def __init__(self, market: str) -> None:
        self.market = market

    def condition(self, terms: Sequence[Term]) -> str:
        return self.and_.join(self.term(term) for term in terms)

    def term(self, term: Term) -> str:
        if isinstance(term, Choice):
            return "(" + self.or_.join(self.guarded(literal) for literal in term.literals) + ")"
        return self.guarded(term)

    def guarded(self, literal: Literal) -> str:
        """The literal, written so that a missing feature neither fires nor fails."""
        if isinstance(literal, Present):
            return self.present(literal.feature, literal.wanted)
        guards = [self.present(name, True) for name in self.to_guard(literal)]
        text = self.and_.join([*guards, self.literal(literal)])
        return f"({text})" if guards else text

    def to_guard(self, literal: Literal) -> list[str]:
        """The features that may be missing and that this literal reads, where the language fails on them."""
        names = (literal.left, literal.right) if isinstance(literal, Mixed) else (literal.feature,)
        return [name for name in names if name in MAY_BE_MISSING]

    def literal(self, literal: Literal) -> str:  # one branch for each kind of literal
        match literal:
            case Compare(feature, op, value):
                return f"{self.name(feature)} {op} {self.comparand(feature, value)}"
            case Member(feature, values, negated):
                return self.member(feature, values, negated)
            case Flag(feature, wanted):
                return self.name(feature) if wanted else f"{self.not_}{self.name(feature)}"
            case Present(feature, wanted):
                return self.present(feature, wanted)
            case Prefix(feature, prefix):
                return self.prefix(feature, prefix)
            case Holds(feature, text):
                return self.holds(feature, text)
            case Mixed(left, op, right, None):
                return f"{self.name(left)} {op} {self.name(right)}"
            case Mixed(left, op, right, factor):
                return f"{self.name(left)} {op} {self.name(right)} * {factor!r}"
            case Since(feature, op, span):
                return self.since(feature, op, span)

    def name(self, feature: str) -> str:
        return feature

    def quoted(self, text: str) -> str:
        return json.dumps(text, ensure_ascii=False)

    def constant(self, type_: str, value: Value) -> str:
        """A value in the language's spelling; times as integers."""
        if isinstance(value, bool):
            return self.true if value else self.false
        if isinstance(value, str):
            return self.quoted(value)
        return repr(float(value)) if type_ == "double" else str(value)

    def comparand(self, feature: str, value: Value | Param) -> str:
        return self.constant(TYPES[feature], value_in(value, self.market))

    def member(self, feature: str, values: tuple[str, ...], negated: bool) -> str:
        listed = ", ".join(self.quoted(value) for value in values)
        text = f"{self.name(feature)} in [{listed}]"
        return f"{self.not_}({text})" if negated else text

    def prefix(self, feature: str, prefix: str) -> str:
        return f"{self.name(feature)}.startsWith({self.quoted(prefix)})"

    def holds(self, feature: str, text: str) -> str:
        return f"{self.quoted(text)} in {self.name(feature)}"

    def present(self, feature: str, wanted: bool) -> str:
        text = f"has({self.name(feature)})"
        return text if wanted else f"{self.not_}{text}"

    def since(self, feature: str, op: str, span: int) -> str:
        return f"{self.name('request.time')} - {self.name(feature)} {op} {span}"


class Cel(Dialect):
    """The project's own text: parameters by name, true times, and nothing guarded, for missing is unknown."""

    def __init__(self) -> None:
        super().__init__(market="")

    def to_guard(self, literal: Literal) -> list[str]:  # noqa: ARG002 - the base class's signature
        return []

    def comparand(self, feature: str, value: Value | Param) -> str:
        return f"param.{value.name}" if isinstance(value, Param) else self.constant(TYPES[feature], value)

    def constant(self, type_: str, value: Value) -> str:
        if type_ == "timestamp":
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(value))
            return f'timestamp("{moment:%Y-%m-%dT%H:%M:%SZ}")'
        if type_ == "duration":
            return f'duration("{int(value) // 3_600_000_000}h")'
        return super().constant(type_, value)

    def since(self, feature: str, op: str, span: int) -> str:
        return f"request.time - {self.name(feature)} {op} {self.constant('duration', span)}"
