"""How is a condition written as CEL, in one way only?

The canonical text has the fewest brackets, double quotes, and no character that a reader cannot see.
"""

from __future__ import annotations

import math
import re

from aedile.language import ir
from aedile.language.functions import FUNCTIONS
from aedile.language.quoting import quote
from aedile.language.tokens import KEYWORDS
from aedile.language.types import DOUBLE, DURATION, STRING, TIMESTAMP, Type
from aedile.language.values import format_duration, format_timestamp

_CHOICE, _OR, _AND, _RELATION, _SUM, _PRODUCT, _SIGN, _OPERAND = range(8)
_INFIX = {
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), _RELATION),
    **dict.fromkeys(("+", "-"), _SUM),
    **dict.fromkeys(("*", "/", "%"), _PRODUCT),
}
_PLAIN_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def to_cel(node: ir.Node) -> str:
    """The condition as canonical CEL: `compile_condition(to_cel(node), environment) == node` for what it compiled."""
    return _write(node, _CHOICE, frozenset())


def _write(node: ir.Node, binds: int, variables: frozenset[str]) -> str:
    """The expression as an operand of an operator that binds so tightly, in brackets where it binds looser itself."""
    text, own = _expression(node, variables)
    return text if own >= binds else f"({text})"


def _expression(node: ir.Node, variables: frozenset[str]) -> tuple[str, int]:
    """The text and how tightly it binds."""
    if isinstance(node, ir.Call):
        return _call(node, variables)
    if isinstance(node, ir.And):
        return " && ".join(_write(arg, _AND + 1, variables) for arg in node.args), _AND
    if isinstance(node, ir.Or):
        return " || ".join(_write(arg, _OR + 1, variables) for arg in node.args), _OR
    if isinstance(node, ir.Not):
        return "!" + _write(node.arg, _SIGN, variables), _SIGN
    if isinstance(node, ir.Ternary):
        condition, then = _write(node.condition, _OR, variables), _write(node.then, _OR, variables)
        return f"{condition} ? {then} : {_write(node.otherwise, _CHOICE, variables)}", _CHOICE
    return _operand(node, variables), _OPERAND


def _operand(node: ir.Node, variables: frozenset[str]) -> str:
    """The text of what needs no brackets anywhere."""
    if isinstance(node, ir.Const):
        return _value(node.value, node.type)
    if isinstance(node, ir.Feature):
        return _name(node.name, variables)
    if isinstance(node, ir.Param):
        return f"param.{_fields(node.name.split('.'))}"
    if isinstance(node, ir.Variable):
        return node.name
    if isinstance(node, ir.Has):
        return f"has({_name(node.feature.name, variables)})"
    if isinstance(node, ir.InList):
        return f"in_list({_write(node.value, _CHOICE, variables)}, {quote(node.list_name)})"
    if isinstance(node, ir.ListOf):
        return f"[{', '.join(_write(item, _CHOICE, variables) for item in node.items)}]"
    assert isinstance(node, ir.Comprehension)
    return _comprehension(node, variables)


def _call(node: ir.Call, variables: frozenset[str]) -> tuple[str, int]:
    name, args = node.function, node.args
    if name in _INFIX:
        binds = _INFIX[name]
        return f"{_write(args[0], binds, variables)} {name} {_write(args[1], binds + 1, variables)}", binds
    if name == "neg":
        operand = _write(args[0], _SIGN, variables)
        # A number after the sign would become one literal with it.
        return f"-({operand})" if operand.removeprefix("-")[0].isdigit() else f"-{operand}", _SIGN
    if name == "[]":
        return f"{_receiver(args[0], variables)}[{_write(args[1], _CHOICE, variables)}]", _OPERAND
    if FUNCTIONS[name].form == "function":
        return f"{name}({', '.join(_write(arg, _CHOICE, variables) for arg in args)})", _OPERAND
    rest = ", ".join(_write(arg, _CHOICE, variables) for arg in args[1:])
    return f"{_receiver(args[0], variables)}.{name}({rest})", _OPERAND


def _receiver(node: ir.Node, variables: frozenset[str]) -> str:
    return _write(node, _OPERAND, variables)


def _comprehension(node: ir.Comprehension, variables: frozenset[str]) -> str:
    inside = variables | {node.variable}
    body = _write(node.body, _CHOICE, inside)
    source = node.source
    return f"{_receiver(source, variables)}.{node.kind}({node.variable}, {body})"


def _name(name: str, variables: frozenset[str]) -> str:
    """A feature's name; a dot in front keeps it apart from a variable of the same name."""
    first, *rest = name.split(".")
    return f"{'.' if first in variables else ''}{_fields([first, *rest])}"


def _fields(parts: list[str]) -> str:
    return ".".join(part if _PLAIN_FIELD.fullmatch(part) and part not in KEYWORDS else f"`{part}`" for part in parts)


def _value(value: object, type_: Type) -> str:
    if type_.element is not None:
        assert isinstance(value, tuple)
        return f"[{', '.join(_value(item, type_.element) for item in value)}]"
    if type_ == STRING:
        return quote(str(value))
    if type_ == DOUBLE:
        assert isinstance(value, float)
        return repr(value) if math.isfinite(value) else f'double("{_NON_FINITE[repr(value)]}")'
    if type_ == TIMESTAMP:
        assert isinstance(value, int)
        return f'timestamp("{format_timestamp(value)}")'
    if type_ == DURATION:
        assert isinstance(value, int)
        return f'duration("{format_duration(value)}")'
    return str(value).lower() if isinstance(value, bool) else str(value)


_NON_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
