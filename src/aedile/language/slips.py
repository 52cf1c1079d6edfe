"""What would the writer have written, had they known CEL's signs?

Mends a whole condition at once: `and or not = & | <>` as in SQL or Python, and the quotes and signs that documents and
chats put in the place of plain ones. Only used to make the `fix` of an error.
"""

from __future__ import annotations

import json
import re

#: Typographic characters and the plain text that is meant; empty for invisible ones.
TYPOGRAPHIC = {
    **dict.fromkeys("“”„‟«»″＂", '"'),
    **dict.fromkeys("‘’‚‛‹›′＇", "'"),
    **dict.fromkeys("−–—‐‑‒﹣－", "-"),
    "×": "*",
    "∗": "*",
    "＊": "*",
    "÷": "/",
    "∕": "/",
    "／": "/",
    "≤": "<=",
    "⩽": "<=",
    "≥": ">=",
    "⩾": ">=",
    "≠": "!=",
    "＝": "==",
    "＜": "<",
    "＞": ">",
    "＋": "+",
    "！": "!",
    "∧": "&&",
    "∨": "||",
    "¬": "!",
    "（": "(",
    "）": ")",
    "［": "[",
    "］": "]",
    "，": ",",
    "、": ",",
    "．": ".",
    "：": ":",
    "？": "?",
    "％": "%",
    **dict.fromkeys(
        "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "
    ),
    **dict.fromkeys("\u0085\u2028\u2029\v", "\n"),
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff", ""),
}
#: Words and signs of other languages that stand between two operands.
INFIX = {
    "and": "&&",
    "or": "||",
    "=": "==",
    "&": "&&",
    "|": "||",
    "<>": "!=",
    "===": "==",
    "!==": "!=",
    "=<": "<=",
    "=>": ">=",
}
NEGATIONS = frozenset(("not",))

_PIECE = re.compile(
    r"""
      (?P<kept>   [bB]?[rR]?(?: "(?:[^"\\\n]|\\.)*+" | '(?:[^'\\\n]|\\.)*+' ) | //[^\n]*+ | \.\s*+[A-Za-z_]\w*+ )
    | (?P<quoted> [“„‟″＂][^“”„‟″＂"\n]*+[“”″＂] | [‘‚‛′＇][^‘’′＇\n]*+[’′＇‘] | «[^«»\n]*+» )
    | (?P<word>   [A-Za-z_]\w*+ )
    | (?P<sign>   === | !== | <> | =< | => | == | != | <= | >= | && | \|\| | [=&|(),\[\]?:!] )
    | (?P<space>  \s++ )
    | (?P<other>  . )
    """,
    re.VERBOSE | re.DOTALL,
)
_MOST_NEGATIONS = 20
_NAME = re.compile(r"(?:[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)?")
_STOPS = frozenset(("&&", "||", ")", "]", ",", "?", ":"))


def mended(text: str) -> str:
    """The condition with all such slips replaced; the same text where there are none, or too many to be meant."""
    pieces: list[str] = []
    negated: list[int] = []
    for found in _PIECE.finditer(text):
        piece, kind = found[0], found.lastgroup
        if kind == "quoted":
            piece = json.dumps(piece[1:-1], ensure_ascii=False)
        elif kind == "word" and piece.lower() in NEGATIONS:
            negated.append(len(pieces))
            piece = "!"
        elif kind in ("word", "sign"):
            piece = INFIX.get(piece.lower(), piece)
        elif kind == "other" or kind == "space":
            piece = "".join(TYPOGRAPHIC.get(character, character) for character in piece)
        pieces.append(piece)
    if len(negated) > _MOST_NEGATIONS:
        return text
    for at in reversed(negated):
        _bracket_operand(pieces, at)
    return "".join(pieces)


def _bracket_operand(pieces: list[str], at: int) -> None:
    """Give the `!` at this place the brackets it needs: `not` binds looser than a comparison, `!` tighter."""
    first = at + 1
    while first < len(pieces) and pieces[first].isspace():
        first += 1
    end, depth = first, 0
    closed_at = None
    while end < len(pieces):
        piece = pieces[end]
        if depth == 0 and piece in _STOPS:
            break
        if piece in ("(", "["):
            depth += 1
        elif piece in (")", "]"):
            depth -= 1
            if depth == 0 and closed_at is None:
                closed_at = end
        end += 1
    while end > first and pieces[end - 1].isspace():
        end -= 1
    del pieces[at + 1 : first]
    end -= first - (at + 1)
    whole = closed_at is not None and closed_at == end - 1 + first - (at + 1)
    opened = pieces.index("(", at + 1) if whole and "(" in pieces[at + 1 : end] else end
    if not _NAME.fullmatch("".join(pieces[at + 1 : opened])):
        pieces.insert(end, ")")
        pieces.insert(at + 1, "(")
