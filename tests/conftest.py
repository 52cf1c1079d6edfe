from __future__ import annotations

import gc
import logging
import os
import shutil
import sys
import tempfile
import uuid
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from aedile.store.database import Database
from aedile.store.postgres import EmbeddedPostgres

#: How long an example takes is for benchmarks to say: another load on the machine is no defect.
hypothesis.settings.register_profile("aedile", deadline=None)
hypothesis.settings.load_profile("aedile")

# Hundreds of processes start in a run; whatever the environment says, what they import is compiled once.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_finish():
    """What is there before the first test stays to the end: looking for garbage in it again and again finds none."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def cluster():
    """A PostgreSQL of this test process."""
    root = Path(tempfile.mkdtemp(prefix="aedile-test-"))
    root.chmod(0o711)
    postgres = EmbeddedPostgres(root / "postgres")
    postgres.start()
    yield postgres
    postgres.stop()
    shutil.rmtree(root)


@pytest.fixture(scope="session")
def spark_url(tmp_path_factory):
    """The address of a real Spark: a master and two workers, shared by all test processes of a run."""
    from tests.spark import shared_cluster

    base = tmp_path_factory.getbasetemp()
    with shared_cluster(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) as running:
        yield running.url


@pytest.fixture(scope="session")
def spark(spark_url):
    """A session of it, one a test process, with an executor on each worker."""
    from aedile.store.warehouse_spark import session_at
    from tests.spark import DRIVER

    session = session_at(spark_url, DRIVER)
    yield session
    session.stop()
    logging.getLogger("py4j").disabled = True  # it speaks once more while Python ends, when nobody listens


@pytest.fixture
def database(cluster):
    """A fresh database with all tables."""
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(make_conninfo(cluster.dsn, dbname="postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    database = Database(make_conninfo(cluster.dsn, dbname=name), None)
    database.migrate()
    return database
