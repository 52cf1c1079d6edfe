"""Who takes which place? What `_slate_fill.h` does, said in Python: for machines without the compiled kernel, and as
its oracle in tests.

The work grows with the places that caps and reserves speak of, not with the number of candidates: behind the last of
them, rank decides alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import chain

import numpy as np
import numpy.typing as npt

from aedile.engine.slate_plan import FOREVER
from aedile.engine.slate_task import Filled, Notes, Task


@dataclass(slots=True)
class CapState:
    """One cap: `counts[key]` candidates of that key hold a place up to `horizon`."""

    strategy: int
    limit: int
    horizon: int
    counts: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class ReserveState:
    """One reserve: `need` more places up to `horizon` for the candidates it fires for.

    members: their ranks, ascending. member[r] is 1 for each of them. left: how many hold no place yet.
    """

    strategy: int
    need: int
    horizon: int
    members: list[int]
    member: bytes
    left: int


def fill_in_python(task: Task) -> Filled:
    places = Places(task)
    pins = zip(task.pin_strategy.tolist(), task.pin_rank.tolist(), task.pin_position.tolist(), strict=True)
    pinned = [(rank, strategy) for strategy, rank, position in pins if places.pin(rank, position)]
    taken = places.fill()
    return Filled(
        taken, _notes(pinned), _notes(places.reserved.items()), _listed(places.held_back), _listed(places.broken)
    )


def _listed(caps: Mapping[int, tuple[int, ...]]) -> Notes:
    return _notes((rank, strategy) for rank, strategies in caps.items() for strategy in strategies)


def _notes(pairs: Iterable[tuple[int, int]]) -> Notes:
    rows = np.array(list(pairs), np.int64).reshape(-1, 2)
    return Notes(rows[:, 0], rows[:, 1].astype(np.int32))


class Places:
    """The places of one slate while they are being filled; `taken[p]` is the rank that holds place p."""

    def __init__(self, task: Task) -> None:
        self.size = task.size
        self.taken: dict[int, int] = {}
        self.placed = bytearray(self.size)
        self.held_back: dict[int, tuple[int, ...]] = {}  # as `Filled` has it, by rank
        self.broken: dict[int, tuple[int, ...]] = {}
        self.reserved: dict[int, int] = {}
        caps = zip(task.cap_strategy.tolist(), task.cap_limit.tolist(), task.cap_horizon.tolist(), strict=True)
        self._caps = [CapState(*cap) for cap in caps]
        self._task = task
        self._touching: dict[int, list[tuple[CapState, int, int]]] = {}
        reserves = zip(
            task.member,
            task.reserve_strategy.tolist(),
            task.reserve_need.tolist(),
            task.reserve_end.tolist(),
            strict=True,
        )
        self._reserves = [
            ReserveState(strategy, need, end, np.flatnonzero(member).tolist(), member.tobytes(), int(member.sum()))
            for member, strategy, need, end in reserves
        ]
        self._cap_horizons = frozenset(cap.horizon for cap in self._caps)
        self._ends = sorted({reserve.horizon for reserve in self._reserves})
        self._next_rank = 0  # all ranks below have had their turn
        self._returned: list[int] = []  # heap of ranks that had their turn, but whose cap has ended since
        self._waiting: dict[int, list[int]] = {}  # last place of the cap that holds them back -> ranks
        self._yielding: list[tuple[int, int]] | None = None  # heap of (-strongest cap, rank); None: to be made anew
        self._filled = 0  # open places filled so far
        self._next_look = 0 if self._ends else FOREVER  # no reserve can be pressed before so many are filled

    def pin(self, rank: int, position: int) -> bool:
        """Give the rank the wished place, else the next free one, else the last free one; False if it has a place."""
        if self.placed[rank]:
            return False
        wished = min(position, self.size)
        choices = chain(range(wished, self.size + 1), range(wished - 1, 0, -1))
        place = next(p for p in choices if p not in self.taken)
        self._put(rank, place)
        return True

    def fill(self) -> npt.NDArray[np.int64]:
        """Fill all open places; returns the ranks in the order of their places, (size,)."""
        taken, horizons = self.taken, self._cap_horizons
        last = min(self.size, max([*self._ends, *horizons], default=0))
        self._open = {end: min(end, self.size) - sum(place <= end for place in taken) for end in self._ends}
        for place in range(1, last + 1):
            if place - 1 in horizons:
                self._end_caps(place)
            if place not in taken:
                rank = self._claimed(place) if self._filled >= self._next_look else -1
                if rank < 0:
                    rank = self._next_free(place)
                if rank < 0:
                    rank = self._least_held(place)
                self._put(rank, place)
                self._filled += 1
        ranks = np.full(self.size, -1, np.int64)
        ranks[np.fromiter(taken.keys(), np.int64, len(taken)) - 1] = np.fromiter(taken.values(), np.int64, len(taken))
        ranks[ranks < 0] = np.flatnonzero(np.frombuffer(self.placed, np.uint8) == 0)
        return ranks

    def _put(self, rank: int, place: int) -> None:
        self.taken[place] = rank
        self.placed[rank] = 1
        for cap, key, _ in self._caps_of(rank):
            if place <= cap.horizon:
                cap.counts[key] = cap.counts.get(key, 0) + 1
        for reserve in self._reserves:
            if reserve.member[rank]:
                reserve.left -= 1
                if place <= reserve.horizon:
                    reserve.need -= 1

    def _caps_of(self, rank: int) -> list[tuple[CapState, int, int]]:
        """The caps that concern the candidate, strongest first, each with its key and what counts for it at first."""
        found = self._touching.get(rank)
        if found is None:
            task = self._task
            entries = slice(int(task.first[rank]), int(task.last[rank]))
            columns = (task.cap[entries].tolist(), task.key[entries].tolist(), task.start[entries].tolist())
            found = [(self._caps[cap], key, start) for cap, key, start in zip(*columns, strict=True)]
            self._touching[rank] = found
        return found

    def _blockers(self, rank: int, place: int) -> list[CapState]:
        """The caps that taking this place would break, strongest first."""
        return [
            cap
            for cap, key, start in self._caps_of(rank)
            if place <= cap.horizon and start + cap.counts.get(key, 0) >= cap.limit
        ]

    def _next_free(self, place: int) -> int:
        """The best rank without a place that breaks no cap; -1 where there is none."""
        size, placed, returned, rank = self.size, self.placed, self._returned, self._next_rank
        while True:
            while rank < size and placed[rank]:
                rank += 1
            if returned and returned[0] < rank:
                candidate = heappop(returned)
                if placed[candidate]:
                    continue
            elif rank < size:
                candidate = rank
                rank += 1
            else:
                candidate = -1
                break
            blockers = self._blockers(candidate, place)
            if not blockers:
                break
            self._hold_back(candidate, blockers)
        self._next_rank = rank
        return candidate

    def _hold_back(self, rank: int, blockers: list[CapState]) -> None:
        self.held_back.setdefault(rank, tuple(cap.strategy for cap in blockers))
        self._waiting.setdefault(max(cap.horizon for cap in blockers), []).append(rank)

    def _end_caps(self, place: int) -> None:
        """A cap has ended before this place: who waited for it alone gets another turn."""
        for rank in self._waiting.pop(place - 1, ()):
            heappush(self._returned, rank)
        self._yielding = None

    def _least_held(self, place: int) -> int:
        """All that are left are held back: the best of those whose strongest cap is the weakest, noting what it breaks.

        Nobody else comes up until a cap ends. Until then counts only grow, so a rank's strongest cap only gets
        stronger: an entry of the heap is at worst too hopeful and is put right when it comes up.
        """
        if self._yielding is None:
            ranks = [rank for waiting in self._waiting.values() for rank in waiting if not self.placed[rank]]
            self._yielding = [(-self._blockers(rank, place)[0].strategy, rank) for rank in ranks]
            heapify(self._yielding)
        while True:
            hope, rank = heappop(self._yielding)
            if self.placed[rank]:
                continue
            blockers = self._blockers(rank, place)
            if -blockers[0].strategy == hope:
                self.broken[rank] = tuple(cap.strategy for cap in blockers)
                return rank
            heappush(self._yielding, (-blockers[0].strategy, rank))

    def _claimed(self, place: int) -> int:
        """The best claimed rank, if all open places up to some reserve's end are claimed; else -1."""
        room = {end: count - self._filled for end, count in self._open.items() if end >= place}
        needed = dict.fromkeys(room, 0)  # an upper bound on the places claimed up to each end
        for reserve in self._reserves:
            for end in needed:
                if place <= reserve.horizon <= end:
                    needed[end] += max(0, min(reserve.need, reserve.left))
        slack = min((room[end] - needed[end] for end in room), default=FOREVER)
        if slack > 0:
            self._next_look = self._filled + slack  # each place filled takes at most one from the slack
            return -1
        claims, claimed = self._claims(place, room)
        for end in room:
            if claimed[end] and claimed[end] >= room[end]:
                rank = min(rank for rank, (by, _) in claims.items() if by <= end)
                self.reserved[rank] = claims[rank][1]
                blockers = self._blockers(rank, place)
                if blockers:
                    self.broken[rank] = tuple(cap.strategy for cap in blockers)
                return rank
        return -1

    def _claims(self, place: int, room: dict[int, int]) -> tuple[dict[int, tuple[int, int]], dict[int, int]]:
        """Rank -> (the place it is needed by, the reserve that claims it), and how many are needed by each end.

        Reserves claim in order of precedence. Each counts what stronger ones have claimed and what it fires for too
        (by its own end, where that can still be), then claims its best others, as far as places are open and no
        stronger cap forbids it.
        """
        claims: dict[int, tuple[int, int]] = {}
        claimed = dict.fromkeys(room, 0)
        for reserve in self._reserves:
            until, want = reserve.horizon, reserve.need
            if until < place or want <= 0:
                continue
            if claims:
                want -= self._share_claims(reserve, place, claims, claimed, room)
            later = [end for end in room if end >= until]
            want = min(want, min(room[end] - claimed[end] for end in later))
            found = 0
            for rank in reserve.members:
                if found >= want:
                    break
                if not self.placed[rank] and rank not in claims and self._allows(reserve, rank, place):
                    claims[rank] = (until, reserve.strategy)
                    found += 1
            for end in later:
                claimed[end] += found
        return claims, claimed

    def _share_claims(
        self,
        reserve: ReserveState,
        place: int,
        claims: dict[int, tuple[int, int]],
        claimed: dict[int, int],
        room: dict[int, int],
    ) -> int:
        """How many claims of stronger reserves serve this one too; those due later are brought forward for it."""
        until = reserve.horizon
        shared = sorted(rank for rank in claims if reserve.member[rank])
        served = sum(claims[rank][0] <= until for rank in shared)
        for rank in shared:
            by, claimant = claims[rank]
            sooner = [end for end in room if until <= end < by]
            if served >= reserve.need or not sooner or any(claimed[end] >= room[end] for end in sooner):
                continue
            if self._allows(reserve, rank, place):
                claims[rank] = (until, claimant)
                served += 1
                for end in sooner:
                    claimed[end] += 1
        return served

    def _allows(self, reserve: ReserveState, rank: int, place: int) -> bool:
        """Whether no cap stronger than the reserve holds the candidate back."""
        return all(cap.strategy > reserve.strategy for cap in self._blockers(rank, place))
