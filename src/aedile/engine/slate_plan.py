"""What does each strategy ask of the slate, as plain numbers?

Made once for a release, so that no request has to look into an action again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from aedile.engine.actions import Action, Badge, Cap, Pin, Refer, Reserve, WindowCap

#: The horizon of a window cap: it concerns every place.
FOREVER = 2**62


#: What the slate does with a strategy; exclude, demote, boost and exempt are settled in the verdicts.
SETTLED, PIN, CAP, RESERVE, BADGE, REFER = range(6)
#: Whose places a cap counts: those of one key, and for a cap over a window the shopper's or the entity's exposures.
BY_KEY, BY_SHOPPER, BY_ENTITY = range(3)


@dataclass(frozen=True, slots=True, eq=False)
class SlatePlan:
    """The actions of all strategies, by number.

    kind: int8 (k,), SETTLED, PIN, CAP, RESERVE, BADGE or REFER.
    bound: int64 (k,), a pin's position, a cap's maximum, a reserve's minimum (shares turned into places); else 0.
    horizon: int64 (k,), `first_n` of a cap or reserve, FOREVER for a window cap; else 0.
    counting: int8 (k,), what a cap counts: BY_KEY, BY_SHOPPER or BY_ENTITY.
    badge: int32 (k,), the number of a badge's text among `texts`; else -1. one_each: no two badges have one text.
    """

    actions: tuple[Action, ...]
    kind: npt.NDArray[np.int8]
    bound: npt.NDArray[np.int64]
    horizon: npt.NDArray[np.int64]
    counting: npt.NDArray[np.int8]
    badge: npt.NDArray[np.int32]
    texts: tuple[str, ...]
    one_each: bool

    @classmethod
    def of(cls, actions: Sequence[Action]) -> Self:
        rows = [_row(action) for action in actions]
        keys = [action.key for action in actions if isinstance(action, Badge)]
        texts = {text: number for number, text in enumerate(dict.fromkeys(keys))}
        badge = [texts[action.key] if isinstance(action, Badge) else -1 for action in actions]
        return cls(
            tuple(actions),
            np.array([kind for kind, _, _ in rows], np.int8),
            np.array([bound for _, bound, _ in rows], np.int64),
            np.array([horizon for _, _, horizon in rows], np.int64),
            np.array([_counting(action) for action in actions], np.int8),
            np.array(badge, np.int32),
            tuple(texts),
            len(texts) == len(keys),
        )

    @property
    def packed(self) -> tuple[Any, ...]:
        return self.kind, self.counting, self.bound, self.horizon, self.badge, len(self.texts)


def _row(action: Action) -> tuple[int, int, int]:
    match action:
        case Pin(position):
            return PIN, position, 0
        case Cap(_, amount, first_n):
            return CAP, amount.at_most(first_n), first_n
        case WindowCap(_, maximum, _):
            return CAP, maximum, FOREVER
        case Reserve(amount, first_n):
            return RESERVE, amount.at_least(first_n), first_n
        case Badge():
            return BADGE, 0, 0
        case Refer():
            return REFER, 0, 0
        case _:
            return SETTLED, 0, 0


def _counting(action: Action) -> int:
    if isinstance(action, WindowCap):
        return BY_SHOPPER if action.per == "shopper" else BY_ENTITY
    return BY_KEY
