from __future__ import annotations

import pytest

from aedile.store.home import Home
from tests.store.warehouse.probes import fill


@pytest.fixture(scope="session")
def facts_home(tmp_path_factory):
    """An installation with the facts of the probes; nobody changes it."""
    home = Home(tmp_path_factory.mktemp("facts-home")).prepare()
    fill(home)
    return home


@pytest.fixture(scope="session")
def duck(facts_home):
    from aedile.store.warehouse_duckdb import DuckDBWarehouse

    warehouse = DuckDBWarehouse(facts_home, memory_mb=512, threads=1)
    yield warehouse
    warehouse.close()


@pytest.fixture(scope="session")
def sparking(facts_home, spark):
    from aedile.store.warehouse_spark import SparkWarehouse

    return SparkWarehouse(facts_home, spark)
