"""A server to measure: a home with strategies and items of the workload, and the processes that serve it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from bench.serving.processes import Serving, folder, serving, until
from bench.workload import make_catalogue, make_requests, make_schema, make_strategies

ROWS_AT_ONCE = 10_000


def write_world(root: Path, strategies: int) -> tuple[Path, Path]:
    """The workload's schema and strategies as files; JSON is YAML."""
    schema, folder = root / "schema.yaml", root / "strategies"
    folder.mkdir(parents=True)
    schema.write_text(json.dumps(make_schema()))
    for strategy in make_strategies(strategies):
        (folder / f"{strategy['id']}.yaml").write_text(json.dumps(strategy))
    return schema, folder


def bodies(running: Serving) -> Path:
    """The file of requests to send, one a line."""
    return running.root / "bodies.ndjson"


@contextmanager
def stage(
    *, strategies: int, items: int, workers: int, candidates: int, settings: Mapping[str, str] | None = None
) -> Iterator[Serving]:
    """A server over the workload that is ready to decide; everything is gone afterwards."""
    with folder() as root, serving(root, workers=workers, settings=settings) as running:
        schema, written = write_world(root, strategies)
        requests = make_requests(500, items, seed=5, candidates=candidates)
        bodies(running).write_text("".join(f"{json.dumps(request.to_dict())}\n" for request in requests))
        running.make_key()
        running.run("release", "publish", "--schema", str(schema), "--strategies", str(written), "--by", "bench")
        until(lambda: running.decides_by(1), "all workers to have the release")
        put_items(running, items)
        yield running


def put_items(running: Serving, items: int) -> None:
    """The workload's items, put as any service would, and applied by every worker."""
    catalogue = make_catalogue(items)
    table = pa.table({name.removeprefix("item."): column for name, column in catalogue.items()})
    sequence = 0
    with running.client(**{"content-type": "application/vnd.apache.arrow.stream"}) as client:
        for batch in table.to_batches(max_chunksize=ROWS_AT_ONCE):
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, batch.schema) as stream:
                stream.write_batch(batch)
            answer = client.put("/v1/entities/item", content=sink.getvalue().to_pybytes())
            if answer.status_code != 202:
                raise RuntimeError(answer.text)
            sequence = answer.json()["sequence"]
    until(lambda: running.has_applied(sequence), "all workers to apply the items", 120)
