"""What comes of a batch of logged requests? Decided before and after, compared, and summed.

A `Worker` is made once wherever batches are worked on: it compiles both sides over the catalogue. What it gives adds up
with what others give (`partial.py`), so it does not matter who works on which batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aedile.backtest.catalogues import read_catalogue
from aedile.backtest.change import Changed, changes, places
from aedile.backtest.detailed import Details
from aedile.backtest.logged import Logged, read_logged
from aedile.backtest.marginal import CloseLook, joined, left_out, pairs
from aedile.backtest.outcomes import Followed, followed
from aedile.backtest.partial import Partial
from aedile.backtest.plan import Plan, Side
from aedile.backtest.samples import Sampler, draws, is_drawn, item_rows, of_candidates, slate_rows
from aedile.backtest.sides import Sides
from aedile.backtest.sums import Sums
from aedile.backtest.tally import Measured, Tally, measured
from aedile.backtest.timeline import Timeline
from aedile.engine.catalogue import EntityRows
from aedile.engine.many import Decided
from aedile.language.types import STRING

Numbers = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
#: How a market and a channel are one key.
JOINT = "\0"
#: Candidates for which strategies are left out at once: many small looks would take longer than one.
LOOKED_AT_ONCE = 8192
_NONE = pa.scalar("", pa.large_string())


class Worker:
    """Works on batches by one plan. details: what is known of requests that were logged in full."""

    def __init__(self, plan: Plan, details: pa.Table | None = None) -> None:
        self.plan = plan
        self._sides = Sides(plan)
        self._after = self._sides.after
        entities, updates = read_catalogue(plan.catalogue, plan.after.schema)
        self._timeline = Timeline(
            self._sides.engines, entities, updates, at_the_time=plan.at_the_time, earliest=plan.earliest
        )
        self._details = Details(details)
        self._named: dict[str, tuple[pa.Array, pa.Array]] = {}
        self.begin()

    def settle(self, moment: int) -> None:
        """Make all that does not depend on batches, as of this moment (microseconds since 1970) or a later one: what is
        forked afterwards shares it."""
        self._timeline.move_to(moment)
        for kind in self._after.store.catalogues:
            self._names(kind)

    def begin(self) -> None:
        """Forget all that was worked on: whoever failed half-way begins anew."""
        self._sampler = Sampler(self.plan.sample)
        self._begin()

    def _begin(self) -> None:
        self._tallies = {by: Tally(by) for by in ("place", "entity", *self.plan.by)}
        self._entities: dict[str, Tally] = {}
        self._sums = Sums()
        self._partial = Partial(self.plan.sample)
        self._looks: list[CloseLook] = []

    def run(self, batches: Iterable[pa.RecordBatch | pa.Table]) -> Iterator[Partial]:
        """What comes of batches: a partial whenever tables have grown too large, and one at the end."""
        for batch in batches:
            self.add(batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch]))
            yield from self.overflow()
        yield self.taken()

    def overflow(self) -> Iterator[Partial]:
        """All that was summed, where tables have grown too large to go on with them."""
        if any(len(tally) > self.plan.most_keys for tally in self._tallies.values()):
            yield self.taken()

    def taken(self) -> Partial:
        """All that was summed since the last time."""
        self._look()
        found = self._partial
        for tally in (*self._tallies.values(), *self._entities.values()):
            groups, money = tally.tables()
            found.add("groups", groups)
            found.add("money", money)
        for name, table in self._sums.tables(self._after).items():
            found.add(name, table)
        self._begin()
        return found

    # ------------------------------------------------------------ one batch

    def add(self, table: pa.Table) -> None:
        """Count one batch."""
        table = self._wanted(table)
        if not len(table):
            return
        whole = read_logged(table)
        for rows in self._timeline.parts(whole):
            part = whole if len(rows) == len(whole) else read_logged(table.take(pa.array(rows)))
            self._add(part)

    def _wanted(self, table: pa.Table) -> pa.Table:
        plan, masks = self.plan, []
        if plan.markets:
            masks.append(pc.is_in(table["market"], value_set=pa.array(sorted(plan.markets))))
        if plan.channels:
            masks.append(pc.is_in(table["channel"], value_set=pa.array(sorted(plan.channels))))
        moment = pa.timestamp("us", "UTC")
        if plan.since is not None:
            masks.append(pc.greater_equal(table["decided_at"], pa.scalar(plan.since, moment)))
        if plan.until is not None:
            masks.append(pc.less(table["decided_at"], pa.scalar(plan.until, moment)))
        return table.filter(_all(masks)) if masks else table

    def _add(self, logged: Logged) -> None:
        plan = self.plan
        detailed = self._details.of(logged)
        sides = self._sides.decide(logged, detailed)
        after = places(logged, sides[1])
        before = places(logged, sides[0]) if sides[0] is not None else logged.then
        changed, outcome = changes(before, after), followed(logged)
        owner, starts = logged.requests.owner, logged.requests.starts
        channels = logged.requests.features["request.channel"]
        assert channels.dictionary is not None
        light = plan.examination.rows(channels.dictionary.to_pylist())[channels.values][owner]
        attention = (
            plan.examination.of_places(light, np.where(before.shown, before.rank, 0)),
            plan.examination.of_places(light, np.where(after.shown, after.rank, 0)),
        )
        weights = self._weights(light, outcome, attention)
        m = measured(changed, outcome, attention, weights, _relevance(logged))
        self._count(logged, m, outcome)
        drawn = draws(logged.table["request_id"].to_pylist(), plan.seed)
        self._sums.add_requests(logged, changed, outcome, weights, len(detailed), plan.first_places)
        self._sums.add_limits(logged, outcome, self._lacking(logged), self._agreeing(logged, sides[0], plan.before))
        self._sums.limit("known_later", self._timeline.known_later(logged))
        engines = tuple(decider.engine if decider is not None else None for decider in self._sides.deciders)
        self._sums.add_fired(sides, (engines[0], self._after))
        self._close_look(np.flatnonzero(is_drawn(drawn, plan.close_look)), logged, sides[1], outcome, light)
        self._sample(logged, changed, outcome, drawn, of_candidates(drawn, owner, starts), sides)

    def _weights(self, light: Numbers, outcome: Followed, attention: tuple[Doubles, ...]) -> tuple[Doubles, Doubles]:
        """Of each exposure how likely its new place is looked at against the one it had, clipped; 0 if it had none."""
        had = self.plan.examination.of_places(light, outcome.position)
        safe = np.where(had > 0, had, 1.0)
        found = [np.where(had > 0, np.minimum(side / safe, self.plan.clip), 0.0) for side in attention]
        if self.plan.before is None:  # what was shown then was shown then
            found[0] = np.where(had > 0, 1.0, 0.0)
        return found[0], found[1]

    def _count(self, logged: Logged, m: Measured, outcome: Followed) -> None:
        requests = logged.requests
        joint = pc.binary_join_element_wise(logged.table["market"], logged.table["channel"], JOINT)
        encoded = joint.combine_chunks().dictionary_encode()
        codes = np.asarray(encoded.indices).astype(np.int64)[requests.owner]
        self._tally("place", encoded.dictionary.cast(pa.large_string()), codes, m, outcome)
        for number, kind in enumerate(requests.kinds):
            self._count_entities(logged, number, kind, m, outcome)
        for by in self.plan.by:
            texts, codes = self._feature(logged, by)
            self._tally(by, texts, codes, m, outcome)

    def _tally(self, by: str, texts: pa.Array, codes: Numbers, m: Measured, outcome: Followed) -> None:
        tally = self._tallies[by]
        tally.add(tally.numbers(texts, codes), m, outcome.currency, outcome.paid_currency)

    def _count_entities(self, logged: Logged, number: int, kind: str, m: Measured, outcome: Followed) -> None:
        """Count candidates of a kind each for itself, by the catalogue's row; those it lacks together."""
        requests = logged.requests
        is_mine = requests.kind == number
        rows = requests.rows(self._after.store, kind)
        lacking = np.flatnonzero(is_mine & (rows < 0))
        if len(lacking) < int(is_mine.sum()):
            tally = self._entities.get(kind)
            if tally is None:
                tally = self._entities[kind] = Tally("entity", self._names(kind))
            numbers = np.where(is_mine & (rows >= 0), rows, -1).astype(np.int64)
            own = m if numbers.min() >= 0 else m.only(numbers >= 0)
            tally.add(numbers, own, outcome.currency, outcome.paid_currency[own.kept])
        if len(lacking):  # all as one, so that what is held is bounded by the catalogue
            tally, numbers = self._tallies["entity"], np.full(len(rows), -1, np.int64)
            numbers[lacking] = tally.numbered(f"{kind}:")
            own = m.only(numbers >= 0)
            tally.add(numbers, own, outcome.currency, outcome.paid_currency[own.kept])

    def _names(self, kind: str) -> pa.Array:
        """The entities of a kind's catalogue, by row, as `kind:id`."""
        ids = self._after.store.catalogues[kind].index.ids
        known = self._named.get(kind)
        if known is None or known[0] is not ids:
            known = self._named[kind] = (ids, _named(kind, ids))
        return known[1]

    def _feature(self, logged: Logged, by: str) -> tuple[pa.Array, Numbers]:
        """The candidates' values of a feature, as they were known at the time."""
        requests, store = logged.requests, self._after.store
        n = len(requests.ids)
        codes = np.full(n, -1, np.int64)
        texts: pa.Array = pa.array([], pa.large_string())
        for number, kind in enumerate(requests.kinds):
            catalogue = store.catalogues.get(kind)
            own = by.partition(".")[0]
            if catalogue is None or (own != kind and own not in store.schema.paths(kind)):
                continue
            mine = np.flatnonzero(requests.kind == number)
            column = EntityRows(store, kind, requests.rows(store, kind)[mine]).column(by)
            if column.type == STRING:
                assert column.dictionary is not None
                texts, found = column.dictionary, column.values.astype(np.int64)
            else:
                texts, found = pa.array(["false", "true"], pa.large_string()), column.values.astype(np.int64)
            codes[mine] = np.where(column.known, found, -1)
        return texts, codes

    def _lacking(self, logged: Logged) -> int:
        """Candidates that the catalogue does not have."""
        requests, store = logged.requests, self._after.store
        return sum(
            int(((requests.rows(store, kind) < 0) & (requests.kind == number)).sum())
            for number, kind in enumerate(requests.kinds)
        )

    def _agreeing(self, logged: Logged, decided: Decided | None, before: Side | None) -> tuple[int, int]:
        """Candidates of requests that the release before decided at the time, and those that came out alike."""
        if decided is None or before is None or before.release is None:
            return 0, 0
        mine = (logged.release == before.release)[logged.requests.owner]
        then, verdicts = logged.then, decided.verdicts
        same = (then.excluded == (verdicts.excluded_by >= 0)) & np.isclose(
            then.multiplier, verdicts.multiplier, rtol=1e-9
        )
        return int(mine.sum()), int((mine & same).sum())

    def _close_look(self, rows: Numbers, logged: Logged, decided: Decided, outcome: Followed, light: Numbers) -> None:
        if not len(rows):
            return
        self._looks.append(CloseLook.at(rows, logged, decided, self._sides.deciders[1], outcome, light))
        if sum(len(look.shown) for look in self._looks) >= LOOKED_AT_ONCE:
            self._look()

    def _look(self) -> None:
        """Leave strategies out one by one for the requests that wait for it."""
        if not self._looks:
            return
        look = joined(self._looks)
        self._looks = []
        self._sums.add_close(left_out(look, self._sides.deciders[1], self.plan.examination), look, self._after)
        self._sums.add_pairs(pairs(look.decided.verdicts, len(self._after.strategies)))

    def _sample(
        self, logged: Logged, changed: Changed, outcome: Followed, by_request: Numbers, drawn: Numbers, sides: Any
    ) -> None:
        chosen = self._sampler.items(changed, drawn)
        first, then = self._sides.deciders
        before = (first.engine, sides[0]) if first is not None and sides[0] is not None else None
        told = (before, (then.engine, sides[1]))
        if len(chosen):
            self._partial.add("items", item_rows(chosen, logged, changed, outcome, drawn, told))
        pages = np.unique(logged.requests.owner[changed.before.shown != changed.after.shown])
        differ = np.unique(logged.requests.owner[(changed.before.rank != changed.after.rank) & changed.after.shown])
        rows = self._sampler.slates(np.union1d(pages, differ), by_request)
        if len(rows):
            self._partial.add("slates", slate_rows(rows, logged, changed, by_request, self.plan.first_places))


def _named(kind: str, ids: pa.LargeStringArray) -> pa.Array:
    return pc.binary_join_element_wise(pa.scalar(f"{kind}:", pa.large_string()), ids, _NONE)


def _all(masks: list[Any]) -> Any:
    whole = masks[0]
    for mask in masks[1:]:
        whole = pc.and_(whole, mask)
    return whole


def _relevance(logged: Logged) -> Doubles:
    """Of each candidate the share of its score, as the caller sent it, in all scores of its request."""
    scores, owner = logged.requests.scores, logged.requests.owner
    largest = np.zeros(len(logged))
    np.maximum.at(largest, owner, scores)
    scaled = scores / np.where(largest > 0, largest, 1.0)[owner]
    total = np.bincount(owner, scaled, len(logged))
    return scaled / np.where(total > 0, total, 1.0)[owner]
