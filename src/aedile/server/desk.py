"""What does one worker decide, and whom does it tell?

A `Desk` holds the release that runs and decides by it, in one thread. A release is taken over between two requests, so
none sees a mixed one. What follows from a decision (counts, exposures, the log) is noted after the answer has gone.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import msgspec

from aedile.engine.blind import Keeper
from aedile.engine.decide import Decider, Decision
from aedile.engine.draw import Share
from aedile.engine.engine import Engine
from aedile.engine.release import Release
from aedile.engine.requests import Request
from aedile.engine.strategy import Strategy
from aedile.errors import ServerError, define
from aedile.server.exposures import Exposures, Reading
from aedile.server.recorder import Recorder
from aedile.server.stats import Stats
from aedile.settings import Log
from aedile.store.decision_detail import detail_of
from aedile.store.pseudonyms import Pseudonyms
from aedile.wire.answers import answer_bytes

#: Candidates of a decision for which it is counted what was unknown.
SAMPLED = 20

NO_RELEASE = define("AED-SRV-001", "The server has no release to decide by yet.", "a request before the first publish")


@dataclass(frozen=True, slots=True)
class Running:
    """The release that decides, and the strategies of it that are muted: by the kill switch, or over their budget.

    described: what the page shows of its strategies, as JSON.
    """

    release: Release
    digest: str
    engine: Engine
    decider: Decider
    muted: frozenset[str]
    keeper: Keeper
    described: msgspec.Raw

    @property
    def number(self) -> int:
        return self.release.manifest.number


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision, and all of what it was made from that may be another a moment later."""

    decision: Decision
    running: Running
    counters: Reading
    answer: bytes
    decided_at: int
    detail: bytes | None


class Desk:
    """Decides requests, and notes what follows; times are microseconds since 1970 by this machine's clock.

    log: which decisions are logged, and which in full; drawn by request id, so that all workers, and a second try, draw
    alike, and what is logged in full is logged.
    """

    def __init__(
        self,
        worker: int,
        exposures: Exposures,
        stats: Stats,
        recorder: Recorder,
        pseudonyms: Pseudonyms,
        log: Log,
    ) -> None:
        self.worker = worker
        self.exposures = exposures
        self.stats = stats
        self.recorder = recorder
        self.pseudonyms = pseudonyms
        self._logged, self._in_full = Share("log", log.share), Share("log", log.full_share)
        self.running: Running | None = None
        self.last: Outcome | None = None
        self._killed: frozenset[str] = frozenset()

    def run(self, release: Release, engine: Engine, keeper: Keeper, killed: Collection[str]) -> None:
        """Decide by this release from now on. killed: ids of the strategies that the kill switch turns off."""
        self._killed = frozenset(killed)
        self.exposures.configure(engine)
        self.stats.configure(engine.strategies)
        muted = self._muted()
        decider = Decider(engine, muted)
        described = _described(engine.strategies)
        self.running = Running(release, release.manifest.digest, engine, decider, muted, keeper, described)
        self.recorder.begin(engine.strategies)

    def kill(self, killed: Collection[str]) -> None:
        """Turn these strategies of the running release off, and those that were off before on again."""
        self._killed = frozenset(killed)
        self.mute()

    def mute(self) -> None:
        """Take notice of what is over its budget now, and of the kill switch; cheap where nothing changed."""
        running, muted = self.running, self._muted()
        if running is not None and muted != running.muted:
            self.running = replace(running, decider=Decider(running.engine, muted), muted=muted)

    def _muted(self) -> frozenset[str]:
        return self._killed | self.exposures.muted()

    def decide(self, request: Request) -> Outcome:
        """The decision and its answer; nothing is noted yet, but what the decision rests on if it is logged in full:
        a moment later something else may be known of its entities."""
        running = self.current()
        now = time.time_ns() // 1000
        counters = self.exposures.counters(request, now)
        decision = running.decider.decide(request, counters, with_unknown=False)
        answer = answer_bytes(decision, running.engine.strategies, running.number)
        outcome = Outcome(decision, running, counters, answer, now, None)
        if self._in_full.has(request.id):
            return replace(outcome, detail=self._detail(outcome))
        return outcome

    def _detail(self, outcome: Outcome) -> bytes:
        running, request = outcome.running, outcome.decision.request
        return detail_of(
            request, running.engine.store, release=running.number, digest=running.digest,
            decided_at=outcome.decided_at, counters=outcome.counters.read, muted=running.muted,
            shopper=self._pseudonym(outcome), outcomes=running.keeper.outcomes(running.decider.values(request)),
            answer=outcome.answer,
        )  # fmt: skip

    def _pseudonym(self, outcome: Outcome) -> str | None:
        shopper = outcome.decision.request.shopper
        return self.pseudonyms.of(shopper, outcome.decided_at) if shopper is not None else None

    def current(self) -> Running:
        """The running release; a `ServerError` before there is one."""
        if self.running is None:
            raise ServerError(
                NO_RELEASE,
                "no release has been published yet",
                hint="the server is well, but has nothing to decide by",
                fix="publish one: aedile release publish --schema FILE --strategies FOLDER",
            )
        return self.running

    def note(self, outcome: Outcome, seconds: float) -> None:
        """Count a decision, and hand it to the log if its request is drawn. seconds: what it took, for the counts."""
        running = outcome.running
        self.exposures.add(outcome.decision, outcome.counters)
        if self.running is not None and self.running.engine is running.engine:
            self.stats.add(outcome.decision, seconds)  # after a swap, strategies have other numbers
        self.last = outcome
        if outcome.detail is not None or self._logged.has(outcome.decision.request.id):
            self.recorder.record(
                outcome.decision, running.number, self._pseudonym(outcome), outcome.decided_at, outcome.detail
            )

    def count_unknown(self) -> None:
        """Count what was unknown for some candidates of the last decision: that takes far longer than to decide them,
        and meanwhile nothing is decided."""
        outcome, self.last = self.last, None
        if outcome is not None and outcome.running is self.running:
            self.stats.add_unknown(outcome.running.decider.unknown_features(outcome.decision, SAMPLED))


def _described(strategies: Sequence[Strategy]) -> msgspec.Raw:
    told = {
        s.id: {"tier": str(s.tier), "stage": s.stage, "action": s.action.name, "owner": s.owner, "title": s.title}
        for s in strategies
    }
    return msgspec.Raw(msgspec.json.encode(told))
