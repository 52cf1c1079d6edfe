"""A marketplace of eight days, made once for all tests, and what it holds as tables."""

from __future__ import annotations

import fcntl
import json
import math
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from aedile.facts import KINDS
from aedile.simulator.bulk import make_marketplace
from aedile.simulator.days import Folders
from aedile.simulator.naming import SeededPseudonyms
from aedile.simulator.parameters import PLANTED, Readers, World
from aedile.store.decision_batch import Batch

SEED = 11
STRONGER = {name: replace(one, strength=2.0) for name, one in PLANTED.items()}
#: From a Saturday on; the clocks of Germany go back on its second day.
WORLD = World(items=5_000, days=8, exposures=700_000, shoppers=4_000, told=0.2, incidents=STRONGER,
              readers=Readers(share=0.02))  # fmt: skip


@dataclass
class Mall:
    """What was made, and questions to it."""

    folder: Path
    world: World
    seed: int

    @cached_property
    def sql(self) -> duckdb.DuckDBPyConnection:
        db = duckdb.connect()
        db.execute("set timezone = 'UTC'; set threads = 1")
        for name, path in {
            **{kind: f"facts/{kind}/*/*" for kind in KINDS}, "decisions": "decisions/brief/*/*",
            **{kind: f"catalogue/{kind}" for kind in ("item", "seller", "creator", "content", "campaign")},
            "worth": "truth/worth/*/*/*",
            **{f"true_{name}": f"truth/{name}" for name in ("labels", "items", "sellers", "readers", "shoppers",
                                                            "propensities", "models")},
        }.items():  # fmt: skip
            glob = f"{self.folder}/{path}" + (
                "/*.parquet" if path.endswith("*") and "worth" not in path else ".parquet"
            )
            source = f"read_parquet('{glob}', hive_partitioning = false)"
            db.execute(f"create view {name} as select * from {source}")
        return db

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.sql.execute(query).fetchall()
        return found

    def one(self, query: str) -> Any:
        return self.ask(query)[0][0]

    def columns(self, query: str) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = self.sql.execute(query).fetchnumpy()
        return found

    @cached_property
    def incidents(self) -> dict[str, dict[str, Any]]:
        said = json.loads((self.folder / "truth" / "incidents.json").read_text())
        return {one["incident"]: one for one in said}


def make(folder: Path, world: World, seed: int, processes: int = 1) -> None:
    folders = Folders(folder / "facts", folder / "decisions", folder / "truth")
    make_marketplace(
        world, seed, folders, folder / "catalogue", make_log=Batch, pseudonyms=SeededPseudonyms(seed),
        processes=processes,
    )  # fmt: skip


@pytest.fixture(scope="session")
def mall(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Mall:
    """Made by the first of the test processes that needs it."""
    root = tmp_path_factory.getbasetemp()
    shared = (root if worker_id == "master" else root.parent) / "mall"
    with open(shared.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "truth" / "world.yaml").exists():
            make(shared, WORLD, SEED)
    return Mall(shared, WORLD, SEED)


def likely(successes: int, n: int, p: float, once_in: float = 1e7) -> bool:
    """Whether so many of n are likely, each with probability p: neither tail of the exact binomial is rarer."""
    k = np.arange(n + 1)
    logs = np.array([math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) for i in k])
    weights = np.exp(logs + k * math.log(p) + (n - k) * math.log1p(-p))
    return min(float(weights[: successes + 1].sum()), float(weights[successes:].sum())) > 1 / once_in
