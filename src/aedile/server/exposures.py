"""How often has each shopper, or each entity, been shown, as far as a strategy asks?

Each worker counts in its own memory and, once a second, tells the others through a log (`server/merging.py`). An
exposure is a candidate on the page returned for which a cap over a window fires and acts; a request without a shopper
counts for no cap per shopper. Shoppers are known by their pseudonyms alone, in memory, in the log, and in what is read.

*Overshoot.* A worker knows all exposures of its own, and those of the others until they last told. Each of W workers
shows a unit only while it knows of fewer than `max`. Where all know of s, they show at most W × (max − s) more before
they know better, a beat to tell and a beat to hear later: max + (W − 1) × (max − s) in all, and so never more than
W × max in a window. One worker alone never overshoots. A worker that is killed takes along what it had not told yet, a
second's exposures at most, as if one more worker had shown them. (A cap never hides: where nothing uncapped is left,
the slate shows what is capped, and that counts as well.)

*Memory.* A count takes about 150 bytes, one for each unit in each sixtieth of a window in which it was shown. At most
`MAX_ENTRIES` are held; beyond that the oldest go before their time, and how many did is counted (`forgotten`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aedile.engine.actions import WindowCap
from aedile.engine.decide import Decision
from aedile.engine.engine import Engine
from aedile.engine.kernel import flagged
from aedile.engine.requests import Request
from aedile.server.budgets import Budgets, Watch
from aedile.server.windows import Window
from aedile.store.exposure_counts import DAY, Cap, Counts

#: The pseudonym of a shopper at a time (microseconds since 1970). It may be another in another month.
Pseudonym = Callable[[str, int], str]
#: Counts held at most; `Window.entries` says what one is.
MAX_ENTRIES = 1_000_000
#: No epoch of pseudonyms is shorter: a calendar month.
SHORTEST_EPOCH = 28 * DAY


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is counted of the decisions of one engine.

    caps: its caps over a window, by number; cap_of: by strategy id. is_cap: bool (k,), whether a strategy is one.
    """

    caps: Mapping[int, Cap]
    cap_of: Mapping[str, Cap]
    is_cap: npt.NDArray[np.bool_]
    watch: Watch


class Exposures:
    """The counts of one worker, its own and those it was told; everything is called in the deciding thread."""

    def __init__(self, pseudonym: Pseudonym, *, floor: int, max_entries: int = MAX_ENTRIES) -> None:
        """floor: exposures a day needs before budgets are judged."""
        self.pseudonym = pseudonym
        self.forgotten = 0
        self._max_entries = max_entries
        self._budgets = Budgets(floor)
        self._windows: dict[Cap, Window] = {}
        self._untold = Counts()
        self._plan: Plan | None = None

    def configure(self, engine: Engine) -> None:
        """Decisions are this engine's from now on. A cap that stays as it is keeps its counts; with another window, or
        per something else, it starts afresh."""
        caps = {
            number: (strategy.id, strategy.action.per, strategy.action.window)
            for number, strategy in enumerate(engine.strategies)
            if isinstance(strategy.action, WindowCap)
        }
        is_cap = np.zeros(len(engine.strategies), np.bool_)
        is_cap[list(caps)] = True
        self._plan = Plan(caps, {cap[0]: cap for cap in caps.values()}, is_cap, self._budgets.configure(engine))

    # ------------------------------------------------------------ deciding

    def counters(self, request: Request, now: int) -> Reading:
        """What a decision about this request may read, by the engine configured last; `read` then says what it read."""
        assert self._plan is not None
        return Reading(self, self._plan, request.shopper, now)

    def count(self, cap: Cap, unit: str, now: int) -> int:
        """The exposures an entity has had in the window of a cap."""
        window = self._windows.get(cap)
        if window is None:
            return 0
        window.roll(now)
        return window.counts.get(unit, 0)

    def shopper_count(self, cap: Cap, shopper: str, now: int) -> int:
        """The same for a shopper, under every pseudonym that the window has seen."""
        window = self._windows.get(cap)
        if window is None:
            return 0
        window.roll(now)
        if window.since is None:
            return 0
        first = min(window.since, now)
        pseudonyms = {self.pseudonym(shopper, moment) for moment in (*range(now, first, -SHORTEST_EPOCH), first)}
        return sum(window.counts.get(pseudonym, 0) for pseudonym in pseudonyms)

    def add(self, decision: Decision, counters: Reading) -> None:
        """Count the exposures of a decision, at the time and by the engine its counters were made for."""
        plan, now, verdicts = counters.plan, counters.now, decision.verdicts
        self._budgets.add(decision, plan.watch, now)
        if flagged(verdicts.fired, plan.is_cap):
            entries = plan.is_cap.take(verdicts.fired).nonzero()[0]
            entries = entries[verdicts.acts[entries]]
            candidates = verdicts.fired_offsets.searchsorted(entries, "right") - 1
            on_page = np.zeros(len(verdicts), np.bool_)
            on_page[decision.slate.page] = True
            shown = on_page[candidates]
            numbers, candidates = verdicts.fired[entries[shown]], candidates[shown]
            for number in set(numbers.tolist()):
                self._show(plan.caps[number], decision.request, candidates[numbers == number].tolist(), now)

    def _show(self, cap: Cap, request: Request, candidates: Sequence[int], now: int) -> None:
        if cap[1] == "shopper":
            if request.shopper is None:
                return
            units = {self.pseudonym(request.shopper, now): len(candidates)}
        else:
            units = {request.candidates.ids[candidate]: 1 for candidate in candidates}
        window = self._window(cap)
        buckets = {window.bucket_at(now): units}
        window.add(buckets, now)
        self._untold.add(Counts({cap: buckets}))

    def _window(self, cap: Cap) -> Window:
        if cap not in self._windows:
            self._windows[cap] = Window(cap[2])
        return self._windows[cap]

    def muted(self) -> frozenset[str]:
        """The ids of the strategies that are over their budget and pause until the UTC day ends."""
        return self._budgets.muted()

    def alerts(self) -> list[dict[str, Any]]:
        """The strategies over their budget: strategy, owner, what, share, limit, since (seconds since 1970), paused."""
        return self._budgets.alerts()

    # ------------------------------------------------------------ telling and being told

    def delta(self) -> Counts:
        """What was counted here since the last call, for the others."""
        self._untold.add(Counts(days=self._budgets.delta()))
        delta, self._untold = self._untold, Counts()
        return delta

    def not_told(self, delta: Counts) -> None:
        """The others could not be told: it will be part of the next delta."""
        self._untold.add(delta)

    def merge(self, counts: Counts, now: int) -> None:
        """Count what others counted, or this worker in an earlier life."""
        for cap, buckets in counts.caps.items():
            self._window(cap).add(buckets, now)
        self._budgets.merge(counts.days)

    def forget(self, now: int) -> None:
        """Start over, with nothing but what the others do not know yet."""
        untold = self.delta()
        self._windows = {}
        self._budgets.forget()
        self.merge(untold, now)
        self.not_told(untold)

    def settle(self, now: int) -> None:
        """To be called after each merge: judge budgets, and keep memory within its bound."""
        self._budgets.judge(now)
        for cap, window in list(self._windows.items()):
            window.roll(now)
            if not window.counts:
                del self._windows[cap]
        entries = {cap: window.entries for cap, window in self._windows.items()}
        while sum(entries.values()) > self._max_entries:
            largest = max(entries, key=lambda cap: (entries[cap], cap))
            forgotten = self._windows[largest].forget_oldest()
            self.forgotten += forgotten
            entries[largest] -= forgotten


class Reading(Mapping[tuple[str, str], int]):
    """The counters as one decision reads them: (strategy id, shopper's or entity's id) → exposures counted.

    As a mapping it holds what has been read so far; `get` reads. Each count is read once, so that a decision sees the
    same number wherever it looks.
    """

    def __init__(self, exposures: Exposures, plan: Plan, shopper: str | None, now: int) -> None:
        self.plan = plan
        self.now = now
        self._exposures = exposures
        self._shopper = shopper
        self._read: dict[tuple[str, str], int] = {}

    def get(self, key: tuple[str, str], default: Any = None, /) -> Any:  # noqa: ARG002  an absent count is 0
        """The count; 0 where there is none, and per shopper for a request without one."""
        count = self._read.get(key)
        if count is None:
            count = self._read[key] = self._count(*key)
        return count

    def _count(self, strategy: str, unit: str) -> int:
        cap = self.plan.cap_of[strategy]
        if cap[1] != "shopper":
            return self._exposures.count(cap, unit, self.now)
        return self._exposures.shopper_count(cap, self._shopper, self.now) if self._shopper is not None else 0

    @property
    def read(self) -> list[tuple[str, str, int]]:
        """What has been read: (strategy id, shopper's pseudonym or entity's id, count); counts of 0 are left out."""
        return [
            (strategy, self._told(strategy, unit), count) for (strategy, unit), count in self._read.items() if count
        ]

    def _told(self, strategy: str, unit: str) -> str:
        return self._exposures.pseudonym(unit, self.now) if self.plan.cap_of[strategy][1] == "shopper" else unit

    def __getitem__(self, key: tuple[str, str]) -> int:
        return self._read[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)
