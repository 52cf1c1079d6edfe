"""common-expression-language, a Python binding of the Rust implementation of CEL."""

from __future__ import annotations

from typing import Any

import cel

from bench.peers.cel_cpp import flat_variables
from bench.peers.row_peer import FlatNames, RowPeer


class CelRustPeer(RowPeer):
    name = "common-expression-language"
    pack = 100
    dialect = FlatNames

    def compile_text(self, text: str) -> Any:
        return cel.compile(text)

    def activation(self, record: dict[str, Any]) -> Any:
        return cel.Context(variables=flat_variables(record))

    def evaluate(self, program: Any, activation: Any) -> list[bool]:
        fired: list[bool] = program.execute(activation)
        return fired
