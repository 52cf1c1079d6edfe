"""How is SQL said as a condition? From sqlglot's tree to the language's own syntax tree, node by node.

Only what `_READERS` lists is read, and of it only the arguments listed there: everything else is refused by name. What
the tree becomes is checked by the language's own checker, so that types and texts are judged by one set of rules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from aedile.errors import LanguageError
from aedile.language.check import Environment, check_syntax
from aedile.language.faults import Span
from aedile.language.functions import FUNCTIONS
from aedile.language.parse import MAX_DEPTH, parse
from aedile.language.sql_case import mended, read_case, read_if
from aedile.language.sql_guard import TOO_LARGE, refuse
from aedile.language.sql_literals import read_like, read_number
from aedile.language.sql_spans import places_in, shift, spans_of
from aedile.language.sql_times import read_cast, read_duration, read_part
from aedile.language.sql_words import (
    ALIASES,
    ARITHMETIC,
    BAD_CEL,
    BAD_LIKE,
    BAD_LITERAL,
    COMPARISONS,
    FUNCTIONS_BY_NAME,
    IDLE,
    KNOWN,
    NOT_READ,
    NULL_VALUE,
    OTHER_MEANING,
    PART_FUNCTIONS,
    cut,
    describe,
)
from aedile.language.syntax import (
    Binary,
    Invocation,
    ListLiteral,
    Literal,
    Logical,
    Name,
    Syntax,
    Unary,
)
from aedile.language.types import INT, STRING, Type


def to_syntax(tree: exp.Expr, where: str, environment: Environment) -> Syntax:
    """The syntax tree of a parsed condition; spans point into `where`. LanguageError AED-LANG-083 to -089."""
    return _Reader(tree, where, environment).read(tree)


class _Reader:
    def __init__(self, tree: exp.Expr, where: str, environment: Environment) -> None:
        self.where = where
        self.environment = environment
        self.spans = spans_of(tree, where)
        self.level = 0

    def read(self, node: exp.Expr) -> Syntax:
        kind = type(node)
        reader = _READERS.get(kind)
        if reader is None:
            raise self.refused(node)
        allowed, read = reader
        extra = [key for key, value in node.args.items() if value not in (None, False, []) and key not in allowed]
        if any(key not in IDLE for key in extra):
            raise self.refused(node)
        self.level += 1
        if self.level > MAX_DEPTH:
            raise refuse(TOO_LARGE, f"The condition is nested more than {MAX_DEPTH} deep here.", self.span(node))
        syntax = read(self, node)
        self.level -= 1
        return syntax

    def span(self, node: exp.Expr) -> Span:
        return self.spans.get(id(node), (0, len(self.where)))

    def refused(self, node: exp.Expr) -> LanguageError:
        what, hint = describe(node)
        return refuse(NOT_READ, f"{what} is not read in a condition.", self.span(node), hint=hint)

    def type_of(self, syntax: Syntax) -> Type:
        return check_syntax(syntax, self.where, self.environment).type

    # -- logic

    def paren(self, node: exp.Expr) -> Syntax:
        return self.read(node.this)

    def logical(self, node: exp.Expr) -> Syntax:
        kind = type(node)
        parts: list[exp.Expr] = []
        while type(node) is kind:  # a long chain leans to the left
            parts.append(node.expression)
            node = node.this
        operands = [self.read(part) for part in [node, *reversed(parts)]]
        return Logical(operands[0].start, operands[-1].end, "&&" if kind is exp.And else "||", operands)

    def negation(self, node: exp.Expr) -> Syntax:
        inner = node.this
        if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
            return self._has(inner)
        return Unary(*self.span(node), "!", self.read(inner))

    def is_(self, node: exp.Expr) -> Syntax:
        value = node.expression
        if isinstance(value, exp.Null):
            return Unary(*self.span(node), "!", self._has(node))
        if not isinstance(value, exp.Boolean):
            raise self.refused(node)
        # IS TRUE is never unknown, which only a feature of its own can be asked about.
        has, feature = self._has(node), self.read(node.this)
        wanted = feature if value.this else Unary(*feature.span, "!", feature)
        return Logical(*self.span(node), "&&", [has, wanted])

    def _has(self, node: exp.Expr) -> Syntax:
        asked = self.read(node.this)
        if not isinstance(asked, Name):
            raise refuse(
                OTHER_MEANING,
                f"IS {node.expression.sql('duckdb')} asks about a feature, not about an expression.",
                self.span(node),
                hint="An expression is unknown where a feature in it is: ask IS NULL about the feature.",
            )
        return Invocation(*self.span(node), None, "has", [asked], asked.span)

    # -- comparison

    def comparison(self, node: exp.Expr) -> Syntax:
        for side in (node.this, node.expression):
            if isinstance(side, exp.Null):
                raise self._null(side, node)
        return self._binary(COMPARISONS[type(node)], node)

    def _null(self, node: exp.Expr, whole: exp.Expr | None = None) -> LanguageError:
        fix = None
        if isinstance(whole, exp.EQ | exp.NEQ):
            other = whole.expression if whole.this is node else whole.this
            test = f"{other.sql('duckdb')} IS {'NOT ' if isinstance(whole, exp.NEQ) else ''}NULL"
            fix = mended(whole, test)
        return refuse(
            NULL_VALUE, "NULL is no value here.", self.span(whole or node), hint="Ask item.brand IS NULL.", fix=fix
        )

    def null(self, node: exp.Expr) -> Syntax:
        raise self._null(node)

    def between(self, node: exp.Expr) -> Syntax:
        value = self.read(node.this)
        low, high = self.read(node.args["low"]), self.read(node.args["high"])
        span = self.span(node)
        sides = [Binary(*span, ">=", value, low, span), Binary(*span, "<=", value, high, span)]
        return Logical(*span, "&&", list[Syntax](sides))

    def in_(self, node: exp.Expr) -> Syntax:
        value, field = self.read(node.this), node.args.get("field")
        if field is not None:
            items = self.read(field)
        else:
            items = ListLiteral(*self.span(node), [self.read(item) for item in node.expressions])
        return Binary(*self.span(node), "in", value, items, self.span(node))

    def list_contains(self, node: exp.Expr) -> Syntax:
        items, value = self.read(node.this), self.read(node.expression)
        return Binary(*self.span(node), "in", value, items, self.span(node))

    def like(self, node: exp.Expr) -> Syntax:
        text, pattern = self.read(node.this), node.expression
        span = self.span(node)
        test = read_like(pattern.this) if isinstance(pattern, exp.Literal) and pattern.is_string else None
        if test is None:
            raise refuse(
                BAD_LIKE,
                f"{cut(pattern.sql('duckdb'))} is more than a start, an end or a part of a text.",
                self.span(pattern),
                hint="Use 'abc%', '%abc', '%abc%' or 'abc'; anything else is regexp_matches(text, 'pattern').",
            )
        name, part = test
        if isinstance(node, exp.ILike):
            if not part.isascii():
                raise refuse(
                    BAD_LIKE,
                    "ILIKE ignores the case of A–Z alone.",
                    self.span(pattern),
                    hint="For other letters compare normalized(text) with a normalized part.",
                )
            text, part = Invocation(*text.span, text, "lowerAscii", [], text.span), part.lower()
        literal = Literal(*self.span(pattern), "string", part)
        test_: Syntax = (
            Invocation(*span, text, name, [literal], span) if name else Binary(*span, "==", text, literal, span)
        )
        return Unary(*span, "!", test_) if node.args.get("negate") else test_

    # -- arithmetic

    def arithmetic(self, node: exp.Expr) -> Syntax:
        return self._binary(ARITHMETIC[type(node)], node)

    def _binary(self, operator: str, node: exp.Expr) -> Syntax:
        left, right = self.read(node.this), self.read(node.expression)
        return Binary(*self.span(node), operator, left, right, self.span(node))

    def division(self, node: exp.Expr) -> Syntax:
        """SQL's `/` is never the division of ints, and its `//` never that of doubles."""
        result = self._binary("/", node)
        assert isinstance(result, Binary)
        ints = self.type_of(result.left) == self.type_of(result.right) == INT
        if ints and isinstance(node, exp.Div):
            raise refuse(
                OTHER_MEANING,
                "/ of two ints is a division of doubles in SQL.",
                self.span(node),
                hint="Write // for a whole quotient, or CAST(… AS DOUBLE) on both sides.",
            )
        if not ints and isinstance(node, exp.IntDiv):
            raise refuse(OTHER_MEANING, "// divides ints alone.", self.span(node), hint="Write / for doubles.")
        return result

    def concatenation(self, node: exp.Expr) -> Syntax:
        result = self._binary("+", node)
        assert isinstance(result, Binary)
        for side in (result.left, result.right):
            type_ = self.type_of(side)
            if type_ != STRING and type_.element is None:
                raise refuse(
                    OTHER_MEANING, f"|| joins texts; this is of type {type_}.", side.span, hint="Write string(x) || …"
                )
        return result

    def sign(self, node: exp.Expr) -> Syntax:
        inner = node.this
        if isinstance(inner, exp.Literal) and not inner.is_string:
            return self._number(inner, self.span(node), negative=True)
        if isinstance(inner, exp.Interval):
            return read_duration(self, inner, -1)
        return Unary(*self.span(node), "-", self.read(inner))

    # -- names and literals

    def column(self, node: exp.Expr) -> Syntax:
        identifiers = list(node.parts)  # type: ignore[attr-defined]
        parts: list[str] = []
        ends: list[int] = []
        for identifier in identifiers:
            if not isinstance(identifier, exp.Identifier):
                raise self.refused(identifier)
            # "item.price" in quotes is one column named as the feature.
            words = (
                identifier.name.split(".")
                if len(identifiers) == 1 and identifier.args.get("quoted")
                else [identifier.name]
            )
            parts.extend(words)
            ends.extend([self.span(identifier)[1]] * len(words))
        return Name(*self.span(node), parts, ends)

    def placeholder(self, node: exp.Expr) -> Syntax:
        if not isinstance(node.this, str):
            raise self.refused(node)
        span = self.span(node)
        return Name(*span, ["param", node.this], [span[1]] * 2)

    def literal(self, node: exp.Expr) -> Syntax:
        if node.is_string:
            return Literal(*self.span(node), "string", node.this)
        return self._number(node, self.span(node), negative=False)

    def _number(self, node: exp.Expr, span: Span, *, negative: bool) -> Syntax:
        value = read_number(node.this, negative)
        if value is None:
            raise refuse(
                BAD_LITERAL,
                f"{cut(node.this)} is out of range.",
                span,
                hint="Ints have 64 bits, doubles end near 1.8e308.",
            )
        return Literal(*span, "int" if isinstance(value, int) else "double", value)

    def boolean(self, node: exp.Expr) -> Syntax:
        return Literal(*self.span(node), "bool", bool(node.this))

    def array(self, node: exp.Expr) -> Syntax:
        return ListLiteral(*self.span(node), [self.read(item) for item in node.expressions])

    # -- functions

    def known(self, node: exp.Expr) -> Syntax:
        args = [node.this, node.expression] if node.args.get("expression") is not None else [node.this]
        return self._call(KNOWN[type(node)], args, node)

    def anonymous(self, node: exp.Expr) -> Syntax:
        name = node.this if isinstance(node.this, str) else ""
        if name.lower() == "cel":
            return self._cel(node)
        name = ALIASES.get(name.lower(), name)
        function = FUNCTIONS_BY_NAME.get(name.lower())
        if function is None or (function.form == "macro" and function.name != "has"):
            raise self.refused(node)
        return self._call(function.name, node.expressions, node)

    def _call(self, name: str, args: list[exp.Expr], node: exp.Expr) -> Syntax:
        span = self.span(node)
        read = [self.read(arg) for arg in args]
        if FUNCTIONS[name].form == "method" and read:
            return Invocation(*span, read[0], name, read[1:], span)
        return Invocation(*span, None, name, read, span)

    def _cel(self, node: exp.Expr) -> Syntax:
        (text,) = node.expressions if len(node.expressions) == 1 else (None,)
        if not isinstance(text, exp.Literal) or not text.is_string:
            raise refuse(
                BAD_CEL, "cel() takes one text in quotes.", self.span(node), hint="Write cel('size(item.tags) > 3')."
            )
        places = places_in(text.this, self.span(text)[0])
        try:
            tree = parse(text.this)
        except LanguageError as error:
            start, end = error.place.span or (0, 0)
            raise error.at(span=(places[start], places[end])) from error
        shift(tree, places)
        return tree


_Read = Callable[[_Reader, Any], Syntax]
_BINARY = frozenset(("this", "expression"))
_UNARY = frozenset(("this",))
_READERS: dict[type[exp.Expr], tuple[frozenset[str], _Read]] = {
    exp.Paren: (_UNARY, _Reader.paren),
    exp.And: (_BINARY, _Reader.logical),
    exp.Or: (_BINARY, _Reader.logical),
    exp.Not: (_UNARY, _Reader.negation),
    exp.Is: (_BINARY, _Reader.is_),
    **dict.fromkeys(COMPARISONS, (_BINARY, _Reader.comparison)),
    exp.Between: (frozenset(("this", "low", "high")), _Reader.between),
    exp.In: (frozenset(("this", "expressions", "field")), _Reader.in_),
    exp.ArrayContains: (_BINARY, _Reader.list_contains),
    exp.Like: (_BINARY | {"negate"}, _Reader.like),
    exp.ILike: (_BINARY | {"negate"}, _Reader.like),
    **dict.fromkeys(ARITHMETIC, (_BINARY, _Reader.arithmetic)),
    exp.Div: (_BINARY, _Reader.division),
    exp.IntDiv: (_BINARY, _Reader.division),
    exp.DPipe: (_BINARY, _Reader.concatenation),
    exp.Neg: (_UNARY, _Reader.sign),
    exp.Column: (frozenset(("this", "table", "db", "catalog")), _Reader.column),
    exp.Dot: (_BINARY, _Reader.column),
    exp.Placeholder: (_UNARY, _Reader.placeholder),
    exp.Literal: (frozenset(("this", "is_string")), _Reader.literal),
    exp.Boolean: (_UNARY, _Reader.boolean),
    exp.Null: (frozenset(), _Reader.null),
    exp.Array: (frozenset(("expressions",)), _Reader.array),
    exp.Interval: (frozenset(("this", "unit")), lambda reader, node: read_duration(reader, node, 1)),
    exp.Cast: (frozenset(("this", "to")), read_cast),
    exp.TryCast: (frozenset(("this", "to")), read_cast),
    exp.Case: (frozenset(("this", "ifs", "default")), read_case),
    exp.If: (frozenset(("this", "true", "false")), read_if),
    exp.Extract: (_BINARY, read_part),
    **dict.fromkeys(PART_FUNCTIONS, (_UNARY, read_part)),
    **dict.fromkeys(KNOWN, (_BINARY, _Reader.known)),
    exp.Anonymous: (frozenset(("this", "expressions")), _Reader.anonymous),
}
