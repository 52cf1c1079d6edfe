"""What was decided, why, and what would another release have decided? Asked on behalf of a person, answered typed.

What is of a market that the person may not look into is as if it were not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aedile.console.accounts.actor import Actor
from aedile.console.decisions.codes import NO_SUCH, NOT_IN_FULL
from aedile.console.decisions.form import Asked
from aedile.console.decisions.replaying import making_again
from aedile.console.settings import HOME
from aedile.engine.inquiry import Inquiry, inquire
from aedile.engine.named import strategy_named
from aedile.engine.rows import decision_rows
from aedile.errors import AedileError, ConsoleError
from aedile.store.decision_detail import read_detail
from aedile.store.decision_log import Logged
from aedile.store.decision_lookup import look_up
from aedile.store.decision_search import Answer, Sought, search
from aedile.store.decision_units import Within

VIEW, REPLAY = "decision.view", "decision.replay"


@dataclass(frozen=True, slots=True)
class Acts:
    """What strategies did to a candidate. role: as in `PART_NAMES`, or `multiplied`, `badged`."""

    role: str
    strategies: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A candidate before and after. score: as it was sorted by, multiplied; move: places up (or down, below 0), None
    where it was excluded."""

    kind: str
    id: str
    before: int
    after: int | None
    score: float
    multiplier: float
    is_shown: bool
    acts: tuple[Acts, ...]

    @property
    def sent_score(self) -> float:
        """The score as it was sent, or 1 / place."""
        return self.score / self.multiplier

    @property
    def move(self) -> int | None:
        return None if self.after is None else self.before - self.after


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as it is shown. shopper: only the begin of the pseudonym."""

    logged: Logged
    sent: tuple[Placed, ...]

    @property
    def row(self) -> Mapping[str, Any]:
        return self.logged.row

    @property
    def request_id(self) -> str:
        return self.logged.request_id

    @property
    def at(self) -> int:
        return self.logged.decided_at

    @property
    def decided_at(self) -> datetime:
        return moment(self.logged.decided_at)

    @property
    def time(self) -> datetime:
        return moment(self.row["time"])

    @property
    def market(self) -> str:
        market: str = self.row["market"]
        return market

    @property
    def in_full(self) -> bool:
        return self.logged.detail is not None

    @property
    def shopper(self) -> str | None:
        return short_shopper(self.row["shopper"])

    @property
    def slate(self) -> tuple[Placed, ...]:
        """What was not excluded, in its order."""
        return tuple(sorted((one for one in self.sent if one.after is not None), key=lambda one: one.after or 0))

    @property
    def excluded(self) -> tuple[Placed, ...]:
        return tuple(one for one in self.sent if one.after is None)

    def placed(self, kind: str, id_: str) -> Placed:
        found = [one for one in self.sent if (one.kind, one.id) == (kind, id_)]
        if not found:
            raise _no_such(f"the request has no {kind} {id_[:128]!r}", "look at its candidates")
        return found[0]


@dataclass(frozen=True, slots=True)
class Why:
    """inquiry: None where values were not logged, or where `trouble` says why it cannot be made again. is_same: made
    again it has the answer of the time. choices: the strategies that can be asked about."""

    decided: Decided
    placed: Placed
    inquiry: Inquiry | None = None
    is_same: bool = True
    choices: tuple[str, ...] = ()
    asked: str | None = None
    trouble: AedileError | None = None

    @property
    def strategies(self) -> list[dict[str, Any]]:
        """Explanation and flip of each, as JSON tells them."""
        found = self.inquiry.to_json()["strategies"] if self.inquiry is not None else []
        return [{**one, "outside": [part for part in one["scope"] if not part["inside"]]} for one in found]


@dataclass(frozen=True, slots=True)
class Difference:
    """A candidate that another release would have placed elsewhere. only_before, only_after: what acts on it on one
    side alone."""

    before: Placed
    after: Placed
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """The decision by two releases. not_kept: literals about the shopper's id that were not decided at the time."""

    decided: Decided
    number: int
    before: tuple[Placed, ...]
    after: tuple[Placed, ...]
    differences: tuple[Difference, ...]
    not_kept: tuple[str, ...]
    is_same: bool
    trouble: AedileError | None = None


def granted(actor: Actor) -> frozenset[str]:
    """The markets whose decisions somebody may look into; a `ConsoleError` where there are none."""
    actor.require(VIEW)
    return actor.markets_of(VIEW)


def found(asked: Asked, *, limit: int = 50) -> Answer:
    """A page of the search; who may not look into a market gets nothing of it."""
    if asked.sought.within.markets == frozenset():
        return Answer(())
    return search(HOME, asked.sought, asked.after, limit=limit)


def of_request(actor: Actor, request_id: str) -> Answer:
    """The decisions of one request: most often one."""
    return search(HOME, Sought(request=request_id, within=Within(markets=theirs(actor))), seconds=2.0)


def theirs(actor: Actor) -> frozenset[str] | None:
    """As `Within` wants it: None for every market."""
    markets = granted(actor)
    return None if "all" in markets else markets


def decision_of(actor: Actor, request_id: str, at: int) -> Decided:
    """A decision; a `ConsoleError` where it is not in the log, or not for them."""
    markets = theirs(actor)
    logged = look_up(HOME, request_id, at)
    if logged is None or (markets is not None and logged.row["market"] not in markets):
        raise _no_such(f"the log holds no decision of a request {request_id[:128]!r} at that time", "search the log")
    shown = set(logged.row["page"])
    placed = (_placed(one, number in shown) for number, one in enumerate(logged.row["candidates"]))
    return Decided(logged, tuple(sorted(placed, key=lambda one: one.before)))


def why(actor: Actor, request_id: str, at: int, kind: str, id_: str, strategy: str | None = None) -> Why:
    """Why a candidate was where it was. strategy: by default all that fired, would have fired or were unknown."""
    decided = decision_of(actor, request_id, at)
    placed = decided.placed(kind, id_)
    if decided.logged.detail is None:
        return Why(decided, placed)
    try:
        detail = read_detail(decided.logged.detail)
        with making_again(decided.logged.release) as replayer:
            again = replayer.replay(detail, with_unknown=True)
            request = again.decision.request
            pairs = list(zip(request.candidates.kinds, request.candidates.ids, strict=True))
            choices = tuple(
                one.id for one in replayer.engine.strategies if one.applies_to == kind and one.in_market(decided.market)
            )
            named = [strategy_named(strategy, replayer.engine.strategies)] if strategy in choices else None
            inquiry = inquire(again.decider, again.decision, pairs.index((kind, id_)), decided.logged.release, named)
            asked = strategy if named is not None else None
            return Why(decided, placed, inquiry, again.is_same, choices, asked)
    except AedileError as error:
        return Why(decided, placed, trouble=error)


def replayed(actor: Actor, request_id: str, at: int, number: int) -> Replay:
    """The decision by its own release and by another."""
    decided = decision_of(actor, request_id, at)
    actor.require(REPLAY, markets=[decided.market])
    if decided.logged.detail is None:
        raise ConsoleError(
            NOT_IN_FULL,
            "this decision cannot be made again: what it rested on was not logged",
            hint="log.full_share says for which share of requests it is",
            fix="choose a decision that was logged in full, or raise the share",
        )
    try:
        detail = read_detail(decided.logged.detail)
        sides = []
        for release in (decided.logged.release, number):
            with making_again(release) as replayer:
                again = replayer.replay(detail)
                rows = decision_rows(again.decision, replayer.engine.strategies, release)
                page = set(again.decision.slate.page.tolist())
                request = again.decision.request.candidates
                shown = {(request.kinds[place], request.ids[place]) for place in page}
                placed = [_placed(row, (row["kind"], row["id"]) in shown) for row in rows]
                sides.append((tuple(sorted(placed, key=lambda one: one.before)), again))
        (before, own), (after, other) = sides
    except AedileError as error:
        return Replay(decided, number, (), (), (), (), is_same=True, trouble=error)
    return Replay(decided, number, before, after, tuple(_differences(before, after)), other.not_kept, own.is_same)


def _differences(before: Sequence[Placed], after: Sequence[Placed]) -> Iterator[Difference]:
    for old, new in zip(before, after, strict=True):
        mine, its = _acting(old), _acting(new)
        if (old.after, old.is_shown) != (new.after, new.is_shown) or mine != its:
            yield Difference(old, new, tuple(sorted(mine - its)), tuple(sorted(its - mine)))


def _acting(placed: Placed) -> set[str]:
    return {id_ for act in placed.acts if act.role not in ("shadow", "exempted") for id_ in act.strategies}


def _placed(row: Mapping[str, Any], is_shown: bool) -> Placed:
    return Placed(
        row["kind"], row["id"], row["rank_before"], row["rank_after"], row["score"], row["multiplier"], is_shown,
        tuple(_acts(row)),
    )  # fmt: skip


def _acts(row: Mapping[str, Any]) -> Iterator[Acts]:
    """What became of a candidate, from its row: each strategy under what it did, the others as having acted."""
    told: set[str] = set()
    for role, name in (("excluded", "excluded_by"), ("pinned", "pinned_by"), ("reserved", "reserved_by")):
        if row[name]:
            yield Acts(role, (row[name],))
            told.add(row[name])
    for role, name in (("capped", "capped_by"), ("relaxed", "relaxed"), ("referred", "refers")):
        if row[name]:
            yield Acts(role, tuple(row[name]))
            told.update(row[name])
    held = set(row["exempted"])
    others = tuple(one for one in row["fired"] if one not in told and one not in held)
    notes = [f"× {row['multiplier']:.4g}"] if row["multiplier"] != 1.0 else []
    notes += [f"“{badge}”" for badge in row["badges"]]
    if others or notes:
        yield Acts("acted", others, ", ".join(notes))
    if row["exempted"]:
        yield Acts("exempted", tuple(row["exempted"]))
    if row["shadow_fired"]:
        yield Acts("shadow", tuple(row["shadow_fired"]))


def moment(at: int) -> datetime:
    """A time of the log, in microseconds since 1970."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).replace(microsecond=at % 1_000_000)


def short_shopper(pseudonym: str | None) -> str | None:
    """The begin of a pseudonym: enough to tell two apart on one page, too little to look anybody up."""
    if pseudonym is None:
        return None
    month, dot, digest = pseudonym.partition(".")
    return f"{month}.{digest[:6]}…" if dot else f"{month[:6]}…"


def _no_such(message: str, fix: str) -> ConsoleError:
    return ConsoleError(NO_SUCH, message, hint="or it is of a market that you may not look into", fix=fix)
