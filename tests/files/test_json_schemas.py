"""The schemas for editors are fresh, accept what the readers accept, and catch what an editor can catch."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from aedile.documents import parse_document, read_document
from aedile.engine.json_schemas import json_schemas, request_schema, schema_schema, schema_text, strategy_schema
from aedile.engine.requests import parse_request
from aedile.errors import DataError
from aedile.language.schema import load_schema
from tests.files.golden import HERE, Case, patched, read_cases
from tests.files.json_schema import faults
from tests.files.test_strategies import BASE, FULL

ROOT = HERE.parent.parent
SCHEMA = load_schema(HERE / "schema.yaml")
#: What a JSON Schema cannot see: other files, the feature schema, and how two values stand to each other.
BEYOND_AN_EDITOR = re.compile(
    "name of the file|the schema does not have|the candidate does not have|end before|end at the start|does not exist|"
    "override of itself|never binds|more places|unknown feature|by a list|does not use|only one market|retyped|"
    "turns into|not the strategy's|empty list|mixes types|beyond 64 bits|wrong name|wrong type|with a fraction|"
    "is a text|without a unit|gives the market|tier above its own|share of one|number that is none|not finite|is empty"
)


def test_the_files_in_docs_are_what_the_code_makes() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "schemas").iterdir()}
    assert written == {name: schema_text(schema) for name, schema in json_schemas().items()}


@pytest.mark.parametrize("text", [BASE, FULL], ids=["least", "full"])
def test_strategies_the_reader_takes_are_valid(text: str) -> None:
    assert faults(strategy_schema(), parse_document(text, "hold.yaml").root.plain()) == []


def strategies_in_documents() -> list[tuple[str, str]]:
    blocks = []
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        found = re.findall(r"```yaml\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
        blocks += [(path.name, block) for block in found if "applies_to:" in block]
    for path in sorted((ROOT / "examples").rglob("strategies/**/*.yaml")):
        blocks.append((path.name, path.read_text(encoding="utf-8")))
    return blocks


def test_the_strategies_in_readme_docs_and_examples_are_valid() -> None:
    for name, block in strategies_in_documents():
        assert faults(strategy_schema(), parse_document(block, name).root.plain()) == [], name


def test_a_schema_the_reader_takes_is_valid() -> None:
    assert faults(schema_schema(), read_document(HERE / "schema.yaml").root.plain()) == []


@pytest.mark.parametrize("case", read_cases(HERE / "malformed" / "strategies.txt"), ids=lambda case: case.name)
def test_an_editor_catches_what_it_can(case: Case) -> None:
    plain = parse_document(patched(BASE, case.given), "hold.yaml").root.plain()
    if not BEYOND_AN_EDITOR.search(case.name):
        assert faults(strategy_schema(), plain)


@pytest.mark.parametrize("case", read_cases(HERE / "malformed" / "requests.txt"), ids=lambda case: case.name)
def test_what_the_schema_of_requests_refuses_the_reader_refuses_too(case: Case) -> None:
    for line in case.given.splitlines():
        try:
            value = json.loads(line)
        except json.JSONDecodeError:
            continue
        if faults(request_schema(), value):
            with pytest.raises(DataError):
                parse_request(line, SCHEMA)


def test_every_schema_names_its_draft_and_is_json() -> None:
    for path in sorted(Path(ROOT / "docs" / "schemas").glob("*.json")):
        assert json.loads(path.read_text(encoding="utf-8"))["$schema"].endswith("draft-07/schema#")
