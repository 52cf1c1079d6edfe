"""Which candidate stands where after the verdicts?

Steps 2 to 8 of "Precedence and slate"; exempts are settled in the verdicts already.

Choices the text leaves open:

- *Places* are as many as candidates that are not excluded. Shares are taken of the declared `first_n`, however few
  candidates there are: a cap's rounded down, a reserve's rounded up.
- *Ties*: by id in code point order; of equal ids, the one sent first. A multiplied score never exceeds the largest
  double, so it stays finite.
- *Pins* are dealt one strategy after the other in order of precedence, inside one strategy the best score first; a
  candidate that has a place keeps it. A pin to a taken place takes the next free one behind it; where there is none,
  or the position is beyond the places, the last free place. Pins come before caps and reserves, so neither moves one;
  a pinned candidate counts for the caps and reserves whose `first_n` holds its place.
- *Several caps* each count their own `first_n`; a candidate must break none of them. A candidate of unknown key is not
  capped. Who was held back gets its turn again, by score, as soon as no cap forbids it.
- *Window caps* concern every place. Per shopper, each candidate it fires for and that has a place counts one more.
- *Caps give way* for one place at a time: among all candidates left, those whose strongest breaking cap is the weakest;
  of them the best. A window cap that only put its candidates behind all others has not given way and is not noted.
- *Reserves*: all places left are needed when, up to the end of some reserve, as many are open as candidates are
  claimed. Reserves claim in order of precedence, each its best candidates without a place, as many as it still needs,
  counting those a stronger one has claimed and it fires for too; so several reserves hold together where there is
  room, and the weakest goes short where there is none. A candidate that a stronger cap forbids cannot be claimed; a
  weaker cap gives way to the claim, and that is noted.
- *Badges* are for candidates in the slate, each text once, strongest strategy first. *Refers* name excluded candidates
  too, for people are to see what was held back; the share is drawn by who sends it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aedile.engine import kernel
from aedile.engine.actions import Action, WindowCap
from aedile.engine.slate_order import order_by_score, scores_as_sent
from aedile.engine.slate_places import fill_in_python
from aedile.engine.slate_plan import BADGE, CAP, PIN, REFER, RESERVE, SETTLED, SlatePlan
from aedile.engine.slate_task import NOBODY, Notes, Pairs, make_task
from aedile.engine.verdicts import Verdicts

_LARGEST = float(np.finfo(np.float64).max)
_NO_COUNTS: Mapping[int, npt.NDArray[np.int64]] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Slate:
    """The slate of n candidates, m of them not excluded. Candidates are indices as sent, strategies numbers.

    order: int64 (m,), the candidates from the first place to the last.
    page: `order` cut by offset and limit.
    rank_before: int64 (n,), the place from 1 by score as sent, among all candidates.
    rank_after: int64 (n,), the place from 1 in `order`; 0 for an excluded candidate.
    score: float64 (n,), after multiplication.
    badged: (candidate, badge) of what is shown, each text once a candidate. referred: (candidate, refer).
    gave_way: (candidate, cap) of caps that gave way for the candidate's place.
    held_back: (candidate, cap) of caps because of which the candidate stands behind one of lower score.
    pinned, reserved: int32 (n,), the pin or the reserve that gave the candidate its place, -1 where none did.
    plan: what the strategies ask of a slate.
    """

    order: npt.NDArray[np.intp]
    page: npt.NDArray[np.intp]
    rank_before: npt.NDArray[np.int64]
    rank_after: npt.NDArray[np.int64]
    score: npt.NDArray[np.float64]
    badged: Pairs
    referred: Pairs
    gave_way: Pairs
    held_back: Pairs
    pinned: npt.NDArray[np.int32]
    reserved: npt.NDArray[np.int32]
    plan: SlatePlan

    def __len__(self) -> int:
        return len(self.score)

    @property
    def badges(self) -> list[tuple[str, ...]]:
        """The texts of each candidate's badges."""
        texts: list[tuple[str, ...]] = [()] * len(self)
        keys = self.plan.badge[self.badged.strategy].tolist()
        for candidate, key in zip(self.badged.candidate.tolist(), keys, strict=True):
            texts[candidate] = (*texts[candidate], self.plan.texts[key])
        return texts

    @property
    def refers(self) -> list[tuple[int, ...]]:
        """The strategies that refer each candidate."""
        return self.referred.lists(len(self))

    @property
    def relaxed(self) -> list[tuple[int, ...]]:
        """The caps that gave way for each candidate."""
        return self.gave_way.lists(len(self))

    @property
    def capped(self) -> list[tuple[int, ...]]:
        """The caps that held each candidate back."""
        return self.held_back.lists(len(self))


def build_slate(
    scores: npt.NDArray[np.float64] | None,
    ids: Sequence[str],
    verdicts: Verdicts,
    actions: Sequence[Action] | SlatePlan,
    *,
    keys: Mapping[int, npt.NDArray[np.int64]] = _NO_COUNTS,
    spent: Mapping[int, npt.NDArray[np.int64]] = _NO_COUNTS,
    offset: int = 0,
    limit: int | None = None,
) -> Slate:
    """The slate of n candidates after their verdicts.

    scores: (n,), finite and >= 0, or None for 1 / place as sent. ids: n texts.
    actions: the action of each strategy by number; pass `SlatePlan.of(actions)` where many slates are built.
    keys: for each cap, the code of its key for each candidate, -1 where unknown.
    spent: for each window cap, the exposures its candidate's entity, or the shopper (the same for all), has had.
    Raises KeyError where a cap acts and its `keys` or `spent` are missing.
    """
    plan = actions if isinstance(actions, SlatePlan) else SlatePlan.of(actions)
    before = scores_as_sent(len(verdicts)) if scores is None else scores
    page = slice(offset, None if limit is None else offset + limit)
    build = _in_python if kernel.compiled is None else _compiled
    return build(before, ids, verdicts, plan, keys, spent, page)


def _compiled(
    scores: npt.NDArray[np.float64],
    ids: Sequence[str],
    verdicts: Verdicts,
    plan: SlatePlan,
    keys: Mapping[int, npt.NDArray[np.int64]],
    spent: Mapping[int, npt.NDArray[np.int64]],
    page: slice,
) -> Slate:
    """The slate by `_slate_build.h`."""
    n, count = len(verdicts), len(verdicts.fired)
    order, before, after = np.empty((3, n), np.int64)
    score, (pinned, reserved) = np.empty(n), np.empty((2, n), np.int32)
    candidates, strategies = np.empty((4, count), np.int64), np.empty((4, count), np.int32)
    size, *sizes = kernel.compiled.slate(
        scores, ids if isinstance(ids, list) else list(ids), n,
        (verdicts.excluded_by, verdicts.multiplier, verdicts.fired_offsets, verdicts.fired, verdicts.acts), count,
        plan.packed, keys, spent, order, before, after, score, pinned, reserved, candidates, strategies,
    )  # fmt: skip
    order = order[:size]
    badged, referred, gave_way, held_back = (
        Pairs(candidates[row, :size], strategies[row, :size]) if size else NOBODY for row, size in enumerate(sizes)
    )
    return Slate(
        order, order[page], before, after, score, badged, referred, gave_way, held_back, pinned, reserved, plan
    )


def _in_python(
    before: npt.NDArray[np.float64],
    ids: Sequence[str],
    verdicts: Verdicts,
    plan: SlatePlan,
    keys: Mapping[int, npt.NDArray[np.int64]],
    spent: Mapping[int, npt.NDArray[np.int64]],
    page: slice,
) -> Slate:
    """The same for machines without the compiled kernel, and as its oracle in tests."""
    n = len(verdicts)
    ranked = order_by_score(before, ids)
    rank_before = _places(ranked, n)
    score = before
    if (verdicts.multiplier != 1.0).any():
        with np.errstate(over="ignore"):
            score = np.minimum(before * verdicts.multiplier, _LARGEST)
        ranked = order_by_score(score, ids)
    ranked = ranked[verdicts.excluded_by[ranked] < 0]

    fired = _by_kind(verdicts, plan)
    pinned = np.full(n, -1, np.int32)
    reserved = np.full(n, -1, np.int32)
    gave_way = held_back = NOBODY
    order = ranked
    if fired.keys() & {PIN, CAP, RESERVE}:
        filled = fill_in_python(make_task(ranked, n, fired, plan, keys, spent))
        order = ranked[filled.taken]
        pinned[ranked[filled.pinned.rank]] = filled.pinned.strategy
        reserved[ranked[filled.reserved.rank]] = filled.reserved.strategy
        by_score = filled.taken[pinned[order] < 0]
        if len(filled.broken):
            gave_way = _pairs(ranked, _gave_way(by_score, filled.broken, plan))
        if len(filled.held_back):
            held_back = _pairs(ranked, _moved(by_score, filled.held_back))
    badged, referred = _each_text_once(fired.get(BADGE, NOBODY), plan), fired.get(REFER, NOBODY)
    return Slate(
        order,
        order[page],
        rank_before,
        _places(order, n),
        score,
        badged,
        referred,
        gave_way,
        held_back,
        pinned,
        reserved,
        plan,
    )


def _places(order: npt.NDArray[np.intp], n: int) -> npt.NDArray[np.int64]:
    """For each of n candidates its place from 1 in `order`, 0 where it has none."""
    places = np.zeros(n, np.int64)
    places[order] = np.arange(1, len(order) + 1)
    return places


def _by_kind(verdicts: Verdicts, plan: SlatePlan) -> dict[int, Pairs]:
    """What acts on the slate, by kind; nothing of it for excluded candidates but refers."""
    kinds = plan.kind.take(verdicts.fired) * verdicts.acts
    entries = (kinds != SETTLED).nonzero()[0]
    if not len(entries):
        return {}
    kinds, strategy = kinds[entries], verdicts.fired[entries]
    candidate = verdicts.fired_offsets.searchsorted(entries, "right") - 1
    kinds[(verdicts.excluded_by[candidate] >= 0) & (kinds != REFER)] = SETTLED
    found = {}
    for kind in set(np.bincount(kinds).nonzero()[0].tolist()) - {SETTLED}:
        of_kind = (kinds == kind).nonzero()[0]
        found[kind] = Pairs(candidate[of_kind], strategy[of_kind])
    return found


def _gave_way(by_score: npt.NDArray[np.int64], broken: Notes, plan: SlatePlan) -> Notes:
    """What is broken, without window caps that only put their candidates behind all others.

    by_score: the ranks that are not pinned, in the order of their places.
    """
    windows = [s for s in np.unique(broken.strategy).tolist() if isinstance(plan.actions[s], WindowCap)]
    gave_way = np.ones(len(broken), np.bool_)
    for strategy in windows:
        mine = broken.strategy == strategy
        breaks = np.isin(by_score, broken.rank[mine])
        behind_all = by_score[len(breaks) - np.argmin(breaks[::-1]) :] if not breaks.all() else by_score
        gave_way &= ~(mine & np.isin(broken.rank, behind_all))
    return broken.of(gave_way)


def _moved(by_score: npt.NDArray[np.int64], held_back: Notes) -> Notes:
    """The caps that held a rank back, where a candidate of lower score, not pinned, stands before it."""
    behind = by_score[by_score < np.maximum.accumulate(by_score)]
    return held_back.of(np.isin(held_back.rank, behind))


def _pairs(ranked: npt.NDArray[np.intp], notes: Notes) -> Pairs:
    """The notes by candidate."""
    candidate = ranked[notes.rank]
    order = np.argsort(candidate, kind="stable")
    return Pairs(candidate[order], notes.strategy[order])


def _each_text_once(fired: Pairs, plan: SlatePlan) -> Pairs:
    """The badges without those whose text a stronger one shows for the candidate already."""
    if plan.one_each or not len(fired.strategy):
        return fired
    text = fired.candidate * len(plan.texts) + plan.badge[fired.strategy]
    return fired.of(np.sort(np.unique(text, return_index=True)[1]))
