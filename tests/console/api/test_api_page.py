"""Does the page on the API show calls that work, and are answered as it says?"""

from __future__ import annotations

import json
import re

import pytest

from tests.docs.test_examples_run import ROOT, blocks, run

from .conftest import key_for

PAGE = ROOT / "docs" / "api.md"


@pytest.fixture
def printed(served, mall, tmp_path):
    """What each block of the page printed, one after another: (block, text)."""
    mall.live()
    (tmp_path / "key").write_text(key_for(mall.author.person, ("read", "write")))

    def here(block: str) -> str:
        block = block.replace("http://localhost:8320", served)
        return run(re.sub(r"(aedile (?:pull|push))", rf"\1 --url {served}", block), tmp_path)

    return [(block, here(block)) for block in blocks(PAGE)]


def test_every_block_runs_and_is_answered_as_it_is_told(printed, mall):
    said = iter(text for _, text in printed)
    assert json.loads(next(said))["email"] == mall.author.person.email
    (error,) = json.loads(next(said))["errors"]
    assert {"code", "message", "field", "hint", "fix"} <= set(error)
    assert [one["strategy"] for one in json.loads(next(said))["items"]] == ["dear-demote"]
    pushed = next(said)
    assert "a new version, as a draft" in pushed
    assert "1 drafts are in the console." in pushed
    saved, refused = documents(next(said))
    assert saved["revision"] == 2
    assert (refused["conflicts"], refused["revision"]) == (["action"], 2)
    assert refused["mine"]["action"] == {"demote": {"factor": 0.2}}
    submitted, dossier = documents(next(said))
    assert (submitted["stage"], dossier["acting"]) == ("proposed", 1)
    _, change, entries = documents(next(said))
    assert (change["state"], change["revision"]) == ("done", 2)
    assert [one["text"] for one in entries["entries"]] == ["4006381333931", "4006381333948"]
    assert json.loads(next(said))["items"] == []
    assert next(said, None) is None


def documents(text: str) -> list[dict]:
    """JSON documents that were printed one behind the other."""
    found, decoder = [], json.JSONDecoder()
    while text:
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:].lstrip()
    return found
