"""What do the strategies that fire make of each candidate: exempt, then exclude, then multiply?

The same answers as the compiled kernel, to the bit, from lists of strategies instead of bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from aedile.engine.actions import MULTIPLIER_MAX, MULTIPLIER_MIN
from aedile.engine.verdicts import Verdicts

if TYPE_CHECKING:
    from aedile.engine.kernel import ActionBook

Offsets = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int32]

#: `ActionBook.kind` of what is settled here.
EXCLUDE: Final = 1
FACTOR: Final = 2
EXEMPT: Final = 3


def resolve(
    fired_offsets: Offsets, fired: Numbers, shadow_offsets: Offsets, shadow: Numbers, book: ActionBook
) -> Verdicts:
    """The verdicts of n candidates; the arguments are as `Verdicts` describes them and become part of it.

    Factors are multiplied one after the other in order of precedence, starting from 1, for doubles do not associate.
    """
    n = len(fired_offsets) - 1
    candidate = np.repeat(np.arange(n), np.diff(fired_offsets))
    kind = book.kind.take(fired)
    acts = _acts(candidate, fired, kind, book, n)
    excluded_by = np.full(n, -1, np.int32)
    excludes = np.flatnonzero((kind == EXCLUDE) & acts)[::-1]
    excluded_by[candidate[excludes]] = fired[excludes]  # reversed: the strongest is written last and stays
    factors = np.flatnonzero((kind == FACTOR) & acts)
    multiplier = np.ones(n, np.float64)
    np.multiply.at(multiplier, candidate[factors], book.factor.take(fired[factors]))
    np.clip(multiplier, MULTIPLIER_MIN, MULTIPLIER_MAX, out=multiplier)
    return Verdicts(excluded_by, multiplier, fired_offsets, fired, acts, shadow_offsets, shadow)


def _acts(
    candidate: npt.NDArray[np.int64], fired: Numbers, kind: npt.NDArray[np.uint8], book: ActionBook, n: int
) -> npt.NDArray[np.bool_]:
    """Which strategies act: exempts speak in order of precedence, and one that is itself exempted does not speak."""
    acts = np.ones(len(fired), np.bool_)
    exempts = np.flatnonzero(kind == EXEMPT)
    for number in np.unique(fired[exempts]).tolist():
        speaks = exempts[fired[exempts] == number]
        exempted = np.zeros(n, np.bool_)
        exempted[candidate[speaks[acts[speaks]]]] = True
        off = np.unpackbits(book.exempts[book.exempt_row[number]].view(np.uint8), bitorder="little").astype(np.bool_)
        acts &= ~(exempted[candidate] & off[fired])
    return acts
