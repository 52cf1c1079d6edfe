"""rule-engine, in pure Python."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import rule_engine  # type: ignore[import-untyped]

from bench.dialect import Dialect
from bench.peers.row_peer import Packs, RowPeer, flat_name
from bench.strategies import BenchStrategy


class RuleEngineText(Dialect):
    and_ = " and "
    or_ = " or "
    not_ = "not "

    def name(self, feature: str) -> str:
        return flat_name(feature)

    def present(self, feature: str, wanted: bool) -> str:
        return f"{flat_name(feature)} {'!=' if wanted else '=='} null"

    def prefix(self, feature: str, prefix: str) -> str:
        return f"{flat_name(feature)}.starts_with({self.quoted(prefix)})"

    def member(self, feature: str, values: tuple[str, ...], negated: bool) -> str:
        listed = ", ".join(self.quoted(value) for value in values)
        return f"{flat_name(feature)} {'not in' if negated else 'in'} [{listed}]"


class RuleEnginePeer(RowPeer):
    """One rule a strategy, as its list of conditions is slower; numbers are handed over as the decimals it works in."""

    name = "rule-engine"
    pack = 1
    dialect = RuleEngineText

    def __init__(self) -> None:
        self.context = rule_engine.Context(resolver=rule_engine.resolve_item)
        self.compiled: dict[str, rule_engine.Rule] = {}

    def compile(self, cases: Sequence[BenchStrategy], market: str) -> Packs:
        dialect = self.dialect(market)
        return [self.compile_text(dialect.condition(case.terms)) for case in cases]

    def compile_text(self, text: str) -> Any:
        if text not in self.compiled:
            self.compiled[text] = rule_engine.Rule(text, context=self.context)
        return self.compiled[text]

    def activation(self, record: dict[str, Any]) -> dict[str, Any]:
        return {flat_name(name): _as_decimal(value) for name, value in record.items()}

    def evaluate(self, program: Any, activation: dict[str, Any]) -> list[bool]:
        return [program.matches(activation)]


def _as_decimal(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Decimal(repr(value)) if is_number else value
