"""Does the same seed give the same bytes, whoever makes them, and another seed others?"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from tests.simulator.conftest import make

WORDS = ("simulate", "marketplace", "--items", "800", "--days", "2", "--exposures", "12000", "--format", "json")


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_two_processes_of_their_own_write_the_same_bytes_however_many_help(tmp_path):
    for name, processes, hashing in (("one", "1", "7"), ("two", "3", "8")):
        aedile = str(Path(sys.executable).with_name("aedile"))
        command = [aedile, *WORDS, "--out", str(tmp_path / name), "--processes", processes]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": hashing})
    first = digests(tmp_path / "one")
    assert len(first) > 50
    assert any(name.startswith("decisions/brief/date=") for name in first)
    assert digests(tmp_path / "two") == first


def test_another_seed_gives_another_marketplace(tmp_path):
    from aedile.simulator.parameters import World

    world = World(items=400, days=1, exposures=2_000)
    make(tmp_path / "a", world, 1)
    make(tmp_path / "b", world, 2)
    a, b = digests(tmp_path / "a"), digests(tmp_path / "b")
    assert a["catalogue/item.parquet"] != b["catalogue/item.parquet"]
    assert a["truth/labels.parquet"] != b["truth/labels.parquet"]
