"""zen-engine, GoRules' engine in Rust, by its compiled expressions."""

from __future__ import annotations

from typing import Any

import zen

from bench.dialect import Dialect
from bench.peers.row_peer import RowPeer


class ZenText(Dialect):
    and_ = " and "
    or_ = " or "
    not_ = "not "

    def present(self, feature: str, wanted: bool) -> str:
        return f"{feature} {'!=' if wanted else '=='} null"

    def prefix(self, feature: str, prefix: str) -> str:
        return f"startsWith({feature}, {self.quoted(prefix)})"

    def member(self, feature: str, values: tuple[str, ...], negated: bool) -> str:
        listed = ", ".join(self.quoted(value) for value in values)
        return f"{feature} {'not in' if negated else 'in'} [{listed}]"


class ZenPeer(RowPeer):
    """A call converts the whole row anew, whatever the expression reads: packing matters most here."""

    name = "zen-engine"
    pack = 200
    dialect = ZenText

    def compile_text(self, text: str) -> Any:
        return zen.compile_expression(text)

    def activation(self, record: dict[str, Any]) -> dict[str, dict[str, Any]]:
        nested: dict[str, dict[str, Any]] = {}
        for name, value in record.items():
            entity, _, feature = name.partition(".")
            nested.setdefault(entity, {})[feature] = value
        return nested

    def evaluate(self, program: Any, activation: dict[str, dict[str, Any]]) -> list[bool]:
        fired: list[bool] = program.evaluate(activation)
        return fired
