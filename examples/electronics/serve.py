"""Serves the example: PostgreSQL, the decision server, 51 strategies, a catalogue, and shoppers who ask.

`python examples/electronics/serve.py --run .run`; Ctrl-C stops everything, and what is in the folder stays. Nothing is
done here but verbs are called that anybody may use.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import httpx

HERE = Path(__file__).parent
AEDILE = [str(Path(sys.executable).with_name("aedile"))]
WORLD = [
    "--schema",
    str(HERE / "schema.yaml"),
    "--strategies",
    str(HERE / "strategies"),
    "--lists",
    str(HERE / "lists"),
]


def main() -> int:
    options = _arguments()
    run: Path = options.run.absolute()
    run.mkdir(mode=0o711, parents=True, exist_ok=True)
    url = f"http://localhost:{options.port}"
    os.environ |= {"AEDILE_HOME": str(run / "home"), "AEDILE_SERVER_PORT": str(options.port)}
    signal.signal(signal.SIGTERM, _stop)
    _make_requests(run, options.data)
    children = [subprocess.Popen([*AEDILE, "serve"])]
    try:
        key = _prepare(run, url)
        print(
            f"\n  What happens now   {url}/\n  The API            {url}/docs\n\n"
            f"  Why an item stood where it stood: AEDILE_HOME={run / 'home'} aedile why --request ID\n"
            f"  Ctrl-C stops everything; what is in {run} stays.\n",
            flush=True,
        )
        load = ["simulate", "load", "--requests", str(run / "requests.ndjson"), "--key-file", str(key), "--url", url]
        children.append(subprocess.Popen([*AEDILE, *load, "--rate", str(options.rate)]))
        return children[0].wait()
    except KeyboardInterrupt:
        return 0
    finally:
        for child in reversed(children):
            child.terminate()
        for child in reversed(children):
            child.wait()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=Path(".run"), help="the folder of all that is kept")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="may hold a catalogue in icecat/")
    parser.add_argument("--port", type=int, default=8321)
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second")
    return parser.parse_args()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def aedile(*words: str, out: Path | None = None) -> None:
    """Call a verb; what it prints goes to the terminal, or into a file that nobody else may read."""
    if out is None:
        subprocess.run([*AEDILE, *words], check=True)
        return
    with open(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        subprocess.run([*AEDILE, *words], check=True, stdout=file)


def _make_requests(run: Path, data: Path) -> None:
    """What shoppers type, and which items are found for it; made once."""
    if (run / "requests.ndjson").exists():
        return
    items, queries = data / "icecat" / "products.parquet", data / "icecat" / "ratings.csv"
    if not items.exists():
        print(f"No real catalogue in {data / 'icecat'}: serving a small generated one.")
        items, queries = run / "products.parquet", run / "queries.txt"
        aedile("simulate", "electronics", "--items", "2000", "--out", str(items), "--queries-out", str(queries))
    (run / "items").write_text(str(items.resolve()))
    aedile(
        "candidates", "--entities", f"item={items}", "--queries", str(queries),
        "--text", "title,supplier,short_description", "--limit", "100", "--markets", "ID,SA,US",
        "--time", "2020-06-15T13:30:00Z", "--out", str(run / "requests.ndjson"),
    )  # fmt: skip


def _prepare(run: Path, url: str) -> Path:
    """A key, the release and the entities; on a second start all of it is there. Returns the file of the key."""
    key = run / "key"
    if not key.exists() or not key.read_text():
        scopes = [word for scope in ("decide", "explain", "entities", "observe") for word in ("--scope", scope)]
        aedile("key", "create", *scopes, "--expires", "365d", "--note", "the example", out=key)
    publish = [*AEDILE, "release", "publish", *WORLD, "--note", "the example"]
    done = subprocess.run(publish, stderr=subprocess.PIPE, text=True)
    if done.returncode and "AED-REL-006" not in done.stderr:  # it says what the current release says: it is published
        raise SystemExit(done.stderr)
    _until_ready(url)
    if not (run / "put").exists():
        items = f"item={(run / 'items').read_text()}"
        aedile("entities", "put", *WORLD[:2], "--entities", items, "--key-file", str(key), "--url", url)
        (run / "put").touch()
    return key


def _until_ready(url: str) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            if httpx.get(f"{url}/ready", timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise SystemExit("the server did not become ready within 30 s")


if __name__ == "__main__":
    sys.exit(main())
