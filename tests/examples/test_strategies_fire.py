"""Does each strategy of the electronics example fire on what shoppers of that catalogue search?"""

from collections import Counter
from pathlib import Path

import pyarrow.parquet
import pytest

from aedile.engine.engine import Engine
from aedile.engine.entities import read_entities
from aedile.engine.requests import request_from
from aedile.search import make_requests, read_queries
from aedile.simulator import make_electronics
from tests.examples.test_strategies import LISTS, SCHEMA, STRATEGIES

REAL = Path(__file__).parents[3] / "shared" / "data" / "icecat"
TEXT = ["title", "supplier", "short_description"]
PLACES = {"text_columns": TEXT, "markets": ["ID", "SA", "US"], "time": "2020-06-15T13:30:00Z"}

#: These wait for what only an application can send: an ad's bid, what a host shows, who the shopper is.
NEEDS_SENT = {
    "affordable-for-new-shoppers-boost",
    "high-bids-boost",
    "on-show-reserve",
    "toys-to-minors-exclude",
}
#: This one is over at the time of the requests.
OVER = {"holiday-gifts-boost"}


def fired(items, requests):
    """How often each strategy fires, in effect or in shadow, by id."""
    engine = Engine(SCHEMA, STRATEGIES, LISTS)
    entities = read_entities(items, "item", SCHEMA)
    engine.load("item", entities.ids, entities.columns)
    counts = Counter({strategy.id: 0 for strategy in engine.strategies})
    for sent in requests:
        request = request_from(sent, SCHEMA)
        values = engine.values(
            request.market,
            request.channel,
            request.time,
            id=request.id,
            shopper=request.shopper,
            query=request.query,
            context=request.context,
        )
        verdicts = engine.classify("item", request.candidates.ids, values, request.candidates.features)
        counts.update(engine.strategies[n].id for n in (*verdicts.fired.tolist(), *verdicts.shadow.tolist()))
    return counts


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    table, queries = make_electronics(2000, 1)
    path = tmp_path_factory.mktemp("catalogue") / "products.parquet"
    pyarrow.parquet.write_table(table, path)
    return path, queries


def test_on_the_generated_catalogue_all_fire_but_those_that_cannot(generated):
    path, queries = generated
    counts = fired(path, make_requests(path, queries, everywhere=True, **PLACES))
    assert {id_ for id_, count in counts.items() if not count} == NEEDS_SENT | OVER


def test_those_that_wait_for_an_application_fire_once_it_sends(generated):
    path, _ = generated
    requests = list(make_requests(path, ["toy", "usb cable"], everywhere=True, **PLACES))
    for request in requests:
        request["context"] = {"is_new_shopper": True, "is_supervised": True}
        request["candidates"] = [{**one, "features": {"ad_bid": 2, "on_show": True}} for one in request["candidates"]]
    assert all(fired(path, requests)[id_] for id_ in NEEDS_SENT)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real catalogue is an optional folder beside the repository")
def test_on_the_real_catalogue_all_fire_but_those_that_cannot():
    queries = read_queries(REAL / "ratings.csv")
    assert len(queries) == 135
    items = REAL / "products.parquet"
    counts = fired(items, make_requests(items, queries, **PLACES))
    assert {id_ for id_, count in counts.items() if not count} == NEEDS_SENT | OVER
