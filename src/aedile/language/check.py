"""What does a condition mean for these features? From text to the intermediate representation.

Settles every name, overload and type, coerces literals, checks what can be checked of constants, and folds constant
parts, so that all that is left for run time can only be unknown, never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from aedile.language import advice, constants, faults, ir, names
from aedile.language.coerce import coerce, compare_exactly, is_exact, principal
from aedile.language.cost import MAX_FOLDED, check_cost
from aedile.language.evaluation import fold
from aedile.language.faults import Span, fault, mend
from aedile.language.functions import COMPREHENSIONS, FUNCTIONS, join, resolve
from aedile.language.parse import parse
from aedile.language.syntax import (
    Binary,
    Conditional,
    Index,
    Invocation,
    ListLiteral,
    Literal,
    Logical,
    Name,
    Select,
    Syntax,
    Unary,
)
from aedile.language.types import BOOL, DOUBLE, INT, NOTHING, SCALARS, STRING, Type, list_of

MAX_COMPREHENSIONS = 3
"""How many of exists, all, exists_one, filter and map may stand in one another."""

_LITERALS = {name: SCALARS[name] for name in ("bool", "int", "double", "string")}
_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))
_ARITHMETIC = frozenset(("+", "-", "*", "/"))


@dataclass(frozen=True)
class Environment:
    """What a condition may speak of: features by full name, parameters by the name after `param.`, named lists.

    `lists` None means that the lists are not known yet and any name will do.
    """

    features: Mapping[str, Type]
    params: Mapping[str, Type] = field(default_factory=dict)
    lists: Collection[str] | None = None


def compile_condition(text: str, environment: Environment) -> ir.Node:
    """The meaning of a condition, of any type, with constant parts folded.

    Raises LanguageError with the span of the first mistake.
    """
    return check_syntax(parse(text), text, environment)


def check_syntax(tree: Syntax, text: str, environment: Environment) -> ir.Node:
    """The same from a syntax tree, whoever built it; its spans point into `text`."""
    checker = _Checker(text, environment)
    node = checker.check(tree)
    if checker.has_comprehension:
        check_cost(node, (0, len(text)))
    return node


def require_bool(node: ir.Node, text: str) -> None:
    """Refuse a strategy's condition that is neither true nor false."""
    if node.type != BOOL:
        hint, fix = advice.as_bool(node, text)
        raise fault(
            faults.NOT_BOOL,
            f"A condition is true or false; this is of type {node.type}.",
            (0, len(text)),
            hint=hint,
            fix=fix,
        )


@dataclass(slots=True)
class _Variable:
    """The variable of a comprehension being checked, and how often it was used so far."""

    type: Type
    uses: int = 0


class _Checker:
    """Checks one condition. `free` counts the names met that only a row can settle: where it stood still, the part
    just checked is constant."""

    def __init__(self, text: str, environment: Environment) -> None:
        self.text = text
        self.environment = environment
        self.variables: dict[str, _Variable] = {}
        self.comprehensions = 0
        self.has_comprehension = False
        self.free = 0
        self.folded = 0

    def check(self, syntax: Syntax) -> ir.Node:
        return _CHECKS[type(syntax)](self, syntax)

    # -- leaves

    def literal(self, syntax: Literal) -> ir.Node:
        if syntax.kind == "null":
            raise advice.null(syntax.span)
        return ir.Const(_LITERALS[syntax.kind], syntax.value, span=syntax.span)

    def name(self, syntax: Name) -> ir.Node:
        parts = syntax.parts
        variable = None if syntax.rooted else self.variables.get(parts[0])
        if variable is not None:
            self.free += 1
            variable.uses += 1
            node: ir.Node = ir.Variable(variable.type, parts[0], span=(syntax.start, syntax.ends[0]))
            if len(parts) > 1:
                raise names.no_field(parts[0], variable.type, parts[1:], (syntax.ends[0], syntax.end), self.text)
            return node
        self.free += 1
        if parts[0] == "param":
            return names.param(syntax, self.environment.params, self.text)
        full = ".".join(parts)
        type_ = self.environment.features.get(full)
        if type_ is not None:
            return ir.Feature(type_, full, span=syntax.span)
        raise names.unknown(syntax, self.environment.features, self.environment.params, self.variables, self.text)

    def select(self, syntax: Select) -> ir.Node:
        operand = self.check(syntax.operand)
        raise names.no_field("This value", operand.type, [syntax.name], (syntax.operand.end, syntax.end), self.text)

    def list_literal(self, syntax: ListLiteral) -> ir.Node:
        items = [self.check(item) for item in syntax.items]
        element = NOTHING
        for item in items:
            joined = join(element, item.type)
            if joined is None:
                items, element = self._mixed_items(syntax, items), DOUBLE
                break
            element = joined
        return self._list(tuple(coerce(item, element) for item in items), element, syntax.span)

    def _mixed_items(self, syntax: ListLiteral, items: list[ir.Node]) -> list[ir.Node]:
        """The items as doubles, where those that are not are int literals; else the error."""
        if all(item.type in (INT, DOUBLE) for item in items):
            literal = [_is_int(part) or item.type == DOUBLE for item, part in zip(items, syntax.items, strict=True)]
            if all(literal):
                return [self._as_double(item) for item in items]
        raise advice.mixed_list(items, syntax.items, self.text)

    def _list(self, items: tuple[ir.Node, ...], element: Type, span: Span) -> ir.Node:
        if all(isinstance(item, ir.Const) for item in items):
            values = tuple(item.value for item in items if isinstance(item, ir.Const))
            return ir.Const(list_of(element), values, span=span)
        return ir.ListOf(list_of(element), items, span=span)

    # -- operators

    def logical(self, syntax: Logical) -> ir.Node:
        free = self.free
        kind = ir.And if syntax.operator == "&&" else ir.Or
        args: list[ir.Node] = []
        for operand in syntax.operands:
            arg = self._bool(operand, syntax.operator)
            if type(arg) is kind:
                args.extend(arg.children())
            else:
                args.append(arg)
        if self.free == free:
            # Parts that are constant but no Const are unknown for ever.
            decided = syntax.operator == "||"
            values = [arg.value if isinstance(arg, ir.Const) else None for arg in args]
            if decided in values or None not in values:
                return ir.Const(BOOL, decided in values if decided else decided not in values, span=syntax.span)
        return kind(BOOL, tuple(args), span=syntax.span)

    def unary(self, syntax: Unary) -> ir.Node:
        if syntax.operator == "!":
            arg = self._bool(syntax.operand, "!")
            if isinstance(arg, ir.Const):
                return ir.Const(BOOL, not arg.value, span=syntax.span)
            return ir.Not(BOOL, arg, span=syntax.span)
        return self._call("neg", [syntax.operand], syntax.span)

    def conditional(self, syntax: Conditional) -> ir.Node:
        free = self.free
        condition = self._bool(syntax.condition, "?:")
        then, otherwise = self.check(syntax.then), self.check(syntax.otherwise)
        type_ = join(then.type, otherwise.type)
        if type_ is None:
            if then.type == INT and otherwise.type == DOUBLE and _is_int(syntax.then):
                then, type_ = self._as_double(then), DOUBLE
            elif then.type == DOUBLE and otherwise.type == INT and _is_int(syntax.otherwise):
                otherwise, type_ = self._as_double(otherwise), DOUBLE
            else:
                raise advice.branches(then, otherwise, syntax, self.text)
        then, otherwise = coerce(then, type_), coerce(otherwise, type_)
        if self.free == free and isinstance(condition, ir.Const):
            return then if condition.value else otherwise
        return ir.Ternary(type_, condition, then, otherwise, span=syntax.span)

    def binary(self, syntax: Binary) -> ir.Node:
        operator = syntax.operator
        for side, other in ((syntax.left, syntax.right), (syntax.right, syntax.left)):
            if isinstance(side, Literal) and side.kind == "null":
                raise advice.null(side.span, operator, other, syntax.span, self.text)
        node = self._call(operator, [syntax.left, syntax.right], syntax.span, syntax.operator_span)
        if operator in ("==", "!=", "in"):
            constants.check_normalized(node, self.text)
        return node

    def index(self, syntax: Index) -> ir.Node:
        return self._call("[]", [syntax.operand, syntax.index], syntax.span)

    def _bool(self, syntax: Syntax, operator: str) -> ir.Node:
        node = self.check(syntax)
        if node.type == BOOL:
            return node
        if node.type == NOTHING:
            return coerce(node, BOOL)
        raise advice.not_bool(node, syntax, operator, self.text)

    # -- calls

    def invocation(self, syntax: Invocation) -> ir.Node:
        name, target = syntax.name, syntax.target
        if name == "has" and target is None:
            return self._has(syntax)
        if name in COMPREHENSIONS and target is not None:
            return self._comprehension(syntax, target)
        function = FUNCTIONS.get(name) if name[0].isalpha() and name != "neg" else None
        if function is None or function.form == "macro":
            raise names.unknown_function(syntax, self.environment.features, self.text)
        if (function.form == "method" and target is None) or (function.form == "function" and target is not None):
            raise names.wrong_form(syntax, function, self.text)
        args = syntax.args if target is None else [target, *syntax.args]
        if not any(len(overload.arguments) == len(args) for overload in function.overloads):
            raise names.wrong_count(syntax, function)
        if name == "in_list":
            return self._in_list(syntax, args)
        node = self._call(name, args, syntax.span, syntax.name_span)
        if name in ("contains", "startsWith", "endsWith"):
            constants.check_normalized(node, self.text)
        return node

    def _call(self, name: str, parts: list[Syntax], span: Span, name_span: Span | None = None) -> ir.Node:
        """The call with its overload chosen, arguments coerced, constants checked; folded if all are constant."""
        args = [self.check(part) for part in parts]
        overload = resolve(name, tuple([arg.type for arg in args]))
        if overload is None and name in _ARITHMETIC and len(args) == 2:
            # An int literal is a double where the other side is one.
            first, second = args
            if first.type == INT and second.type == DOUBLE and _is_int(parts[0]):
                args[0] = self._as_double(first)
            elif first.type == DOUBLE and second.type == INT and _is_int(parts[1]):
                args[1] = self._as_double(second)
            overload = resolve(name, tuple([arg.type for arg in args]))
        if overload is None:
            raise advice.no_overload(name, args, parts, name_span or span, self.text)
        for i, wanted in enumerate(overload.arguments):
            if args[i].type != wanted:
                args[i] = coerce(args[i], wanted)
        if name in _COMPARISONS or name == "in":
            compare_exactly(args)
        node = ir.Call(overload.result, name, tuple(args), span=span)
        known = constants.check_call(node, self.text)
        if known is not node or not all(isinstance(arg, ir.Const) for arg in args):
            return known
        return self._folded(node)

    def _has(self, syntax: Invocation) -> ir.Node:
        if len(syntax.args) != 1:
            raise names.wrong_count(syntax, FUNCTIONS["has"])
        (arg,) = syntax.args
        feature = self.check(arg) if isinstance(arg, Name) else None
        if not isinstance(feature, ir.Feature):
            raise advice.has(arg, self.text)
        return ir.Has(BOOL, feature, span=syntax.span)

    def _in_list(self, syntax: Invocation, args: list[Syntax]) -> ir.Node:
        value, list_name = self.check(args[0]), args[1]
        self.free += 1
        if not isinstance(list_name, Literal) or list_name.kind != "string":
            raise constants.list_name(None, list_name.span, self.environment.lists, self.text)
        known = self.environment.lists
        if known is not None and list_name.value not in known:
            raise constants.list_name(str(list_name.value), list_name.span, known, self.text)
        if value.type not in (STRING, NOTHING):
            name = ir.Const(STRING, list_name.value, span=list_name.span)
            raise advice.no_overload("in_list", [value, name], args, syntax.name_span, self.text)
        return ir.InList(BOOL, coerce(value, STRING), str(list_name.value), span=syntax.span)

    def _comprehension(self, syntax: Invocation, target: Syntax) -> ir.Node:
        free, kind = self.free, syntax.name
        wanted = (2, 3) if kind == "map" else (2,)
        if len(syntax.args) not in wanted:
            raise names.wrong_count(syntax, FUNCTIONS[kind])
        source = self.check(target)
        if source.type.element is None:
            raise advice.not_a_list(kind, source, target, syntax, self.text)
        variable = self._variable(syntax.args[0])
        self.has_comprehension = True
        self.comprehensions += 1
        if self.comprehensions > MAX_COMPREHENSIONS:
            raise fault(
                faults.TOO_NESTED,
                f"{kind} stands inside {MAX_COMPREHENSIONS} others; no more than {MAX_COMPREHENSIONS} may be nested.",
                syntax.name_span,
                hint="Compute part of it as a feature.",
            )
        outer = self.variables.get(variable)
        bound = self.variables[variable] = _Variable(source.type.element)
        span = syntax.span
        if kind == "map" and len(syntax.args) == 3:
            test = self._bool(syntax.args[1], kind)
            chosen = ir.Comprehension(source.type, "filter", variable, source, test, span=span)
            source = self._settled(chosen, self.free - bound.uses == free)
        body = self.check(syntax.args[-1]) if kind == "map" else self._bool(syntax.args[1], kind)
        type_ = list_of(body.type) if kind == "map" else source.type if kind == "filter" else BOOL
        self.comprehensions -= 1
        del self.variables[variable]
        if outer is not None:
            self.variables[variable] = outer
        self.free -= bound.uses
        if isinstance(source, ir.Const) and not source.value:
            self.free = free  # what the body asks for does not matter
        return self._settled(ir.Comprehension(type_, kind, variable, source, body, span=span), self.free == free)

    def _settled(self, node: ir.Comprehension, is_constant: bool) -> ir.Node:
        """What a comprehension comes to where no row is needed for it; else the node itself."""
        if isinstance(node.source, ir.Const) and not node.source.value:
            if node.type == BOOL:
                return ir.Const(BOOL, node.kind == "all", span=node.span)
            return ir.Const(list_of(NOTHING), (), span=node.span)
        return self._folded(node) if is_constant else node

    def _variable(self, syntax: Syntax) -> str:
        """The name that a comprehension gives to each element."""
        if not isinstance(syntax, Name) or len(syntax.parts) > 1 or syntax.rooted:
            message = "The first argument names the elements, so it is a simple name."
            hint = 'Write it so: item.tags.exists(tag, tag == "sale").'
            raise fault(faults.BAD_MACRO, message, syntax.span, hint=hint)
        if syntax.parts[0] == "param":
            message = "param stands for the strategy's parameters and cannot name elements."
            raise fault(faults.BAD_MACRO, message, syntax.span)
        return syntax.parts[0]

    # -- constants

    def _folded(self, node: ir.Node) -> ir.Node:
        """The constant node's value; the node itself where it is unknown."""
        if isinstance(node, ir.Comprehension):
            self.folded += check_cost(node, node.span or (0, len(self.text)), MAX_FOLDED - self.folded)
        value = fold(node)
        if not isinstance(value, ir.Const):
            return node
        if value.type.element is not None:
            value = ir.Const(principal(value.type, value.value), value.value, span=node.span)
        return value

    def _as_double(self, node: ir.Node) -> ir.Node:
        """The int literal as the double that equals it; a double as it is."""
        if node.type == DOUBLE:
            return node
        assert isinstance(node, ir.Const)
        if not is_exact(node.value):
            assert node.span is not None
            raise fault(
                faults.INEXACT,
                f"No double equals {node.value}; the nearest is {float(node.value)!r}.",
                node.span,
                hint="Doubles hold every integer up to 9007199254740992.",
                fix=mend(self.text, node.span, repr(float(node.value))),
            )
        return ir.Const(DOUBLE, float(node.value), span=node.span)


def _is_int(syntax: Syntax) -> bool:
    return isinstance(syntax, Literal) and syntax.kind == "int"


_CHECKS: dict[type[Syntax], Callable[[_Checker, Any], ir.Node]] = {
    Literal: _Checker.literal,
    Name: _Checker.name,
    Select: _Checker.select,
    ListLiteral: _Checker.list_literal,
    Logical: _Checker.logical,
    Unary: _Checker.unary,
    Conditional: _Checker.conditional,
    Binary: _Checker.binary,
    Index: _Checker.index,
    Invocation: _Checker.invocation,
}
