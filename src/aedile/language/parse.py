"""How is a condition put together? From text to syntax tree, by operator precedence.

The parser never goes deeper than `MAX_DEPTH` into its text, so no text can exhaust the stack.
"""

from __future__ import annotations

from typing import TypeVar

from aedile.language import faults
from aedile.language.faults import Span, fault, mend, shorten
from aedile.language.slips import INFIX, NEGATIONS, mended
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
from aedile.language.tokens import KEYWORDS, RESERVED, check_text, double, integer, string, tokenize

MAX_DEPTH = 100
"""How deep brackets, calls, signs and operators may stand in one another."""
MAX_PARTS = 10_000
"""How many names, literals, operators and calls a condition may have."""

#: Binary operators by how tightly they bind; up to `_CHAINS` they make flat chains.
_BINDS = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%"), 5),
}
_CHAINS = 2
_CONSTANTS: dict[str, tuple[str, bool | None]] = {
    "true": ("bool", True),
    "false": ("bool", False),
    "null": ("null", None),
}
_CLOSING = {"(": ")", "[": "]"}

S = TypeVar("S", bound=Syntax)


def parse(text: str) -> Syntax:
    """The syntax tree of a condition. Raises LanguageError at the first mistake."""
    check_text(text)
    return _Parser(text).condition()


class _Parser:
    """One pass over the tokens with one token of look-ahead."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.kind, self.word, self.start, self.end = next(self.tokens)
        self.last_end = 0
        self.level = 0
        self.parts = 0

    def condition(self) -> Syntax:
        if self.kind == "end":
            raise fault(
                faults.EMPTY,
                "The condition is empty.",
                (0, len(self.text)),
                hint="A condition that always holds is true.",
            )
        tree = self.expression()
        if self.kind != "end":
            raise self._unexpected("an operator or the end")
        return tree

    # -- operators

    def expression(self) -> Syntax:
        self._enter()
        tree = self._operators(1)
        if self.kind == "?":
            self._advance()
            then = self._operators(1)
            if self.kind != ":":
                raise self._unexpected("`:` and the value of the other case")
            self._advance()
            otherwise = self.expression()
            height = max(tree.depth, then.depth, otherwise.depth)
            tree = self._grown(Conditional(tree.start, otherwise.end, tree, then, otherwise), height)
        self.level -= 1
        return tree

    def _operators(self, loosest: int) -> Syntax:
        """Operands joined by operators that bind at least this tightly; to the left among equals."""
        left = self._signed() if self.kind in ("-", "!") else self._operand()
        while True:
            operator = self.word if self.kind == "name" else self.kind
            binds = _BINDS.get(operator, 0)
            if binds < loosest:
                return left
            span = (self.start, self.end)
            self._advance()
            self._enter()
            right = self._operators(binds + 1)
            self.level -= 1
            height = left.depth if left.depth > right.depth else right.depth
            if binds > _CHAINS:
                left = self._grown(Binary(left.start, right.end, operator, left, right, span), height)
            elif isinstance(left, Logical) and left.operator == operator:
                left.operands.append(right)
                left.end, left.depth = right.end, max(left.depth, right.depth + 1)
            else:
                left = self._grown(Logical(left.start, right.end, operator, [left, right]), height)

    def _signed(self) -> Syntax:
        signs: list[tuple[str, int]] = []
        while self.kind == "-" or self.kind == "!":
            signs.append((self.kind, self.start))
            self._enter()
            self._advance()
        entered = len(signs)
        negative = signs[-1][0] == "-" and (self.kind == "int" or self.kind == "double")
        operand = self._operand(signs.pop()[1] if negative else None)
        self.level -= entered
        for sign, start in reversed(signs):
            operand = self._grown(Unary(start, operand.end, sign, operand), operand.depth)
        return operand

    # -- operands

    def _operand(self, minus: int | None = None) -> Syntax:
        """A name, literal, list, call or bracketed expression with all its fields, calls and indices.

        `minus` is where the sign of a negative number stands.
        """
        kind, start = self.kind, self.start
        operand: Syntax
        if kind == "name":
            operand = self._constant() or self._plain_name(start, False)
            if self.kind == "(" and isinstance(operand, Name):
                operand = self._call(None, operand.parts[0], start, (start, operand.end))
        elif kind == "int" or kind == "double":
            operand = self._number(start if minus is None else minus, minus is not None)
        elif kind == "string":
            self._advance()
            operand = self._grown(Literal(start, self.last_end, kind, string(self.text, start, self.last_end)), 0)
        elif kind == "(":
            self._advance()
            operand = self.expression()
            if self.kind == ",":
                raise self._round_list(start)
            self._close("(", start)
        elif kind == "[":
            self._advance()
            items = self._items("[", start)
            height = max([item.depth for item in items], default=0)
            operand = self._grown(ListLiteral(start, self.last_end, items), height)
        else:
            operand = self._other_operand()
        while True:
            if self.kind == ".":
                name, name_start, is_function = self._field()
                if is_function:
                    operand = self._call(operand, name, operand.start, (name_start, self.last_end))
                elif isinstance(operand, Name) and kind != "(":
                    operand.parts.append(name)
                    operand.end = self.last_end
                    operand.ends.append(operand.end)
                else:
                    operand = self._grown(Select(operand.start, self.last_end, operand, name), operand.depth)
            elif self.kind == "[":
                opened = self.start
                self._advance()
                if self.kind == "]":
                    raise self._unexpected("an index")
                index = self.expression()
                self._close("[", opened, isinstance(index, Literal | Name))
                height = max(operand.depth, index.depth)
                operand = self._grown(Index(operand.start, self.last_end, operand, index), height)
            else:
                return operand

    def _other_operand(self) -> Syntax:
        """A name that begins with a dot, or the error for whatever else stands where a value should."""
        start, word = self.start, self.word
        if self.kind == ".":
            self._advance()
            if self.kind == "name":
                return self._plain_name(start, True)
            raise self._unexpected("a name")
        if self.kind == "{":
            raise fault(
                faults.NO_MAP,
                "Maps and messages are not in the language.",
                (start, self.end),
                hint='A list is [a, b]; a choice by key is key == "a" ? 1 : 2, or a named list: in_list(key, "name").',
            )
        raise self._unexpected(f"a value after `{self._before()}`" if self.last_end else "a value", word)

    def _number(self, start: int, negative: bool) -> Syntax:
        kind, word, end = self.kind, self.word, self.end
        self._advance()
        if kind == "int":
            return self._grown(Literal(start, end, kind, integer(self.text, word, negative, (start, end))), 0)
        value = double(word, (start, end))
        return self._grown(Literal(start, end, kind, -value if negative else value), 0)

    def _constant(self) -> Syntax | None:
        if self.word not in _CONSTANTS:
            return None
        start, end = self.start, self.end
        kind, value = _CONSTANTS[self.word]
        self._advance()
        return self._grown(Literal(start, end, kind, value), 0)

    def _plain_name(self, start: int, rooted: bool) -> Syntax:
        word, name_start, end = self.word, self.start, self.end
        if word in RESERVED:
            raise self._reserved(word)
        self._advance()
        if word.lower() in NEGATIONS and self.kind in ("name", "string", "int", "double", "(", "[", "!"):
            raise self._foreign(word, (name_start, end), "!")
        return self._grown(Name(start, end, [word], [end], rooted), 0)

    def _field(self) -> tuple[str, int, bool]:
        """The name after a dot, where it stands, and whether it is a function's."""
        self._advance()
        kind, word, start = self.kind, self.word, self.start
        if kind == "quoted":
            word = word[1:-1]
        elif kind != "name":
            raise self._unexpected("a field or a function after the dot")
        elif word in KEYWORDS:
            raise self._reserved(word)
        self._advance()
        return word, start, self.kind == "(" and kind == "name"

    def _call(self, target: Syntax | None, name: str, start: int, name_span: Span) -> Syntax:
        opened = self.start
        self._advance()
        args = self._items("(", opened)
        height = max([arg.depth for arg in args], default=0)
        if target is not None and target.depth > height:
            height = target.depth
        return self._grown(Invocation(start, self.last_end, target, name, args, name_span), height)

    def _items(self, opening: str, opened: int) -> list[Syntax]:
        """What stands between brackets; a list may end in a comma, arguments may not."""
        items: list[Syntax] = []
        closing = _CLOSING[opening]
        if self.kind != closing:
            items.append(self.expression())
            while self.kind == ",":
                self._advance()
                if self.kind == "]" and opening == "[":
                    break
                items.append(self.expression())
        self._close(opening, opened)
        return items

    # -- tokens, limits

    def _advance(self) -> None:
        self.last_end = self.end
        self.kind, self.word, self.start, self.end = next(self.tokens)

    def _close(self, opening: str, opened: int, mendable: bool = True) -> None:
        """Go past the closing bracket; where it is missing, `mendable` says whether it belongs to this place."""
        if self.kind == _CLOSING[opening]:
            self._advance()
            return
        if self.kind == "end" or self.kind in _CLOSING.values():
            swapped = self.kind != "end" and self.level == 1
            gap = (self.start, self.end) if swapped else (self.last_end, self.last_end)
            raise fault(
                faults.UNBALANCED,
                f"The `{opening}` that opens here is not closed before {self._found()}.",
                (opened, opened + 1),
                fix=mend(self.text, gap, _CLOSING[opening]) if mendable else None,
            )
        raise self._unexpected(f"`{_CLOSING[opening]}` or an operator")

    def _enter(self) -> None:
        self.level += 1
        if self.level > MAX_DEPTH:
            raise self._too_deep((self.start, self.end))

    def _grown(self, node: S, height: int) -> S:
        """The new part, counted, on top of parts of this height."""
        self.parts += 1
        if self.parts > MAX_PARTS:
            raise fault(
                faults.TOO_MANY,
                f"The condition has more than {MAX_PARTS:,} parts.",
                (node.start, node.end),
                hint='Long lists of values belong into a named list: in_list(item.gtin, "recalled-gtin").',
            )
        if height:
            node.depth = height + 1
            if height >= MAX_DEPTH:
                raise self._too_deep((node.start, node.end))
        return node

    # -- errors

    def _too_deep(self, span: Span) -> Exception:
        return fault(
            faults.TOO_DEEP,
            f"The condition is nested more than {MAX_DEPTH} deep here.",
            span,
            hint="Split the strategy, or compute part of it as a feature.",
        )

    def _round_list(self, opened: int) -> Exception:
        """The error for a list between round brackets, as SQL writes it."""
        start, end, depth = self.start, self.end, 1
        while depth and self.kind != "end":
            self._advance()
            depth += (self.kind == "(") - (self.kind == ")")
        listed = mend(mend(self.text, (self.start, self.end), "]"), (opened, opened + 1), "[")
        return fault(
            faults.UNEXPECTED,
            "Expected `)` or an operator, found `,`.",
            (start, end),
            hint="A list is written between square brackets: [1, 2].",
            fix=listed if self.kind == ")" else None,
        )

    def _found(self, word: str | None = None) -> str:
        if self.kind == "end":
            return "the end of the condition"
        return f"`{shorten(self.word if word is None else word, 30)}`"

    def _foreign(self, word: str, span: Span, ours: str) -> Exception:
        fixed = mended(self.text)
        fix = fixed if fixed != self.text else None
        return fault(
            faults.FOREIGN_OPERATOR, f"`{word}` is not an operator of CEL; it is written `{ours}`.", span, fix=fix
        )

    def _reserved(self, word: str) -> Exception:
        field = self.last_end > 0 and self.text[self.last_end - 1] == "."
        return fault(
            faults.RESERVED,
            f"{word} is a reserved word and cannot be a name.",
            (self.start, self.end),
            hint=f"A field of this name is written between backquotes: `{word}`." if field else _HINTS.get(word),
            fix=mend(self.text, (self.start, self.end), f"`{word}`") if field else None,
        )

    def _before(self) -> str:
        """The word that stands before the present place, for messages."""
        before = self.text[: self.last_end]
        return shorten(before[max(before.rfind(" "), before.rfind("\n")) + 1 :], 20)

    def _unexpected(self, wanted: str, word: str | None = None) -> Exception:
        """The error for a token that cannot stand here, with the slips people make most recognised."""
        word = self.word if word is None else word
        span = (self.start, self.end)
        sign = word.lower() if self.kind == "name" else word
        doubled = self.text[self.start - 1 : self.end] if self.start else word
        if self.kind == "=":
            start = self.start - (self.text[self.start - 1 : self.start] == "=") * 2
            end = self.end + (self.text[self.end : self.end + 1] in ("<", ">"))
            word, span = self.text[start:end], (start, end)
            return self._foreign(word, span, INFIX.get(word, "=="))
        if self.kind in ("name", "&", "|") and sign in INFIX:
            return self._foreign(word, span, INFIX[sign])
        if self.kind == ">" and doubled == "<>":
            return self._foreign("<>", (self.start - 1, self.end), "!=")
        if self.kind in (")", "]") and self.level == 0:
            return fault(faults.UNBALANCED, f"This `{word}` closes nothing.", span, fix=mend(self.text, span, ""))
        return fault(
            faults.UNEXPECTED,
            f"Expected {wanted}, found {self._found(word)}.",
            span,
            hint=_HINTS.get(sign),
        )


_HINTS = {
    "like": 'Text is tested by x.contains("…"), x.startsWith("…"), x.endsWith("…") or x.matches("…").',
    "ilike": 'Compare without case by x.lowerAscii().contains("…") or normalized(x).contains("…").',
    "contains": 'Text is tested by x.contains("…").',
    "matches": 'Text is tested by x.matches("…").',
    "startswith": 'Text is tested by x.startsWith("…").',
    "between": "A range is x >= 1 && x <= 2.",
    "is": "Whether a feature has a value is asked by has(x).",
    "not": 'Not in a list is !(x in ["a", "b"]).',
    "{": "Messages and maps are not in the language.",
    ";": "A condition is one expression.",
    "then": "A choice is condition ? value : other value.",
    "if": "A choice is condition ? value : other value.",
}
