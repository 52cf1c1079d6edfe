"""What do pins, caps and reserves ask of the places, as flat arrays?

Candidates are spoken of by their rank here: 0 is the best score. Places count from 1. Strategies go by their number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aedile.engine.actions import Cap, WindowCap
from aedile.engine.slate_plan import CAP, PIN, RESERVE, SlatePlan

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is asked of the places of m candidates, as flat contiguous arrays.

    first, last: (m,), rank r owns the cap entries first[r] to last[r] - 1, the strongest cap first.
    cap, key, start, rank: (e,), of each entry the cap's index, the candidate's key, what counts for that key before any
        place is given, and the candidate it is of.
    cap_strategy, cap_limit, cap_horizon: (c,). reserve_strategy, reserve_need, reserve_end: (k,), by precedence.
    member: uint8 (k, m), whether the reserve fires for the candidate.
    pin_strategy, pin_rank, pin_position: (p,), in the order in which they are dealt.
    """

    first: Int64
    last: Int64
    cap: Int32
    key: Int64
    start: Int64
    rank: Int64
    cap_strategy: Int32
    cap_limit: Int64
    cap_horizon: Int64
    reserve_strategy: Int32
    reserve_need: Int64
    reserve_end: Int64
    member: npt.NDArray[np.uint8]
    pin_strategy: Int32
    pin_rank: Int64
    pin_position: Int64

    @property
    def size(self) -> int:
        return len(self.first)


@dataclass(frozen=True, slots=True, eq=False)
class Notes:
    """Pairs (rank, strategy): what is noted of candidates, of each the strongest strategy first."""

    rank: Int64
    strategy: Int32

    def of(self, kept: npt.NDArray[np.bool_]) -> Notes:
        return Notes(self.rank[kept], self.strategy[kept])

    def __len__(self) -> int:
        return len(self.rank)


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """The filled places.

    taken: int64 (m,), the rank on each place.
    pinned, reserved: the pin or the reserve that gave a rank its place.
    held_back: the caps that held a rank back when its turn first came. broken: the caps its place breaks.
    """

    taken: Int64
    pinned: Notes
    reserved: Notes
    held_back: Notes
    broken: Notes


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs (candidate, strategy), by candidate, then by precedence."""

    candidate: Int64
    strategy: Int32

    def lists(self, n: int) -> list[tuple[int, ...]]:
        """For each of n candidates its strategies."""
        lists: list[tuple[int, ...]] = [()] * n
        for candidate, strategy in zip(self.candidate.tolist(), self.strategy.tolist(), strict=True):
            lists[candidate] = (*lists[candidate], strategy)
        return lists

    def of(self, kept: npt.NDArray[np.bool_] | Int64) -> Pairs:
        return Pairs(self.candidate[kept], self.strategy[kept])


NOBODY = Pairs(np.zeros(0, np.int64), np.zeros(0, np.int32))


def make_task(
    ranked: npt.NDArray[np.intp],
    n: int,
    fired: Mapping[int, Pairs],
    plan: SlatePlan,
    keys: Mapping[int, Int64],
    spent: Mapping[int, Int64],
) -> Task:
    """The task for `ranked`, m of n candidates by their index, the best score first."""
    rank_of = np.full(n, -1, np.int64)
    rank_of[ranked] = np.arange(len(ranked))
    return Task(
        **_cap_arrays(ranked, rank_of, fired.get(CAP, NOBODY), plan, keys, spent),
        **_reserve_arrays(rank_of, len(ranked), fired.get(RESERVE, NOBODY), plan),
        **_pin_arrays(rank_of, fired.get(PIN, NOBODY), plan),
    )


def _cap_arrays(
    ranked: npt.NDArray[np.intp],
    rank_of: Int64,
    fired: Pairs,
    plan: SlatePlan,
    keys: Mapping[int, Int64],
    spent: Mapping[int, Int64],
) -> dict[str, Any]:
    caps, cap = _numbered(fired.strategy)
    candidate = fired.candidate
    key, start = np.zeros(len(cap), np.int64), np.zeros(len(cap), np.int64)
    for index, strategy in enumerate(caps.tolist()):
        mine = (cap == index).nonzero()[0]
        match plan.actions[strategy]:
            case Cap():
                key[mine] = keys[strategy][candidate[mine]]
            case WindowCap(per="shopper"):
                start[mine] = spent[strategy][candidate[mine]]
            case _:
                key[mine] = candidate[mine]
                start[mine] = spent[strategy][candidate[mine]]
    known = key >= 0
    if not known.all():
        cap, key, start, candidate = cap[known], key[known], start[known], candidate[known]
    bounds = np.searchsorted(candidate, np.arange(len(rank_of) + 1))
    return {
        "first": bounds[ranked],
        "last": bounds[ranked + 1],
        "cap": cap,
        "key": key,
        "start": start,
        "rank": rank_of[candidate],
        "cap_strategy": caps,
        "cap_limit": plan.bound[caps],
        "cap_horizon": plan.horizon[caps],
    }


def _reserve_arrays(rank_of: Int64, size: int, fired: Pairs, plan: SlatePlan) -> dict[str, Any]:
    reserves, reserve = _numbered(fired.strategy)
    member = np.zeros((len(reserves), size), np.uint8)
    member[reserve, rank_of[fired.candidate]] = 1
    return {
        "reserve_strategy": reserves,
        "reserve_need": plan.bound[reserves],
        "reserve_end": plan.horizon[reserves],
        "member": member,
    }


def _pin_arrays(rank_of: Int64, fired: Pairs, plan: SlatePlan) -> dict[str, Any]:
    rank = rank_of[fired.candidate]
    dealt = np.lexsort((rank, fired.strategy))
    strategy = fired.strategy[dealt]
    return {"pin_strategy": strategy, "pin_rank": rank[dealt], "pin_position": plan.bound[strategy]}


def _numbered(strategies: Int32) -> tuple[Int32, Int32]:
    """The distinct strategies, ascending, and for each entry its index among them."""
    present = np.zeros(int(strategies.max(initial=-1)) + 1, np.bool_)
    present[strategies] = True
    index = np.cumsum(present, dtype=np.int32) - np.int32(1)
    return present.nonzero()[0].astype(np.int32), index[strategies]
