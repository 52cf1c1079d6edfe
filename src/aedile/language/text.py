"""What does a text say to a reader, whatever characters were chosen to hide it?

The idea of mapping look-alikes to one skeleton is Unicode's (UTS #39, Unicode Security Mechanisms); the table here is
our own and small: letters that pass for an ASCII letter in a product's title.
"""

from __future__ import annotations

import re
from unicodedata import category
from unicodedata import normalize as unicode_normalize

# Each group lists the look-alikes of one ASCII letter, after case folding: Latin with hooks, strokes or as small
# capitals, Greek, Cyrillic, Armenian, Coptic, Cherokee, Lisu.
_LOOK_ALIKES = {
    "a": "ɑɐᴀαаⲁᎪꓮ",
    "b": "ƀɓƅʙᴃβвьⲃᏴꓐ",
    "c": "ƈɕᴄсҫⲥᏟꓚ",
    "d": "đɖɗðᴅԁᎠꓓ",
    "e": "ɛɘǝɇᴇεеєҽⲉᎬꓰ",
    "f": "ƒꜰғꓝ",
    "g": "ɡɠǥɢԍցᏳꓖ",
    "h": "ħɦʜһнңⲏհᎻꓧ",
    "i": "ıɨɩɪιіⲓᎥꓲ",
    "j": "ȷɉʝᴊјյᎫꓙ",
    "k": "ƙᴋκкқⲕᏦꓗ",
    "l": "łƚɫɬɭʟӏᏞꓡ",
    "m": "ɱᴍμмⲙᎷꓟ",
    "n": "ɲɳƞɴηпⲛոռꓠ",
    "o": "øɵᴏοоⲟօꓳ",
    "p": "ƥᴘρрⲣᏢꓑ",
    "q": "ɋʠꞯԛզգ",
    "r": "ɍɼɽɾʀгᏒꓣ",
    "s": "ʂꜱѕᏚꓢ",
    "t": "ŧƭʈᴛτтⲧᎢꓔ",
    "u": "ʉᴜυսꓴ",
    "v": "ʋᴠνѵᏙꓦ",
    "w": "ⱳᴡωԝաᎳꓪ",
    "x": "χхҳⲭꓫ",
    "y": "ƴɏʏɣγуүұⲩꓬ",
    "z": "ƶʐʑȥᴢζⲍᏃꓜ",
}
_TABLE = {ord(odd): letter for letter, odds in _LOOK_ALIKES.items() for odd in odds}
# White letters in black circles and squares, which compatibility normalisation leaves alone.
_TABLE |= {start + i: chr(97 + i) for start in (0x1F150, 0x1F170) for i in range(26)}

#: Capitals that pass for another Latin letter than their small letters do: Ν is read as N, and ν as v. What is read
#: counts, so they are mapped before case is folded.
_CAPITALS = str.maketrans("ΗΝΥԱՏ", "hnyus")

#: Default_Ignorable_Code_Point beyond category Cf: joiners, fillers, variation selectors and their reserved places.
_IGNORABLE = frozenset((0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0)).union(
    range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xFFF0, 0xFFF9)
)
_TAGS = range(0xE0000, 0xE1000)

_LEET = str.maketrans("013457@$!", "oleastasi")
_LEET_RUN = re.compile(r"[013457@$!]+")
_LONGEST_LEET = 2
#: The same in one pattern where letters are a to z: most texts are, and this reads them some twenty times as fast.
_ASCII_LEET = re.compile(r"(?<=[a-z])[013457@$!]{1,2}(?=[a-z])")


def normalize(text: str) -> str:
    """The text as a reader takes it; idempotent.

    Compatibility forms and case are folded (NFKC, casefold), characters that show nothing are dropped, look-alike
    letters become the ASCII letter, one or two digits or signs between letters become the letters they stand for
    (`n1ke` is `nlke`, `c4nv4s` is `canvas`), and white space is one space, none at the ends. Combining marks stay.
    """
    if text.isascii():
        return " ".join(_ASCII_LEET.sub(lambda run: run[0].translate(_LEET), text.lower()).split())
    while True:
        changed = _pass(text)
        if changed == text:
            return text
        text = changed


def _pass(text: str) -> str:
    text = unicode_normalize("NFKC", unicode_normalize("NFKC", text).translate(_CAPITALS).casefold())
    if not text.isascii():
        text = "".join(c for c in text if not _is_invisible(c)).translate(_TABLE)
    return " ".join(_read_leet(text).split())


def _is_invisible(character: str) -> bool:
    code = ord(character)
    return category(character) == "Cf" or code in _IGNORABLE or code in _TAGS


def _read_leet(text: str) -> str:
    def letters(run: re.Match[str]) -> str:
        start, end = run.span()
        inside = start > 0 and end < len(text) and _is_letter(text[start - 1]) and _is_letter(text[end])
        return run[0].translate(_LEET) if inside and end - start <= _LONGEST_LEET else run[0]

    return _LEET_RUN.sub(letters, text)


def _is_letter(character: str) -> bool:
    # Marks as well: the vowel signs of Brahmic scripts are part of the word.
    return category(character)[0] in "LM"
