"""A mall that logs what it decides, and shoppers who look, click and buy."""

from __future__ import annotations

from random import Random

import pyarrow as pa
import pytest

from aedile.backtest import OUTCOMES
from aedile.engine.decide import Decider
from aedile.engine.entities import Entities
from aedile.store.decision_batch import Batch
from tests.replay.mall import NOON, Mall, read_lists


class LoggingMall(Mall):
    """Requests as they are logged in brief: nothing is sent with them, and window caps have counted nothing."""

    def log(self, requests, release=7, engine=None):
        """The rows of `DECISIONS` for requests decided by the mall's engine, or another."""
        engine = engine or self.engine
        batch = Batch(pa.array([s.id for s in engine.strategies]))
        decider = Decider(engine)
        for request in requests:
            batch.add(decider.decide(request, with_unknown=False), release, request.shopper, NOON)
        return pa.Table.from_batches([batch.to_arrow()])

    def known(self):
        """All entities of the mall, as the catalogue holds them."""
        found = []
        for kind, catalogue in self.engine.store.catalogues.items():
            self.engine.store.settle()
            found.append(Entities(kind, catalogue.index.ids, {n: catalogue.column(n) for n in catalogue.types}))
        return found


def with_outcomes(table, rng, rate=0.7):
    """The rows with exposures of what was answered, and clicks and orders of some of it."""
    lists = []
    for row in table.to_pylist():
        told = []
        for place in row["page"]:
            candidate = row["candidates"][place]
            if rng.random() < rate:
                clicks, orders = int(rng.random() < 0.4), int(rng.random() < 0.2)
                told.append(
                    {
                        "kind": candidate["kind"], "entity": candidate["id"], "exposures": 1,
                        "position": candidate["rank_after"], "clicks": clicks, "orders": orders,
                        "gmv": orders * rng.randint(100, 9000), "currency": rng.choice(["IDR", "USD"]),
                    }
                )  # fmt: skip
        lists.append(told)
    return table.append_column("outcomes", pa.array(lists, OUTCOMES))


@pytest.fixture
def mall(tmp_path):
    return LoggingMall(Random(3), read_lists(tmp_path))
