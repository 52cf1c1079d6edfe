"""Does the server keep what its OpenAPI document promises, whatever it is sent?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from aedile.server.openapi import document
from tests.scale import tenth_of
from tests.server.marked import shop

#: A body over a limit is refused by another status than one that is wrong.
CONFIG = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 413, 415, 421]
"""
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "missing_required_header", "unsupported_method",
    "ignored_auth", "use_after_free", "ensure_resource_availability",
)  # fmt: skip


@pytest.fixture(scope="module")
def closed():
    """A server whose every address but health, readiness and documents takes a key."""
    with shop(workers=1, AEDILE_SERVER_PAGE="false") as one:
        yield one.server


def test_what_is_generated_from_the_document_finds_no_fault(closed, tmp_path):
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config),
            "run", f"{closed.url}/openapi.json", "--header", f"Authorization: Bearer {closed.key}",
            "--checks", ",".join(CHECKS), "--max-examples", str(tenth_of(500)), "--seed", "7", "--no-color",
            "--generation-database", "none",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[:6_000]
    assert "Fuzzing" in done.stdout
    assert "Traceback" not in (closed.root / "server.log").read_text()


def test_without_the_page_counts_take_a_key_of_their_own(closed):
    assert httpx.get(closed.url + "/").status_code == 404
    assert httpx.get(closed.url + "/metrics").status_code == 401
    key = closed.run("key", "create", "--scope", "decide").strip()
    with closed.client() as client:
        assert client.get("/metrics").status_code == 200
    headers = {"authorization": f"Bearer {key}"}
    while (status := httpx.get(closed.url + "/v1/stats", headers=headers).status_code) == 401:
        continue  # until the key is known
    assert status == 403


def test_the_document_says_of_itself_what_it_is():
    told = httpx.Response(200, content=document()).json()
    assert told["openapi"].startswith("3.1")
    for methods in told["paths"].values():
        for method, operation in methods.items():
            if method == "parameters":
                continue
            assert operation["summary"]
            for media in operation.get("requestBody", {}).get("content", {}).values():
                assert "example" in media
