"""cel-expr-python, Google's wrapper of its C++ implementation of CEL."""

from __future__ import annotations

from typing import Any

from cel_expr_python import cel  # type: ignore[import-untyped]

from bench.features import MAY_BE_MISSING, TYPES
from bench.peers.row_peer import FlatNames, RowPeer, flat_name

CEL_TYPES = {
    "bool": cel.Type.BOOL,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "string": cel.Type.STRING,
    "timestamp": cel.Type.INT,
    "duration": cel.Type.INT,
    "list(string)": cel.Type.List(cel.Type.STRING),
}


class CelCppPeer(RowPeer):
    """Typed variables; a missing one is not bound, for `has()` of a dotted variable is not what CEL says it is."""

    name = "cel-expr-python"
    pack = 200
    dialect = FlatNames

    def __init__(self) -> None:
        flags = {f"has_{flat_name(name)}": cel.Type.BOOL for name in MAY_BE_MISSING}
        self.env = cel.NewEnv(variables={flat_name(name): CEL_TYPES[type_] for name, type_ in TYPES.items()} | flags)

    def compile_text(self, text: str) -> Any:
        return self.env.compile(text)

    def activation(self, record: dict[str, Any]) -> Any:
        return self.env.Activation(flat_variables(record))

    def evaluate(self, program: Any, activation: Any) -> list[bool]:
        fired: list[bool] = program.eval(activation).plain_value()
        return fired


def flat_variables(record: dict[str, Any]) -> dict[str, Any]:
    """The values a row has, and for each feature that may be missing whether it has one."""
    known = {flat_name(name): value for name, value in record.items() if value is not None}
    return known | {f"has_{flat_name(name)}": record[name] is not None for name in MAY_BE_MISSING}
