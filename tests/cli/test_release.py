"""Does `aedile release` build files that say what they hold, and notice when they lie?"""

from __future__ import annotations

import zipfile

import pytest

from tests.cli.conftest import STRATEGIES, Market, run

TIME = ("--time", "2026-11-25T08:30:00Z")


def test_a_release_is_built_inspected_and_decides_like_its_folder(market: Market):
    out = market.folder / "1.release"
    told = run("release", "build", *market.world, "--out", out, "--author", "Åsa", *TIME)
    assert told.code == 0
    assert "Release 1 is in" in told.out
    inspected = run("release", "inspect", out, "--format", "json").json
    assert inspected["release"]["author"] == "Åsa"
    assert inspected["release"]["time"] == "2026-11-25T08:30:00Z"
    assert len(inspected["release"]["strategies"]) == len(STRATEGIES)
    assert inspected["digest"] in run("release", "inspect", out).out
    by_release = run("decide", "--release", out, *market.entities, *market.requests, "--format", "json").json
    by_folder = run("decide", *market.all, "--format", "json").json
    assert by_release["release"] == 1
    assert by_release["strategies"] == by_folder["strategies"]


def test_the_same_inputs_give_the_same_bytes(market: Market):
    for name in ("a", "b"):
        run("release", "build", *market.world, "--out", market.folder / name, "--author", "x", *TIME)
    assert (market.folder / "a").read_bytes() == (market.folder / "b").read_bytes()


def test_the_number_follows_the_parent_given_as_number_or_file(market: Market):
    def number(*options: object) -> tuple[int, int | None]:
        told = run("release", "build", *market.world, "--out", market.folder / "new", "--format", "json", *options)
        return told.json["release"]["number"], told.json["release"]["parent"]

    assert number() == (1, None)
    assert number("--parent", "6") == (7, 6)
    assert number("--parent", market.folder / "new") == (8, 7)
    assert number("--parent", "6", "--number", "10") == (10, 6)
    told = run("release", "build", *market.world, "--out", market.folder / "x", "--parent", "6", "--number", "6")
    assert told.code == 2
    assert not (market.folder / "x").exists()


def test_what_does_not_compile_is_no_release_and_the_old_file_stays(market: Market):
    out = market.folder / "1.release"
    out.write_bytes(b"old")
    market.write_strategy("bad", "tier: growth\ncondition: item.prise > 1.0\naction: exclude")
    told = run("release", "build", *market.world, "--out", out, "--format", "json")
    assert (told.code, told.codes) == (1, ["AED-LANG-020"])
    assert out.read_bytes() == b"old"


def test_a_release_that_was_edited_is_refused(market: Market):
    out, forged = market.folder / "1.release", market.folder / "forged.release"
    run("release", "build", *market.world, "--out", out)
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(forged, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"factor: 0.5", b"factor: 0.1"))
    for verb in (("release", "inspect", forged), ("decide", "--release", forged, *market.requests)):
        told = run(*verb, "--format", "json")
        assert (told.code, told.codes) == (1, ["AED-REL-002"])


@pytest.mark.parametrize(("content", "code"), [(None, "AED-DATA-001"), (b"no zip", "AED-REL-001")])
def test_what_is_no_release_is_refused(market: Market, content: bytes | None, code: str):
    path = market.folder / "x.release"
    if content is not None:
        path.write_bytes(content)
    told = run("release", "inspect", path, "--format", "json")
    assert (told.code, told.codes) == (1, [code])


def test_a_time_that_is_none_and_a_missing_schema_are_wrong_calls(market: Market):
    out = market.folder / "x"
    told = run("release", "build", *market.world, "--out", out, "--time", "yesterday", "--format", "json")
    assert (told.code, told.codes) == (2, ["AED-USE-010"])
    assert run("release", "build", "--out", out, "--format", "json").codes == ["AED-USE-002"]
    assert not out.exists()
