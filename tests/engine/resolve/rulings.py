"""Strategies of which only action and tier matter, and who fires them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from aedile.engine.actions import Action, Badge, Boost, Demote, Exclude, Exempt, Tier
from aedile.engine.engine import action_book
from aedile.engine.kernel import ActionBook
from aedile.engine.strategy import Strategy
from aedile.engine.verdicts import Verdicts
from aedile.language.ir import TRUE
from tests.oracles.plain_verdicts import PlainVerdict, plain_verdict


@dataclass(frozen=True)
class Ruling:
    """`fired[i]`: numbers of the strategies that fire for candidate i; those in `shadow` are in stage shadow."""

    actions: list[Action]
    tiers: list[Tier]
    shadow: set[int]
    fired: list[set[int]]

    @property
    def ids(self) -> list[str]:
        return [f"s{number}" for number in range(len(self.actions))]

    def book(self) -> ActionBook:
        return action_book(
            [
                Strategy(
                    id, "", "", "", tier, "item", ("all",), ("all",), "true", action,
                    "shadow" if number in self.shadow else "live", TRUE,
                )
                for number, (id, tier, action) in enumerate(zip(self.ids, self.tiers, self.actions, strict=True))
            ]
        )  # fmt: skip

    def lists(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        return (*flat([f - self.shadow for f in self.fired]), *flat([f & self.shadow for f in self.fired]))

    def bits(self) -> np.ndarray:
        words = max(1, (len(self.actions) + 63) // 64)
        bits = np.zeros((len(self.fired), words), np.uint64)
        for candidate, numbers in enumerate(self.fired):
            for number in numbers:
                bits[candidate, number // 64] |= np.uint64(1 << number % 64)
        return bits

    def plain(self) -> list[PlainVerdict]:
        return [plain_verdict(f - self.shadow, self.actions, self.tiers, self.ids) for f in self.fired]

    def without(self, number: int) -> Ruling:
        return Ruling(self.actions, self.tiers, self.shadow, [f - {number} for f in self.fired])


def flat(sets: Sequence[set[int]]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.zeros(len(sets) + 1, np.int64)
    np.cumsum([len(s) for s in sets], out=offsets[1:])
    return offsets, np.array([number for s in sets for number in sorted(s)], np.int32)


def equals_plain(verdicts: Verdicts, ruling: Ruling) -> bool:
    plain = ruling.plain()
    bounds = verdicts.fired_offsets
    acting = [set(verdicts.fired_for(i)[verdicts.acts[bounds[i] : bounds[i + 1]]].tolist()) for i in range(len(plain))]
    return (
        verdicts.excluded_by.tolist() == [p.excluded_by for p in plain]
        and verdicts.multiplier.tolist() == [p.multiplier for p in plain]
        and acting == [set(p.acts) for p in plain]
        and [set(verdicts.shadow_for(i).tolist()) for i in range(len(plain))]
        == [f & ruling.shadow for f in ruling.fired]
    )


@st.composite
def rulings(draw: st.DrawFn) -> Ruling:
    """Strategies in precedence order: tiers ascend. More than 64 of them now and then."""
    count = draw(st.integers(0, 10) | st.sampled_from([64, 65, 70]))
    tiers = sorted(draw(st.lists(st.sampled_from(Tier), min_size=count, max_size=count)))
    named = st.lists(st.integers(0, max(count - 1, 0)).map(lambda number: f"s{number}"), max_size=3).map(tuple)
    action = st.one_of(
        st.just(Exclude()),
        st.sampled_from([0.1, 0.3, 0.7, 0.9]).map(Demote),
        st.sampled_from([1.1, 1.7, 3.0, 10.0]).map(Boost),
        st.builds(Exempt, named),
        st.sampled_from(Tier).map(lambda tier: Exempt(tier=tier)),
        st.just(Badge("new")),
    )
    actions = draw(st.lists(action, min_size=count, max_size=count))
    shadow = draw(st.sets(st.integers(0, max(count - 1, 0)), max_size=2)) if count else set()
    fires = st.integers(0, 2**count - 1).map(lambda mask: {s for s in range(count) if mask >> s & 1})
    return Ruling(actions, tiers, shadow, draw(st.lists(fires, max_size=6)))
