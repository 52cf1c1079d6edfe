"""Do schema and command line use the glossary's words, and do the pages hold together?"""

import json
import re
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from aedile.language.schema import load_schema
from docs.generate import PAGES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
WRITTEN = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]


def glossary() -> dict[str, list[str]]:
    """Each word with those that are not said for it; remarks in brackets are left out."""
    words = {}
    for line in (DOCS / "glossary.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0] not in ("word", "---"):
            not_said = re.sub(r"\([^)]*\)", "", cells[2])
            words[cells[0]] = [word.strip() for word in not_said.split(",") if word.strip() not in ("", "–")]
    return words


def singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


#: Words that are forbidden for one thing and right for another.
RIGHT_ELSEWHERE = {
    "error",  # what a person reads; a condition has none, it is unknown
    "event",
    "filter",  # the macro of lists, CEL's own name
    "index",
    "null",
    "page",
    "policy",  # a strategy names the policy it enforces
    "result",
    "set",
    "snapshot",  # of facts; what decides is a release
    "user",
    "weight",
}
NOT_SAID = {singular(word.lower()) for words in glossary().values() for word in words} - RIGHT_ELSEWHERE


def test_the_glossary_has_its_words_once_and_none_of_them_is_forbidden():
    words = glossary()
    assert len(words) >= 60
    assert not {word.lower() for word in words} & NOT_SAID


def test_features_and_entities_of_the_example_use_no_forbidden_word():
    schema = load_schema(ROOT / "examples" / "electronics" / "schema.yaml")
    named = {part for name in (*schema.features, *schema.meanings) for part in re.split(r"[._]", name)}
    assert len(named) > 10
    assert not {singular(part) for part in named} & NOT_SAID


def test_commands_and_options_use_no_forbidden_word():
    page = PAGES["cli.md"]()
    titles = re.findall(r"^## aedile (.+)$", page, re.MULTILINE)
    options = re.findall(r"`--([a-z-]+)`", page)
    assert len(titles) >= 8
    assert len(options) >= 10
    words = {part for name in (*titles, *options) for part in re.split(r"[ -]", name)}
    assert not {singular(word) for word in words} & NOT_SAID


def test_every_dependency_is_on_its_page():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = [project["project"]["dependencies"], *project["project"]["optional-dependencies"].values()]
    needed = {re.split(r"[\[<>=]", one)[0].lower() for group in groups for one in group} - {"aedile"}
    needed |= {re.split(r"[\[<>=]", one)[0] for one in project["build-system"]["requires"]}
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    needed |= {*package["dependencies"], *package["devDependencies"]}
    page = (DOCS / "dependencies.md").read_text(encoding="utf-8")
    listed = {match.lower() for match in re.findall(r"^\| ([@A-Za-z][\w./-]+) \|", page, re.MULTILINE)} - {"package"}
    assert listed == needed


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_link_leads_somewhere(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if not target.startswith(("http", "#")):
            assert (path.parent / target.partition("#")[0]).exists(), target


def test_each_page_of_the_docs_is_in_the_index():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    for path in sorted(DOCS.rglob("*.md")):
        if path.name != "index.md":
            assert f"({path.relative_to(DOCS).as_posix()})" in index, path


def test_the_picture_is_well_formed_and_serves_light_and_dark():
    picture = DOCS / "loop.svg"
    words = {(element.text or "").strip() for element in ET.parse(picture).iter("{http://www.w3.org/2000/svg}text")}
    assert {"write", "prove", "run", "audit", "respond", "explain"} <= words
    assert "prefers-color-scheme: dark" in picture.read_text()
