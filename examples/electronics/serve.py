"""Serves the example: PostgreSQL, the decision server, 51 strategies, a catalogue, and shoppers who ask.

`python examples/electronics/serve.py --run .run`; Ctrl-C stops everything, and what is in the folder stays. Nothing is
done here but verbs are called that anybody may use.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import httpx

from aedile.server.signals import stopping

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
#: The id of the request that is there to be sent by hand; it is among the few that are logged in full.
BY_HAND = "try-me"


def main() -> int:
    options = _arguments()
    run: Path = options.run.absolute()
    run.mkdir(mode=0o711, parents=True, exist_ok=True)
    url = f"http://localhost:{options.port}"
    os.environ |= {"AEDILE_HOME": str(run / "home"), "AEDILE_SERVER_PORT": str(options.port)}
    os.environ.setdefault("AEDILE_LOG_FULL_SHARE", "0.05")
    for name in stopping():
        signal.signal(name, _stop)
    _make_requests(run, options.data)
    children = [subprocess.Popen([*AEDILE, "serve"])]
    try:
        key = _prepare(run, url)
        print(_told(url, run, key), flush=True)
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


def _told(url: str, run: Path, key: Path) -> str:
    """What a person can do now, as commands to copy."""
    return f"""
  What happens now   {url}/
  The API            {url}/docs

  Ask for a decision, and then why it is as it is:

    curl -s {url}/v1/decisions -H "authorization: Bearer $(cat {key})" \\
      -H "content-type: application/json" -d @{run / "request.json"}
    {AEDILE[0]} why --request {BY_HAND} --home {run / "home"}

  Ctrl-C stops everything; what is in {run} stays.
"""


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
        done = subprocess.run([*AEDILE, *words], stdout=file, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)


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
    with open(run / "requests.ndjson") as file:
        request = {**json.loads(file.readline()), "id": BY_HAND}
    (run / "request.json").write_text(json.dumps(request))


def _prepare(run: Path, url: str) -> Path:
    """A key, the release and the entities; on a second start all of it is there. Returns the file of the key."""
    key = run / "key"
    if not key.exists() or not key.read_text():
        scopes = [word for scope in ("decide", "explain", "entities", "observe") for word in ("--scope", scope)]
        aedile("key", "create", *scopes, "--expires", "365d", "--note", "the example", out=key)
    if (run / "put").exists():
        _until_ready(url)  # it decides by what was published before; what has changed since comes after
        _publish()
        return key
    _publish()
    _until_ready(url)
    items = f"item={(run / 'items').read_text()}"
    aedile("entities", "put", *WORLD[:2], "--entities", items, "--key-file", str(key), "--url", url)
    (run / "put").touch()
    return key


def _publish() -> None:
    """Publish the strategies as they stand, unless the current release says the same."""
    command = [*AEDILE, "release", "publish", *WORLD, "--note", "the example"]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if done.returncode and "AED-REL-006" not in done.stderr:
        raise SystemExit(done.stderr)


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
