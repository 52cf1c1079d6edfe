"""Is this text small and plain enough to be parsed as SQL at all?

sqlglot's parser recurses with the nesting of its text and takes much more than conditions: sizes, nesting, comments and
further statements are refused on the tokens, before it runs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp
from sqlglot.dialects import DuckDB
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from aedile.errors import Code, LanguageError, Place, define
from aedile.language.sql_spans import TEXT, without_texts

MAX_LENGTH = 160 * 1024
"""In code points: a condition of 64 KiB as one quoted CEL text, each of whose quotes is doubled, fits."""
MAX_PLAIN = 16 * 1024
"""The same outside quoted texts: what has to be taken apart word by word."""
MAX_TOKENS = 4_000
MAX_NESTING = 20
"""How deep brackets, CASE and NOT may stand in one another: the parser takes some 30 stack frames for each."""

NOT_SQL = define("AED-LANG-080", "A text cannot be read as one SQL condition.", "item.price < < 5")
TOO_LARGE = define(
    "AED-LANG-081", "An SQL condition is too long or nested too deeply.", "((((((… item.price < 5 …))))))"
)
NOT_A_CONDITION = define(
    "AED-LANG-082",
    "An SQL condition holds a comment, or more than one statement.",
    "item.price < 5; DROP TABLE items",
)

_OPENING = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE)
_CLOSING = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_DIALECT = DuckDB()


def refuse(
    code: Code, message: str, span: tuple[int, int], hint: str | None = None, fix: str | None = None
) -> LanguageError:
    return LanguageError(code, message, place=Place(span=span), hint=hint, fix=fix)


def parse_sql(where: str) -> exp.Expr:
    """The syntax tree of one SQL condition in DuckDB's dialect; LanguageError AED-LANG-080 to -082."""
    tokens = _tokenize(where)
    _check_tokens(where, tokens)
    try:
        trees: list[exp.Expr | None] = _DIALECT.parser().parse_into(exp.Condition, tokens, where)
    except ParseError as error:
        raise _syntax_error(where, error) from error
    except RecursionError as error:
        raise _too_deep((0, len(where))) from error
    tree = trees[0] if len(trees) == 1 else None
    if tree is None:
        raise refuse(NOT_SQL, "The condition is empty.", (0, len(where)), hint="A condition that always holds is TRUE.")
    return tree


def _tokenize(where: str) -> list[Token]:
    if len(where) > MAX_LENGTH:
        raise _too_long(len(where), "characters", MAX_LENGTH, where)
    plain = len(where) - sum(len(text) for text in TEXT.findall(where))
    if plain > MAX_PLAIN:
        raise _too_long(plain, "characters outside quotes", MAX_PLAIN, where)
    surrogate = next((i for i, character in enumerate(where) if "\ud800" <= character <= "\udfff"), None)
    if surrogate is not None:
        raise refuse(NOT_SQL, "A lone surrogate, half of a character, stands here.", (surrogate, surrogate + 1))
    try:
        tokens: list[Token] = _DIALECT.tokenize(where)
    except TokenError as error:
        raise refuse(
            NOT_SQL,
            "A text is not closed, or a character has no meaning in SQL.",
            (max(len(where) - 1, 0), len(where)),
            hint="Texts stand in single quotes; a quote inside is doubled: 'it''s'.",
        ) from error
    if len(tokens) > MAX_TOKENS:
        raise _too_long(len(tokens), "words and signs", MAX_TOKENS, where)
    return tokens


def _too_long(count: int, what: str, allowed: int, where: str) -> LanguageError:
    return refuse(
        TOO_LARGE,
        f"The condition has {count:,} {what}; {allowed:,} are allowed.",
        (0, len(where)),
        hint="Long lists of values belong into a named list: in_list(item.gtin, 'recalled-gtin').",
    )


def _check_tokens(where: str, tokens: Sequence[Token]) -> None:
    level = nots = 0
    if not tokens and where.strip():
        raise _comment(where)
    for token in tokens:
        span = (token.start, token.end + 1)
        if token.comments:
            raise _comment(where)
        if token.token_type == TokenType.SEMICOLON:
            raise refuse(
                NOT_A_CONDITION, "A condition is one expression; a ; ends it.", span, fix=where[: span[0]].rstrip()
            )
        if token.token_type == TokenType.TILDE:
            raise refuse(NOT_SQL, "~ is not read here.", span, hint="Write regexp_matches(text, 'pattern').")
        nots = nots + 1 if token.token_type == TokenType.NOT else 0
        level += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
        if level + nots > MAX_NESTING:
            raise _too_deep(span)


def _comment(where: str) -> LanguageError:
    found = _COMMENT.search(without_texts(where))
    return refuse(
        NOT_A_CONDITION,
        "A comment stands in the condition.",
        found.span() if found else (0, len(where)),
        hint="Say why in the strategy's `why`; a condition carries no comments.",
    )


def _too_deep(span: tuple[int, int]) -> LanguageError:
    return refuse(
        TOO_LARGE,
        f"The condition is nested more than {MAX_NESTING} deep here.",
        span,
        hint="Split the strategy, or write the part as cel('…').",
    )


def _syntax_error(where: str, error: ParseError) -> LanguageError:
    details = error.errors[0] if error.errors else {}
    before, found = details.get("start_context") or "", details.get("highlight") or ""
    start = where.find(before + found) + len(before) if found else 0
    span = (start, start + len(found)) if found else (0, len(where))
    description = str(details.get("description") or "")
    if description.startswith("Expecting )"):
        what = f"A bracket is not closed after {found}."
    elif description.startswith("Expected END"):
        what = "A CASE is not closed by END."
    elif "missing" in description:
        what = f"Something is missing after {found}."
    else:
        what = f"{found or 'This'} cannot stand here."
    return refuse(NOT_SQL, what, span, hint=_HINTS.get(found.upper()))


_HINTS = {
    "&": "And is AND.",
    "&&": "And is AND.",
    ",": "Conditions are joined by AND or OR.",
    "XOR": "Either but not both is a <> b.",
    "SELECT": "A condition is what stands after WHERE; no query stands in it.",
    "WHERE": "A condition is what stands after WHERE, without the word.",
    "!": "Not is NOT.",
}
