"""Which words, numbers, strings and signs does a condition consist of?

The lexer of CEL. Bytes and unsigned integers are recognised so that they can be refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aedile.language import faults
from aedile.language.faults import Span, fault, mend, shorten
from aedile.language.slips import TYPOGRAPHIC, mended
from aedile.language.types import INT_MAX

MAX_TEXT = 65_536
"""UTF-8 bytes of a condition."""

Token = tuple[str, str, int, int]
"""kind, text, start, end. The kind of a sign is the sign itself; others are int, double, string, name, quoted, end."""

#: Words that can be no name. As a field, after a dot, only the first four are refused.
KEYWORDS = frozenset(("false", "in", "null", "true"))
RESERVED = KEYWORDS | frozenset((
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
    "namespace", "return", "var", "void", "while",
))  # fmt: skip

_TOKEN = re.compile(
    r"""
    (?:[\t\n\f\r ]++ | //[^\n]*+)*+
    (?:
      (?P<name>    [A-Za-z_][A-Za-z0-9_]*+ (?!["'])  )
    | (?P<double>  [0-9]*+\.[0-9]++(?:[eE][+-]?[0-9]++)? | [0-9]++[eE][+-]?[0-9]++ )
    | (?P<int>     0[xX][0-9a-fA-F]++ | [0-9]++ )
    | (?P<string>  [bB]?[rR](?: \"{3}(?s:.*?)\"{3} | '{3}(?s:.*?)'{3} | "(?!"")[^"\n\r]*+" | '(?!'')[^'\n\r]*+' )
                 | [bB]?(?: \"{3}[^"\\]*+(?:(?:\\(?s:.) | "(?!""))[^"\\]*+)*+\"{3}
                          | '{3}[^'\\]*+(?:(?:\\(?s:.) | '(?!''))[^'\\]*+)*+'{3}
                          | "(?!"")[^"\\\n\r]*+(?:\\.[^"\\\n\r]*+)*+"
                          | '(?!'')[^'\\\n\r]*+(?:\\.[^'\\\n\r]*+)*+' ) )
    | (?P<sign>    && | \|\| | == | != | <= | >= | [-+*/%<>!?:.,()\[\]=&|{}] )
    | (?P<quoted>  `[A-Za-z0-9_./\- ]++` )
    | (?P<end>     \Z )
    )
    """,
    re.VERBOSE,
)
_SPACE = re.compile(r"(?:[\t\n\f\r ]++|//[^\n]*+)*+")
_ESCAPE = re.compile(
    r"""\\(?:([abfnrtv\\?"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|)|\r\n?""",
    re.DOTALL,
)
#: A line's end inside a string is always one line feed, however the condition's file writes it, as in CEL.
_LINE_END = re.compile(r"\r\n?")
_PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORD = re.compile(r"[A-Za-z0-9_.]*+")


def tokenize(text: str) -> Iterator[Token]:
    """The tokens of a condition in order, the last of kind `end`; lazily, so that a parser can stop early."""
    match = _TOKEN.match
    at = 0
    while True:
        found = match(text, at)
        if found is None:
            raise _stray(text, _skip(text, at))
        kind = found.lastgroup
        assert kind is not None
        start, at = found.span(kind)
        word = text[start:at]
        if kind == "sign":
            yield word, word, start, at
        else:
            yield kind, word, start, at
            if kind == "end":
                return
            if (kind == "int" or kind == "double") and at < len(text) and (text[at].isalpha() or text[at] == "_"):
                raise _bad_number(text, start, at)


def check_text(text: str) -> None:
    """Refuse a text that is too long or is not made of characters."""
    size = len(text)
    if size <= MAX_TEXT and not text.isascii():
        lone = _SURROGATE.search(text)
        if lone is not None:
            raise _lone_surrogate(lone.start(), lone.end(), ord(lone[0]))
        size = len(text.encode())
    if size > MAX_TEXT:
        raise fault(
            faults.TOO_LONG,
            f"The condition has {size:,} {'characters' if size == len(text) else 'bytes'}; {MAX_TEXT:,} are allowed.",
            (0, len(text)),
            hint='Long lists of values belong into a named list: in_list(item.gtin, "recalled-gtin").',
        )


def integer(text: str, word: str, negative: bool, span: Span) -> int:
    """The value of an int token, refused outside 64 bits."""
    hexadecimal = word[:2] in ("0x", "0X")
    digits = (word[2:] if hexadecimal else word).lstrip("0")
    value = INT_MAX + 2 if len(digits) > 20 else int(digits or "0", 16 if hexadecimal else 10)
    if value > INT_MAX + negative:
        raise fault(
            faults.BAD_NUMBER,
            f"{'-' if negative else ''}{shorten(word)} does not fit into 64 bits.",
            span,
            hint="An int lies between -9223372036854775808 and 9223372036854775807; larger numbers are doubles.",
            fix=mend(text, (span[1], span[1]), ".0") if not hexadecimal else None,
        )
    return -value if negative else value


def double(word: str, span: Span) -> float:
    """The value of a double token, refused where it is beyond the largest double."""
    value = float(word)
    if value == float("inf"):
        raise fault(
            faults.BAD_NUMBER,
            f"{shorten(word)} is beyond the largest double.",
            span,
            hint='The largest double is 1.7976931348623157e308; infinity is double("Infinity").',
        )
    return value


def string(text: str, start: int, end: int) -> str:
    """The value of the string token at these places; bytes and bad escapes are refused."""
    opening = start
    while text[opening] not in "\"'":
        opening += 1
    prefix = text[start:opening].lower()
    if "b" in prefix:
        raise fault(
            faults.NO_BYTES,
            f"{shorten(text[start:end])} is a bytes literal; conditions have text only.",
            (start, end),
            hint="Write a string without the b in front.",
            fix=mend(text, (start, end), text[start:opening].replace("b", "").replace("B", "") + text[opening:end]),
        )
    width = 3 if text.startswith(text[opening] * 3, opening) and end - opening >= 6 else 1
    first, last = opening + width, end - width
    body = text[first:last]
    if prefix:
        return _LINE_END.sub("\n", body) if "\r" in body else body
    if "\\" not in body and "\r" not in body:
        return body
    return _ESCAPE.sub(lambda escape: _unescape(escape, text, (start, end), first), body)


def _unescape(escape: re.Match[str], text: str, literal: Span, offset: int) -> str:
    if escape[0][0] == "\r":
        return "\n"
    plain, *numbers = escape.groups()
    if plain is not None:
        return _PLAIN.get(plain, plain)
    at = offset + escape.start()
    for number, base in zip(numbers, (16, 16, 16, 8), strict=True):
        if number is not None:
            point = int(number, base)
            if 0xD800 <= point <= 0xDFFF:
                raise _lone_surrogate(at, offset + escape.end(), point)
            if point <= 0x10FFFF:
                return chr(point)
    shown = text[at : max(offset + escape.end(), at + 2)]
    raw = text[literal[0] : literal[1]]
    body_has_no_valid = all(m.lastindex is None for m in _ESCAPE.finditer(raw))
    fixed = f"r{raw}" if body_has_no_valid else mend(text, (at, at + 1), "\\\\")[literal[0] : literal[1] + 1]
    raise fault(
        faults.BAD_ESCAPE,
        f"{shown} is no escape in a string.",
        (at, at + len(shown)),
        hint=r'A backslash is written \\; in a raw string, r"…", it stands for itself, which suits patterns.',
        fix=mend(text, literal, fixed),
    )


def _lone_surrogate(start: int, end: int, point: int) -> Exception:
    return fault(
        faults.LONE_SURROGATE,
        f"U+{point:04X} is half of a character and no text by itself.",
        (start, end),
        hint=r"Write characters beyond U+FFFF as \U and eight digits, e.g. \U0001F600.",
    )


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()


def _bad_number(text: str, start: int, at: int) -> Exception:
    found = _WORD.match(text, at)
    assert found is not None
    end = max(found.end(), at + 1)
    number, tail = text[start:at], text[at:end]
    word = number + tail
    if tail in ("u", "U"):
        return fault(
            faults.NO_UINT,
            f"{word} is an unsigned integer; conditions have int (64 bits, signed) and double.",
            (start, end),
            hint="Leave the u away.",
            fix=mend(text, (start, end), number),
        )
    hint, fix = "Numbers are written 42, 0x2A, 4.2 or 4.2e1.", None
    if "_" in word and word.replace("_", "").isdigit():
        hint, fix = "Digits are not grouped.", mend(text, (start, end), word.replace("_", ""))
    elif tail in ("h", "m", "s", "ms"):
        hint, fix = 'A length of time is duration("…").', mend(text, (start, end), f'duration("{word}")')
    elif tail == "d" and number.isdigit():
        hours = int(number[:12]) * 24
        hint, fix = "Durations have hours as their largest unit.", mend(text, (start, end), f'duration("{hours}h")')
    return fault(faults.BAD_NUMBER, f"{shorten(word)} is no number.", (start, end), hint=hint, fix=fix)


def _stray(text: str, at: int) -> Exception:
    """The error for a place where no token begins."""
    character = text[at]
    if character.isalpha() and character.isascii():
        # a prefix such as f"…" or rb"…": the name pattern stops before a quote
        end = at + 1
        while end < len(text) and (text[end].isalnum() or text[end] == "_"):
            end += 1
        if text[at:end].lower() in ("b", "r", "br") and end < len(text):
            return _open_string(text, at, end)
        return fault(
            faults.UNEXPECTED,
            f"A string cannot have {text[at:end]} in front.",
            (at, end),
            hint='Strings are "…" or \'…\', raw strings r"…".',
            fix=mend(text, (at, end), ""),
        )
    if character in "\"'":
        return _open_string(text, at, at)
    if character == "`":
        return fault(
            faults.BAD_CHARACTER,
            "A backquoted name is not closed or holds characters that no name has.",
            (at, at + 1),
            hint="Between backquotes stand letters, digits, spaces and _ . - / only; text goes between quotes.",
        )
    if character in TYPOGRAPHIC:
        return fault(
            faults.TYPOGRAPHY,
            _typographic(character),
            (at, at + 1),
            hint="Text pasted from a document or a chat often has such characters.",
            fix=mended(text),
        )
    hint = "Text goes between quotes." if character.isalpha() else None
    shown = character if character.isprintable() and not character.isspace() else "An invisible character"
    return fault(
        faults.BAD_CHARACTER,
        f"{shown} (U+{ord(character):04X}) has no meaning outside quotes.",
        (at, at + 1),
        hint=hint,
    )


def _typographic(character: str) -> str:
    plain = TYPOGRAPHIC[character]
    if not plain.strip():
        return f"An invisible typographic character, U+{ord(character):04X}, stands here."
    return f"{character} (U+{ord(character):04X}) is a typographic character; the plain one is {plain}"


def _open_string(text: str, start: int, opening: int) -> Exception:
    quote = text[opening]
    if text.startswith(quote * 3, opening):
        return fault(
            faults.OPEN_STRING,
            f"The string that begins here is never closed by {quote * 3}.",
            (start, opening + 3),
            fix=text + quote * 3,
        )
    line_end = min((i for i in (text.find("\n", opening), text.find("\r", opening)) if i >= 0), default=len(text))
    fix = mend(text, (line_end, line_end), quote) if text[line_end - 1] != "\\" else None
    return fault(
        faults.OPEN_STRING,
        f"The string that begins here is not closed by {quote} on its line.",
        (start, opening + 1),
        hint=f"A string over several lines is written {quote * 3}…{quote * 3}." if line_end < len(text) else None,
        fix=fix,
    )
