"""Small worlds for slates: candidates, actions, and who is acted on by what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from hypothesis import strategies as st

from aedile.engine.actions import (
    Action,
    Amount,
    Badge,
    Boost,
    Cap,
    Demote,
    Exclude,
    Pin,
    Refer,
    Reserve,
    WindowCap,
)
from aedile.engine.slate import Slate, build_slate
from aedile.engine.verdicts import Verdicts
from tests.oracles.plain_slate import PlainCandidate, plain_multiplier

IDS = ["a", "b", "B", "item-10", "item-9", "é", "e\u0301", "日本", "\U0001f600", "\uffff", "", "z", "ä", "0", "00", "ß"]


@dataclass(frozen=True)
class World:
    candidates: list[PlainCandidate]
    actions: list[Action]


def verdicts_of(world: World) -> Verdicts:
    """Verdicts in which exactly what acts has fired."""
    acts = [sorted(c.acts) for c in world.candidates]
    offsets = np.zeros(len(acts) + 1, np.int64)
    np.cumsum([len(a) for a in acts], out=offsets[1:])
    fired = np.array([s for a in acts for s in a], np.int32)
    excluders = [[s for s in a if isinstance(world.actions[s], Exclude)] for a in acts]
    return Verdicts(
        np.array([e[0] if e else -1 for e in excluders], np.int32),
        np.array([plain_multiplier(c.acts, world.actions) for c in world.candidates], np.float64),
        offsets,
        fired,
        np.ones(len(fired), np.bool_),
        np.zeros(len(acts) + 1, np.int64),
        np.zeros(0, np.int32),
    )


def build(world: World, **changes: Any) -> Slate:
    candidates = world.candidates
    keys = {
        s: np.array([c.keys.get(s, -1) for c in candidates], np.int64)
        for s, action in enumerate(world.actions)
        if isinstance(action, Cap)
    }
    spent = {
        s: np.array([c.spent[s] for c in candidates], np.int64)
        for s, action in enumerate(world.actions)
        if isinstance(action, WindowCap)
    }
    scores = np.array([c.score for c in candidates], np.float64)
    ids = [c.id for c in candidates]
    return build_slate(scores, ids, verdicts_of(world), world.actions, keys=keys, spent=spent, **changes)


def candidates(scores: Sequence[float], acts: dict[int, Sequence[int]] | None = None) -> list[PlainCandidate]:
    """Candidates c0, c1, ... of these scores; `acts`: strategy -> the candidates it acts on."""
    return [
        PlainCandidate(f"c{i}", score, {s for s, on in (acts or {}).items() if i in on})
        for i, score in enumerate(scores)
    ]


def amounts() -> st.SearchStrategy[Amount]:
    shares = st.sampled_from([0.1, 0.25, 0.3, 1 / 3, 0.5, 0.7, 1.0])
    return st.integers(0, 4).map(lambda count: Amount(count=count)) | shares.map(lambda share: Amount(share=share))


def firsts() -> st.SearchStrategy[int]:
    return st.sampled_from([1, 2, 3, 4, 5, 6, 8, 10, 20])


CAPS = st.builds(Cap, st.just("item.seller_id"), amounts(), firsts())
WINDOW_CAPS = st.builds(WindowCap, st.sampled_from(["shopper", "entity"]), st.integers(0, 4), st.just(1))
PINS = st.builds(Pin, st.integers(1, 14))
RESERVES = st.builds(Reserve, amounts(), firsts())
OTHERS = st.one_of(
    st.just(Exclude()),
    st.sampled_from([0.1, 0.5, 0.999]).map(Demote),
    st.sampled_from([1.5, 2.0, 10.0]).map(Boost),
    st.sampled_from(["new", "fresh"]).map(Badge),
    st.just(Refer("people", 0.5)),
)
SCORES = st.sampled_from([0.0, 0.1, 0.5, 1.0, 2.0, 3.0, 5e-324]) | st.floats(0, 10)


@st.composite
def worlds(
    draw: st.DrawFn,
    kinds: st.SearchStrategy[Action] = CAPS | WINDOW_CAPS | PINS | RESERVES | OTHERS,
    most: int = 14,
) -> World:
    """Random worlds, small enough to be read."""
    actions = draw(st.lists(kinds, max_size=6))
    n = draw(st.integers(0, most))
    ids = draw(st.permutations(IDS))[:n]
    shopper = {s: draw(st.integers(0, 4)) for s, action in enumerate(actions) if isinstance(action, WindowCap)}
    acting = [draw(st.integers(0, 2**n - 1)) for _ in actions]
    made = []
    for i in range(n):
        keys = {s: draw(st.integers(-1, 2)) for s, action in enumerate(actions) if isinstance(action, Cap)}
        spent = {s: shopper[s] if actions[s].per == "shopper" else draw(st.integers(0, 4)) for s in shopper}
        made.append(
            PlainCandidate(
                ids[i],
                draw(SCORES),
                {s for s, mask in enumerate(acting) if mask >> i & 1},
                {s: key for s, key in keys.items() if key >= 0},
                spent,
            )
        )
    return World(made, actions)


def crowded_world(random: Random) -> World:
    """A random world in which caps, pins and reserves meet on the same places."""

    def amount() -> Amount:
        count, share = random.randint(0, 4), random.choice([0.1, 0.25, 0.3, 1 / 3, 0.5, 0.7, 1.0])
        return Amount(count=count) if random.random() < 0.5 else Amount(share=share)

    def action() -> Action:
        first_n = random.choice([1, 2, 3, 4, 5, 6, 8, 10, 20])
        return random.choice(
            [
                *[Cap("item.seller_id", amount(), first_n)] * 3,
                *[Reserve(amount(), first_n)] * 3,
                *[Pin(random.randint(1, 14))] * 2,
                WindowCap(random.choice(["shopper", "entity"]), random.randint(0, 4), 1),
                Exclude(),
                Boost(2.0),
            ]
        )

    actions = [action() for _ in range(random.randint(1, 8))]
    ids = random.sample(IDS, random.randint(0, 14))
    shares = [random.choice([0.1, 0.3, 0.5, 1.0]) * (0.2 if isinstance(a, Exclude) else 1.0) for a in actions]
    shopper = [random.randint(0, 4) for _ in actions]
    made = []
    for text in ids:
        candidate = PlainCandidate(text, random.choice([0.0, 1.0, 2.0, random.random() * 3]), set())
        for s, a in enumerate(actions):
            if random.random() < shares[s]:
                candidate.acts.add(s)
            if isinstance(a, Cap) and random.random() < 0.75:
                candidate.keys[s] = random.randint(0, 2)
            if isinstance(a, WindowCap):
                candidate.spent[s] = shopper[s] if a.per == "shopper" else random.randint(0, 4)
        made.append(candidate)
    return World(made, actions)
