"""Do the commands that README and tutorial show run, one after another, and do what is said of them?"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet
import pytest

ROOT = Path(__file__).parents[2]


def blocks(page: Path) -> list[str]:
    """The shell blocks of a page in their order."""
    return re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def run(script: str, folder: Path, **environment: str) -> str:
    """What a script prints; it must succeed and say nothing of errors."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-eu", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout


def places(decisions: Path) -> dict[str, list[str]]:
    """The ids of each request in the order of the slate."""
    rows = pyarrow.parquet.read_table(decisions).to_pylist()
    slates: dict[str, list[tuple[int, str]]] = {}
    for row in rows:
        slates.setdefault(row["request_id"], []).append((row["rank_after"] or 0, row["id"]))
    return {request: [id_ for _, id_ in sorted(slate)] for request, slate in slates.items()}


def test_the_first_example_of_the_readme_does_what_it_says(tmp_path):
    (block,) = blocks(ROOT / "README.md")
    run(block, tmp_path)
    assert places(tmp_path / "decisions.parquet") == {"r1": ["cable", "fan", "hub"]}


def test_the_tutorial_runs_from_its_first_block_to_its_last(tmp_path):
    parts = blocks(ROOT / "docs" / "tutorial.md")
    assert len(parts) >= 9
    printed = [run(part, tmp_path) for part in parts]
    slates = places(tmp_path / "decisions.parquet")
    assert slates["r1"] == ["cable", "fan", "hub", "lamp"]
    assert slates["r2"] == ["hub", "cable", "fan", "lamp"]
    before, after = (text for text, part in zip(printed, parts, strict=True) if "aedile conflicts" in part)
    assert "no-returns-known-exclude" in before
    assert "no-returns-known-exclude" not in after
    assert '"value": false' in printed[-1]


@pytest.mark.parametrize("data", ["no-such-folder", "../shared/data"])
def test_make_decide_decides_with_and_without_a_real_catalogue(tmp_path, data):
    if data != "no-such-folder" and not (ROOT / data / "icecat").is_dir():
        pytest.skip("the real catalogue is an optional folder beside the repository")
    printed = run("sh examples/electronics/run.sh", ROOT, DATA=data, RUN=str(tmp_path / "run"))
    assert ("generated" in printed) == (data == "no-such-folder")
    decided = pyarrow.parquet.read_table(tmp_path / "run" / "decisions.parquet")
    assert decided.num_rows > 1000
    assert decided["rank_after"].null_count > 0
