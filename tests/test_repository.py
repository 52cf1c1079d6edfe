"""Is the lock whole, and does it name no host? Does the repository speak of itself alone?"""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINNED = dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", LOCK, re.MULTILINE))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def declared() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in extra)]
    return [one for one in map(Requirement, texts) if one.name != "aedile"]


def test_the_lock_names_no_host() -> None:
    assert len(PINNED) > 40
    assert "://" not in LOCK
    assert not re.search(r"--(index|extra-index|find-links)", LOCK)


def test_the_lock_of_the_pages_names_no_host() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert len(lock["packages"]) > 20
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert name == "" or package["integrity"].startswith("sha512-"), name
        said = {key: value for key, value in package.items() if key != "funding"}
        assert "://" not in json.dumps(said), name


def test_what_pages_are_built_from_is_pinned_exactly() -> None:
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    versions = {**package["dependencies"], **package["devDependencies"]}
    assert versions["htmx.org"] == "2.0.11"
    for name, version in versions.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name


def test_every_version_in_the_lock_has_its_hashes() -> None:
    blocks = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(blocks) >= len(PINNED)
    for block in blocks:
        assert "--hash=sha256:" in block, block.splitlines()[0]


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_what_the_project_asks_for_is_in_the_lock(requirement: Requirement) -> None:
    assert requirement.specifier.contains(PINNED[canonicalize_name(requirement.name)])


def test_no_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: there is no list of the project's own files")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=60)
    names = [name for name in listed.stdout.decode().split("\0") if name]
    assert len(names) > 200
    for name in names:
        data = (ROOT / name).read_bytes()
        assert str(ROOT).encode() + b"/" not in data, name
