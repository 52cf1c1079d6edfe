"""Which words does a text have, for finding it by them?"""

from __future__ import annotations

import sys
import unicodedata


class _Separators(dict[int, int]):
    """Translates every character that is not part of a word to a space; found out once for each character.

    Letters, marks and numbers are parts of words. A regular expression's `\\w` leaves the marks out and would cut
    words of Hindi, Thai or Tamil at their vowel signs.
    """

    def __missing__(self, point: int) -> int:
        part_of_word = unicodedata.category(chr(point))[0] in "LMN"
        self[point] = point if part_of_word else ord(" ")
        return self[point]


_SEPARATORS = _Separators()


def words_of(text: str) -> list[str]:
    """The words of a text in their order, case folded: `"USB-C hub, 4×"` is usb, c, hub, 4."""
    return [sys.intern(word) for word in text.casefold().translate(_SEPARATORS).split()]
