"""How is a text written as a CEL string, so that a reader sees every character of it?"""

from __future__ import annotations

import re

#: Quotes, backslashes, and all that a reader cannot see or that moves other text: controls, other white space,
#: zero-width and direction marks, fillers, variation selectors, tags, private use, surrogates.
_HIDDEN = re.compile(
    '["\\\\\0-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f'
    "\u205f-\u206f\u2800\u3000\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U0001d173-\U0001d17a\U000e0000-\U0010ffff]"
)
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quote(text: str) -> str:
    """The text as a double-quoted CEL string; what cannot be seen is written as an escape."""
    return f'"{_HIDDEN.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    point = ord(character)
    return _SHORT.get(character) or (f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}")
