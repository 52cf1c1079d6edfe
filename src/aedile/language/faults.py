"""Which mistakes can a condition's text hold, and how is each of them reported?

The codes of the lexer, the parser and the checker, with an example each, and the one function that makes their errors.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from aedile.errors import Code, LanguageError, Place, define

TOO_LONG = define("AED-LANG-001", "A condition is longer than 64 KiB.", 'item.title == "xxxx… (64 KiB)"')
TOO_DEEP = define("AED-LANG-002", "A condition is nested more than 100 deep.", "((((…(((true)))…))))")
TOO_MANY = define("AED-LANG-003", "A condition has more than 10,000 parts.", "item.stock in [1, 2, 3, …]")
TOO_NESTED = define(
    "AED-LANG-004",
    "exists, all, filter and map stand more than three deep in one another.",
    "a.all(w, a.all(x, a.all(y, a.all(z, w < z))))",
)
BAD_CHARACTER = define("AED-LANG-005", "A character has no meaning outside quotes.", "item.price @ 5")
OPEN_STRING = define("AED-LANG-006", "A string is not closed.", 'item.brand == "Acme')
BAD_ESCAPE = define("AED-LANG-007", "A backslash in a string is followed by something unknown.", r'"\d"')
BAD_NUMBER = define("AED-LANG-008", "A number is malformed or out of range.", "item.stock < 9223372036854775808")
FOREIGN_OPERATOR = define(
    "AED-LANG-009", "An operator of another language stands for one of CEL's.", "item.stock = 5 and item.price > 3"
)
TYPOGRAPHY = define(
    "AED-LANG-010", "A typographic character stands for a plain one, as pasted text has it.", "item.brand == “Acme”"
)
UNBALANCED = define("AED-LANG-011", "A bracket has no partner.", "(item.price < 5")
UNEXPECTED = define("AED-LANG-012", "Something else was expected at this place.", "item.price < < 5")
RESERVED = define("AED-LANG-013", "A word that CEL reserves is used as a name.", "while < 5")
NO_NULL = define("AED-LANG-014", "null is not in the language; a feature without value is unknown.", "item.x == null")
NO_UINT = define("AED-LANG-015", "Unsigned integers are not in the language.", "item.stock < 5u")
NO_BYTES = define("AED-LANG-016", "Bytes are not in the language.", 'item.title == b"abc"')
NO_MAP = define("AED-LANG-017", "Maps and messages are not in the language.", '{"a": 1}.a == 1')
REFUSED_FUNCTION = define("AED-LANG-018", "A function of CEL is outside the language.", "dyn(item.price) == 1")
EMPTY = define("AED-LANG-019", "A condition is empty.", "// nothing")
UNKNOWN_NAME = define("AED-LANG-020", "A name is not declared.", "item.prise < 5")
UNKNOWN_FUNCTION = define("AED-LANG-021", "A function does not exist.", 'item.title.startWith("a")')
WRONG_COUNT = define("AED-LANG-022", "A function got too few or too many arguments.", "size()")
WRONG_TYPES = define("AED-LANG-023", "A function or operator is not defined for these types.", 'item.price < "5"')
MIXED_NUMBERS = define("AED-LANG-024", "Arithmetic mixes int and double.", "item.price * item.stock > 100.0")
MIXED_LIST = define("AED-LANG-025", "A list's elements are of different types.", '[1, "a"]')
MIXED_BRANCHES = define("AED-LANG-026", "The two branches of ?: differ in type.", 'item.new ? 1 : "old"')
BAD_HAS = define("AED-LANG-027", "has() asks about something that is no feature.", "has(item.price + 1)")
BAD_MACRO = define(
    "AED-LANG-028", "exists, all, filter or map is not written as (variable, expression).", "a.all(1, true)"
)
BAD_PATTERN = define(
    "AED-LANG-029", "The pattern of matches() is not a constant RE2 pattern.", 'item.title.matches("(a")'
)
BAD_TIMESTAMP = define("AED-LANG-030", "A timestamp's text is malformed or out of range.", 'timestamp("2026-13-01")')
BAD_DURATION = define("AED-LANG-031", "A duration's text is malformed or out of range.", 'duration("30 days")')
BAD_ZONE = define("AED-LANG-032", "A time zone is not known.", 'request.time.getHours("Mars/Base")')
BAD_BUCKET = define("AED-LANG-033", "The number of buckets is not above zero.", 'bucket(item.id, "s", 0)')
BAD_LIST_NAME = define("AED-LANG-034", "in_list() names no known list.", 'in_list(item.gtin, "recaled")')
NOT_NORMALIZED = define(
    "AED-LANG-035",
    "normalized() is compared with a text that normalized() never gives.",
    'normalized(item.title) == "FREE"',
)
NOT_BOOL = define("AED-LANG-036", "A strategy's condition is not true or false.", "item.price + 1.0")
LONE_SURROGATE = define("AED-LANG-037", "A lone surrogate, half of a character, stands in the text.", r'"\ud800"')
NO_FIELD = define("AED-LANG-038", "A field is asked of a value that has none.", "item.price.amount > 5")
INEXACT = define(
    "AED-LANG-039", "An integer that no double equals stands where a double is needed.", "item.price + 9007199254740993"
)
TOO_COSTLY = define(
    "AED-LANG-040",
    "Evaluating a condition could take too much time or memory.",
    '["a"].map(x, x + x + x …).map(x, x + x + x …)',
)

Span = tuple[int, int]


def fault(code: Code, message: str, span: Span, *, hint: str | None = None, fix: str | None = None) -> LanguageError:
    """The error for a mistake at `span` (code points, half-open) of a condition."""
    return LanguageError(code, message, place=Place(span=span), hint=hint, fix=fix)


def mend(text: str, span: Span, replacement: str) -> str:
    """The condition with the text at `span` replaced."""
    return text[: span[0]] + replacement + text[span[1] :]


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known name the writer most likely meant, None where nothing is near.

    A name is near when it is spelt alike, regardless of case, or when its last part alone was written.
    """
    folded = {name.lower(): name for name in sorted(known, reverse=True)}
    lower = word.lower()
    if lower in folded:
        return folded[lower]
    last = {_last_part(name): name for name in folded}
    if lower in last:
        return folded[last[lower]]
    near = difflib.get_close_matches(lower, list(folded), n=1, cutoff=0.75)
    if near:
        return folded[near[0]]
    near = difflib.get_close_matches(_last_part(lower), list(last), n=1, cutoff=0.8)
    return folded[last[near[0]]] if near else None


def _last_part(name: str) -> str:
    return name.replace("/", ".").rpartition(".")[2]


def shorten(text: str, limit: int = 40) -> str:
    """The text on one line, cut where it is long, for use inside a message."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
