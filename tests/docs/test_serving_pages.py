"""Does what the pages on serving and on the client show run, against a real server, and print what they say?"""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from aedile.client import AsyncClient, Client
from aedile.store.keys import SCOPES
from bench.serving.processes import folder, serving, until
from docs.generate import PAGES
from tests.docs.test_examples_run import ROOT, blocks, run

SERVING, CLIENT = (ROOT / "docs" / name for name in ("serving.md", "client.md"))


@pytest.fixture(scope="module")
def shop():
    """The folder after README's first example, a server as the page starts it, and how to run a block."""
    with (
        folder() as root,
        serving(root, workers=1, settings={"AEDILE_LOG_FULL_SHARE": "1"}, log=root / "log") as server,
    ):
        assert "\nAEDILE_LOG_FULL_SHARE=1 aedile serve\n" in SERVING.read_text()
        run(blocks(ROOT / "README.md")[0], root)
        until(server.answers, "the server")

        def here(block: str) -> str:
            block = block.replace("localhost:8321", f"localhost:{server.port}")
            block = re.sub(r"(aedile entities .*--key-file key)", rf"\1 --url {server.url}", block)
            return run(block, root, AEDILE_HOME=str(server.home), AEDILE_SERVER_PORT=str(server.port))

        yield SimpleNamespace(root=root, server=server, run=here)


@pytest.fixture(scope="module")
def printed(shop):
    """What each block of the page on serving printed: (block, text)."""
    parts = blocks(SERVING)
    assert len(parts) == 12
    return [(part, shop.run(part)) for part in parts]


def said_by(printed, words: str) -> str:
    """What the block with these words printed."""
    (text,) = (text for part, text in printed if words in part)
    return text


def test_running_a_server_goes_from_its_first_block_to_its_last(printed):
    (answer,) = re.findall(r"^```json\n(.*)\n```", SERVING.read_text(), re.MULTILINE)
    assert json.loads(said_by(printed, "curl -s http://localhost:8321/v1/decisions").splitlines()[-1]) == json.loads(
        answer
    )
    assert "0.35" in said_by(printed, "aedile why")
    assert "Release 3" in said_by(printed, "aedile release rollback")
    assert "12.12" in said_by(printed, "aedile freeze list")
    assert "every answer the same to the byte" in said_by(printed, "aedile replay")
    assert "workers" in said_by(printed, "aedile doctor")
    assert 'aedile_release{worker="1"} 3.0' in said_by(printed, "/metrics")


def test_what_the_client_page_shows_prints_what_it_says(shop, printed):
    text = CLIENT.read_text()
    (built,) = blocks(CLIENT)
    shop.run(built)
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    said = re.findall(r"(?:print\(.*\)  |^ +)# (.*)$", code, re.MULTILINE)
    script = Path(shop.root) / "client.py"
    script.write_text(code.replace("localhost:8321", f"localhost:{shop.server.port}"))
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], cwd=shop.root, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == said
    assert len(said) >= 12


def test_the_options_of_the_client_have_the_defaults_that_are_told():
    told = dict(re.findall(r"^\| `(\w+)` \| `?\"?([\w.]+)\"?`? \|", CLIENT.read_text(), re.MULTILINE))
    assert set(told) == {"deadline", "retries", "on_failure"}
    for client in (Client, AsyncClient):
        own = inspect.signature(client).parameters
        assert {name: str(own[name].default) for name in told} == told


def test_the_table_of_metrics_is_what_is_exposed(shop):
    exposed = set(re.findall(r"^# TYPE (\w+) ", httpx.get(f"{shop.server.url}/metrics").text, re.MULTILINE))
    told = set(re.findall(r"^\| `(\w+)` \|", PAGES["metrics.md"](), re.MULTILINE))
    assert len(told) >= 18
    assert exposed == told


def test_every_scope_is_told_with_what_it_is_for():
    section = SERVING.read_text().partition("## Keys")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(SCOPES)
