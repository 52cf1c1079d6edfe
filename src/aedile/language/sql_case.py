"""When is an SQL CASE a condition's `?:`?

`?:` is unknown where its condition is; ELSE takes those rows as well. Only a CASE that cannot tell the two apart is
read: one that asks for the condition and for its negation, or whose conditions never are unknown.
"""

from __future__ import annotations

from typing import Any, Protocol

from sqlglot import exp

from aedile.errors import LanguageError
from aedile.language.check import Environment
from aedile.language.faults import Span
from aedile.language.sql_guard import refuse
from aedile.language.sql_words import LOOSE_CASE
from aedile.language.syntax import Conditional, Invocation, Literal, Logical, Syntax, Unary
from aedile.language.types import Type


class Reader(Protocol):
    """What reads the parts of a node, see `sql_syntax`."""

    environment: Environment
    where: str

    def read(self, node: exp.Expr) -> Syntax: ...
    def span(self, node: exp.Expr) -> Span: ...
    def type_of(self, syntax: Syntax) -> Type: ...
    def refused(self, node: exp.Expr) -> LanguageError: ...


def read_case(reader: Reader, node: exp.Expr) -> Syntax:
    """A CASE that is unknown where its condition is, as `?:`; or one whose conditions never are unknown."""
    branches = [(branch.this, branch.args["true"]) for branch in node.args["ifs"]]
    if any(branch.args.get("false") is not None for branch in node.args["ifs"]):
        raise reader.refused(node)
    subject, default = node.this, node.args.get("default")
    if default is None and len(branches) == 2:
        (first, then), (second, otherwise) = branches
        by_value = subject is not None and first == exp.true() and second == exp.false()
        by_not = subject is None and isinstance(second, exp.Not) and second.this.unnest() == first.unnest()
        if by_value or by_not:
            return _conditional(reader, subject if by_value else first, reader.read(then), reader.read(otherwise), node)
    if subject is None and default is not None:
        return _definite(reader, branches, default, node)
    raise _loose(reader, node, branches)


def read_if(reader: Reader, node: exp.Expr) -> Syntax:
    """`if(condition, a, b)`."""
    default = node.args.get("false")
    if default is None:
        raise _loose(reader, node, [])
    return _definite(reader, [(node.this, node.args["true"])], default, node)


def _definite(reader: Reader, branches: list[tuple[exp.Expr, exp.Expr]], default: exp.Expr, node: exp.Expr) -> Syntax:
    syntax = reader.read(default)
    for condition, then in reversed(branches):
        syntax = _conditional(reader, condition, reader.read(then), syntax, node)
        assert isinstance(syntax, Conditional)
        if not _never_unknown(syntax.condition):
            raise _loose(reader, node, [*branches, (None, default)])
    return syntax


def _conditional(reader: Reader, condition: Any, then: Syntax, otherwise: Syntax, node: exp.Expr) -> Syntax:
    return Conditional(*reader.span(node), reader.read(condition), then, otherwise)


def _loose(reader: Reader, node: exp.Expr, branches: list[tuple[Any, exp.Expr]]) -> LanguageError:
    fix = None
    if len(branches) == 2 and branches[1][0] is None and node.this is None:
        (condition, then), (_, otherwise) = branches
        text = condition.sql("duckdb")
        negated = text if isinstance(condition, exp.Column | exp.Paren | exp.Func) else f"({text})"
        values = then.sql("duckdb"), otherwise.sql("duckdb")
        fix = mended(node, f"CASE WHEN {text} THEN {values[0]} WHEN NOT {negated} THEN {values[1]} END")
    valued = node.args.get("default") is not None or node.args.get("false") is not None
    return refuse(
        LOOSE_CASE,
        f"This {node.key.upper()} gives "
        + ("a value also where its condition is unknown." if valued else "no value where no condition holds."),
        reader.span(node),
        hint="Write CASE WHEN c THEN a WHEN NOT c THEN b END, which is unknown where c is.",
        fix=fix,
    )


def mended(node: exp.Expr, text: str) -> str:
    """The condition with a part replaced. The tree is spent afterwards: an error is about to be raised."""
    whole = node.root()
    if whole is node:
        return text
    node.replace(exp.Var(this=text))
    return whole.sql("duckdb")


def _never_unknown(syntax: Syntax) -> bool:
    if isinstance(syntax, Logical):
        return all(_never_unknown(operand) for operand in syntax.operands)
    if isinstance(syntax, Unary):
        return syntax.operator == "!" and _never_unknown(syntax.operand)
    if isinstance(syntax, Invocation):
        return syntax.name == "has"
    return isinstance(syntax, Literal)
