"""Which logged decisions are of this request, entity, strategy, market, time? The newest first, page by page.

Time and memory are bounded: pieces of the log are read one after another from the newest on, and where the time is up
the answer says down to when everything was looked at, and where to go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aedile.language.hashing import Hashes
from aedile.store.decision_bloom import hashes_of
from aedile.store.decision_flat import (
    Flat,
    Mask,
    Part,
    columns_for,
    key_of_entity,
    key_of_part,
    leaves,
)
from aedile.store.decision_units import Damaged, Moved, RowGroup, Unit, Units, Unreadable, Within, begin_of
from aedile.store.home import Home

#: Seconds for one page, and decisions on it, where nothing else is said.
SECONDS, LIMIT = 0.25, 50
#: Of a decision so many of the candidates asked for are told.
MOST_TOLD = 3
_ONCE = ["request_id", "decided_at", "release", "market", "channel", "query"]
_TOLD = ("kind", "id", "rank_before", "rank_after", "excluded_by", "pinned_by", "fired", "exempted", "shadow_fired")
_TRIES = 5

EVERYWHERE = Within()
Rows = npt.NDArray[np.int64]


class Cursor(NamedTuple):
    """A decision in the order of pages; what follows it is older, or of a smaller id at the same microsecond."""

    decided_at: int
    request_id: str


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for; what is None does not count. entity: (kind, id). With a strategy too, decisions in which it
    played the part for that entity. query: a part of what was typed, in any case. within: markets may be limited."""

    request: str | None = None
    entity: tuple[str, str] | None = None
    strategy: str | None = None
    part: Part = "acted"
    query: str | None = None
    within: Within = EVERYWHERE

    def choices(self) -> list[Hashes]:
        """Of each of these choices a piece that matches holds one text at least."""
        keys = [f"request\0{self.request}"] if self.request is not None else []
        keys += [key_of_entity(*self.entity)] if self.entity is not None else []
        keys += [key_of_part(self.part, self.strategy)] if self.strategy is not None else []
        return [hashes_of([key]) for key in keys]

    def columns(self) -> list[str]:
        """The columns that tell what matches."""
        fields = [*(("kind", "id") if self.entity is not None else ())]
        fields += columns_for(self.part) if self.strategy is not None else ()
        return [*_ONCE, *leaves(*(fields or ["rank_before"]))]


@dataclass(frozen=True, slots=True)
class Touched:
    """A candidate as it was decided. after: None where it was excluded. acted: by precedence."""

    kind: str
    id: str
    before: int
    after: int | None
    excluded_by: str | None
    pinned_by: str | None
    acted: tuple[str, ...]
    shadow: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A decision that was found. moved: candidates at another place than they were sent at; touched: of the candidates
    asked for the first, and in `matching` how many there are."""

    request_id: str
    decided_at: int
    release: int
    market: str
    channel: str
    query: str | None
    candidates: int
    excluded: int
    moved: int
    matching: int
    touched: tuple[Touched, ...]

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.decided_at, self.request_id)


@dataclass(frozen=True, slots=True)
class Answer:
    """A page. go_on: where the next begins, None at the end of the log. is_partial: the time was up, and everything
    since `reached` (microseconds since 1970) was looked at. damaged: files that could not be read."""

    hits: tuple[Hit, ...]
    go_on: Cursor | None = None
    is_partial: bool = False
    reached: int | None = None
    damaged: tuple[Damaged, ...] = ()


def search(
    home: Home,
    sought: Sought,
    after: Cursor | None = None,
    *,
    limit: int = LIMIT,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Answer:
    """The newest decisions that match, older than `after`."""
    for _ in range(_TRIES):
        try:
            return _Search(home, sought, after, limit, clock() + seconds, clock).run()
        except Moved:
            continue
    return Answer((), after or Cursor(sought.within.until, ""), is_partial=True, reached=None)


def oldest(
    home: Home, sought: Sought, *, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic
) -> tuple[Hit | None, bool]:
    """The first decision in the log that matches (of a journal where none is sealed), and whether the time was up."""
    end = clock() + seconds
    for _ in range(_TRIES):
        try:
            return _oldest(home, sought, end, clock)
        except Moved:
            continue
    return None, True


@dataclass
class _Search:
    home: Home
    sought: Sought
    after: Cursor | None
    limit: int
    end: float
    clock: Callable[[], float]
    found: dict[Cursor, Hit] = field(default_factory=dict)
    damaged: list[Damaged] = field(default_factory=list)

    def run(self) -> Answer:
        within = self.sought.within
        if self.after is not None:
            until = self.after.decided_at + (1 if self.after.request_id else 0)
            within = replace(within, until=min(within.until, until))
        start = within.until
        with closing(Units(self.home, within, self.damaged)) as units:
            for unit in newest_first(units):
                hits = self._enough()
                if hits is not None and unit.last < hits[self.limit].decided_at:
                    break
                if self.clock() > self.end and unit.last + 1 < start:
                    return self._partial(unit.last)
                self._look(unit)
        return self._page()

    def _enough(self) -> list[Hit] | None:
        """All that was found, in order, where it is more than a page."""
        return self._sorted() if len(self.found) > self.limit else None

    def _sorted(self) -> list[Hit]:
        return [self.found[key] for key in sorted(self.found, reverse=True)]

    def _look(self, unit: Unit) -> None:
        if not unit.may_hold(self.sought.choices()):
            return
        try:
            for hit in matches(unit, self.sought, self.after, most=self.limit + 1):
                self.found[hit.cursor] = hit
        except Unreadable as error:
            self.damaged.append(error.damaged)
        if len(self.found) > 4 * self.limit:  # what is further down is found again by the next page
            self.found = {hit.cursor: hit for hit in self._sorted()[: self.limit + 1]}

    def _page(self) -> Answer:
        hits = self._sorted()
        go_on = hits[self.limit - 1].cursor if len(hits) > self.limit else None
        return Answer(tuple(hits[: self.limit]), go_on, damaged=_each_once(self.damaged))

    def _partial(self, reached: int) -> Answer:
        """Everything after `reached` was looked at; what was found from there on back is found again."""
        hits = [hit for hit in self._sorted() if hit.decided_at > reached][: self.limit]
        go_on = hits[-1].cursor if len(hits) == self.limit else Cursor(reached + 1, "")
        return Answer(tuple(hits), go_on, len(hits) < self.limit, reached + 1, _each_once(self.damaged))


def matches(
    unit: Unit, sought: Sought, after: Cursor | None = None, *, most: int = LIMIT, from_oldest: bool = False
) -> Iterator[Hit]:
    """Of the decisions of a piece that match the newest (or oldest) so many, in no order."""
    table = unit.read(sought.columns())
    rows = _rows_of(table, sought, after)
    if not len(rows):
        return
    flat = Flat(table.take(rows) if len(rows) < len(table) else table)
    candidates = matching_candidates(flat, sought)
    kept = np.ones(len(rows), np.bool_) if candidates is None else flat.rows_with(candidates)
    if not kept.any():
        return
    rows = _first_of(table, rows[kept], most, from_oldest=from_oldest)
    if isinstance(unit, RowGroup):
        fields = dict.fromkeys((*_TOLD, *(columns_for(sought.part) if sought.strategy is not None else ())))
        table = unit.read([*_ONCE, *leaves(*fields)])
    told = Flat(table.take(rows))
    yield from _hits(told, matching_candidates(told, sought) if candidates is not None else None, table.take(rows))


def _rows_of(table: pa.Table, sought: Sought, after: Cursor | None) -> Rows:
    """The rows of decisions that match in what stands once in each."""
    rows = rows_within(table, sought.within)
    kept = np.ones(len(rows), np.bool_)
    table = table.select(_ONCE).take(rows)
    if after is not None:
        at = np.asarray(table["decided_at"].cast(pa.int64()))
        ids = _mask(pc.less(table["request_id"], after.request_id))
        kept &= (at < after.decided_at) | ((at == after.decided_at) & ids)
    if sought.request is not None:
        kept &= _mask(pc.equal(table["request_id"], sought.request))
    if sought.query is not None:
        kept &= _mask(pc.fill_null(pc.match_substring(table["query"], sought.query, ignore_case=True), False))
    return rows[kept]


def rows_within(table: pa.Table, within: Within) -> Rows:
    """The rows of decisions of a time and place."""
    at = np.asarray(table["decided_at"].cast(pa.int64()))
    kept = (at >= within.since) & (at < within.until)
    if within.markets is not None:
        kept &= _mask(pc.is_in(table["market"], value_set=pa.array(sorted(within.markets), pa.string())))
    for name, wanted in (("channel", within.channel), ("release", within.release)):
        if wanted is not None:
            kept &= _mask(pc.equal(table[name], wanted))
    return np.flatnonzero(kept)


def _first_of(table: pa.Table, rows: Rows, most: int, *, from_oldest: bool) -> Rows:
    if len(rows) <= most:
        return rows
    order = "ascending" if from_oldest else "descending"
    keys = table.select(["decided_at", "request_id"]).take(rows)
    ranked = pc.sort_indices(keys, sort_keys=[("decided_at", order), ("request_id", order)])
    chosen: Rows = rows[np.asarray(ranked)[:most]]
    return chosen


def matching_candidates(flat: Flat, sought: Sought) -> Mask | None:
    """The candidates that are what is looked for; None where any is."""
    found: Mask | None = None
    if sought.entity is not None:
        found = flat.is_entity(sought.entity[0], [sought.entity[1]])
    if sought.strategy is not None:
        acts = flat.is_part(sought.part, sought.strategy)
        found = acts if found is None else found & acts
    return found


def _hits(flat: Flat, matching: Mask | None, table: pa.Table) -> Iterator[Hit]:
    after = flat.field("rank_after")
    is_out = np.asarray(after.is_null().to_numpy(zero_copy_only=False), np.bool_)
    before = np.asarray(flat.field("rank_before"))
    moved = ~is_out & (np.asarray(after.fill_null(0)) != before)
    out_of, moved_of, counts = (np.bincount(flat.rows[m], minlength=len(table)) for m in (is_out, moved, moved | True))
    matched = np.flatnonzero(matching) if matching is not None else np.zeros(0, np.int64)
    of_row = flat.rows[matched]
    once = table.select(_ONCE).set_column(1, "decided_at", table["decided_at"].cast(pa.int64()))
    for row, said in enumerate(once.to_pylist()):
        mine = matched[of_row == row]
        yield Hit(
            **said, candidates=int(counts[row]), excluded=int(out_of[row]), moved=int(moved_of[row]),
            matching=len(mine), touched=tuple(_touched(flat, int(place)) for place in mine[:MOST_TOLD]),
        )  # fmt: skip


def _touched(flat: Flat, place: int) -> Touched:
    def of(name: str) -> Any:
        return flat.field(name)[place].as_py()

    held = set(of("exempted"))
    acted = tuple(name for name in of("fired") if name not in held)
    return Touched(
        of("kind"), of("id"), of("rank_before"), of("rank_after"), of("excluded_by"), of("pinned_by"), acted,
        tuple(of("shadow_fired")),
    )  # fmt: skip


def newest_first(units: Units) -> Iterator[Unit]:
    """The pieces by the time of their last decision, day by day, so that no day is opened before it is needed."""
    waiting: list[Unit] = list(units.batches())
    for day in units.days():
        begins = begin_of(day)
        waiting += units.of_day(day)
        waiting = [unit for unit in waiting if isinstance(unit, RowGroup) or not units.is_sealed(unit)]
        waiting.sort(key=lambda unit: unit.last, reverse=True)
        older = [unit for unit in waiting if unit.last < begins]
        yield from waiting[: len(waiting) - len(older)]
        waiting = older
    yield from sorted(waiting, key=lambda unit: unit.last, reverse=True)


def read_newest(
    units: Units,
    keys: Sequence[Hashes],
    columns: Sequence[str],
    end: float,
    clock: Callable[[], float],
    add: Callable[[Flat], None],
) -> int | None:
    """Give what is within from the newest piece on, until the time is up; keys: of each choice one must be in a piece.
    Returns since when everything was read (microseconds since 1970), None where all was; damaged pieces are noted."""
    for unit in newest_first(units):
        if clock() > end:
            return unit.last + 1
        if not unit.may_hold(keys):
            continue
        try:
            table = unit.read(columns)
        except Unreadable as error:
            units.damaged.append(error.damaged)
            continue
        rows = rows_within(table, units.within)
        if len(rows):
            add(Flat(table.take(rows)))
    return None


def _oldest(home: Home, sought: Sought, end: float, clock: Callable[[], float]) -> tuple[Hit | None, bool]:
    best: Hit | None = None
    with closing(Units(home, sought.within)) as units:
        batches = units.batches()
        for day in [*reversed(units.days()), None]:
            pieces: list[Unit] = list(units.of_day(day)) if day is not None else list(batches)
            for unit in sorted(pieces, key=lambda unit: (unit.first, unit.last)):
                if best is not None and unit.first > best.decided_at:
                    break
                if clock() > end:
                    return best, True
                best = _older(best, unit, sought)
            if best is not None:
                break
    return best, False


def _older(best: Hit | None, unit: Unit, sought: Sought) -> Hit | None:
    if not unit.may_hold(sought.choices()):
        return best
    try:
        found = list(matches(unit, sought, most=1, from_oldest=True))
    except Unreadable:
        return best
    return min([*found, *([best] if best is not None else [])], key=lambda hit: hit.cursor, default=None)


def _mask(values: Any) -> Mask:
    return np.asarray(values, np.bool_)


def _each_once(damaged: Iterable[Damaged]) -> tuple[Damaged, ...]:
    return tuple(dict.fromkeys(damaged))
