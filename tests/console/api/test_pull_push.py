"""`aedile pull` and `aedile push` against a console that is served: what comes out goes in again, once looked at."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import run

from ..strategies.conftest import SCHEMA
from .conftest import key_for

AEDILE = Path(sys.executable).with_name("aedile")


@pytest.fixture
def at(served, mall, tmp_path):
    """The options that name the console and a key: `at(person)`."""

    def options(actor, *scopes: str) -> list[object]:
        file = tmp_path / f"key-{actor.person.pk}"
        file.write_text(key_for(actor.person, scopes or ("read", "write")))
        return ["--url", served, "--key-file", file]

    return options


def pulled(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_what_runs_is_pulled_and_pulled_again_touches_nothing(mall, at, tmp_path, make_list):
    mall.live()
    make_list("recalled-gtin", {"b": None, "a": None})
    shop = tmp_path / "shop"
    done = run("pull", *at(mall.author), "--out", shop, "--lists")
    assert (done.code, done.err) == (0, "")
    files = pulled(shop)
    assert set(files) == {"schema.yaml", "strategies/dear-demote.yaml", "lists/recalled-gtin.txt"}
    assert files["schema.yaml"] == SCHEMA
    assert files["lists/recalled-gtin.txt"] == "a\nb\n"
    assert run("check", "--schema", shop / "schema.yaml", "--strategies", shop / "strategies").code == 0
    (shop / "strategies" / "gone.yaml").write_text("id: gone\n")
    again = run("pull", *at(mall.author), "--out", shop, "--lists", "--format", "json").json
    assert (again["new"], again["changed"], len(again["same"]), again["left"]) == ([], [], 3, ["strategies/gone.yaml"])
    assert run("pull", *at(mall.author), "--out", shop, "--prune", "--format", "json").json["removed"] == again["left"]
    assert not (shop / "strategies" / "gone.yaml").exists()


def test_a_changed_file_and_a_new_one_become_drafts_by_the_plan(mall, at, tmp_path):
    mall.live()
    run("pull", *at(mall.author), "--out", tmp_path / "shop")
    folder = tmp_path / "shop" / "strategies"
    old = (folder / "dear-demote.yaml").read_text()
    (folder / "deeper").mkdir()
    (folder / "deeper" / "new-one.yaml").write_text(old.replace("id: dear-demote", "id: new-one"))
    (folder / "dear-demote.yaml").write_text(old.replace("What is dear", "What is very dear"))
    call = ("push", *at(mall.author), "--strategies", folder)
    plan = run(*call, "--plan")
    assert plan.code == 0
    assert "a new version, as a draft" in plan.out
    assert "a new strategy, as a draft" in plan.out
    refused = run(*call, "--format", "json")
    assert (refused.code, refused.codes) == (2, ["AED-USE-033"])
    done = run(*call, "--yes", "--note", "from git", "--format", "json").json
    assert {one["id"]: one["does"] for one in done["steps"]} == {"dear-demote": "version", "new-one": "new"}
    assert [(one["strategy"], one["number"], one["stage"]) for one in done["pushed"]] == [
        ("dear-demote", 2, "draft"), ("new-one", 1, "draft")
    ]  # fmt: skip
    assert run(*call, "--yes", "--format", "json").json["pushed"] == []


@pytest.mark.parametrize(("answer", "code", "drafts"), [("y", 0, 1), ("n", 1, 0)])
def test_at_a_terminal_it_is_asked_first(mall, at, tmp_path, answer, code, drafts):
    from aedile.console.strategies.models import Version

    mall.live()
    run("pull", *at(mall.author), "--out", tmp_path)
    file = tmp_path / "strategies" / "dear-demote.yaml"
    file.write_text(file.read_text().replace("factor: 0.5", "factor: 0.4"))
    ours, its = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    done = subprocess.run(
        [AEDILE, "push", *map(str, at(mall.author)), "--strategies", file.parent], stdin=its, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    os.close(ours)
    os.close(its)
    assert done.returncode == code, done.stderr
    assert "Push this?" in done.stderr
    assert Version.objects.filter(stage="draft").count() == drafts


def test_a_schema_that_differs_is_entered_before_what_needs_it(mall, at, tmp_path):
    from aedile.console.strategies.models import SchemaVersion

    mall.live()
    run("pull", *at(mall.author), "--out", tmp_path)
    schema, file = tmp_path / "schema.yaml", tmp_path / "strategies" / "dear-demote.yaml"
    schema.write_text(SCHEMA + "      weight: {type: double, unit: kg, meaning: How heavy it is.}\n")
    file.write_text(file.read_text().replace("item.price > 100.0", "item.price > 100.0 && item.weight > 1.0")
                    .replace("examples:", "#").split("#")[0])  # fmt: skip
    call = ("--schema", schema, "--strategies", file.parent, "--yes", "--format", "json")
    refused = run("push", *at(mall.author), *call)
    assert (refused.code, refused.codes) == (1, ["AED-CON-001"])  # a strategist enters no schema
    assert run("push", *at(mall.admin), "--schema", schema, "--yes", "--format", "json").json["schema"] == "changed"
    done = run("push", *at(mall.author), *call).json
    assert (done["schema"], [one["does"] for one in done["steps"]]) == ("same", ["version"])
    assert SchemaVersion.objects.count() == 2


def test_a_wrong_file_is_told_at_its_place_and_nothing_is_pushed(mall, at, tmp_path):
    mall.live()
    run("pull", *at(mall.author), "--out", tmp_path)
    file = tmp_path / "strategies" / "dear-demote.yaml"
    file.write_text(file.read_text().replace("item.price", "item.prise"))
    refused = run("push", *at(mall.author), "--strategies", file.parent, "--yes", "--format", "json")
    assert refused.code == 1
    assert {error["file"] for error in refused.json["errors"]} == {str(file)}
    (file.parent / "deeper").mkdir()
    (file.parent / "deeper" / file.name).write_text("x")
    assert run("push", *at(mall.author), "--strategies", file.parent, "--plan", "--format", "json").codes == [
        "AED-USE-034"
    ]


def test_more_files_than_one_call_takes_are_pushed_in_parts(mall, at, tmp_path, monkeypatch):
    from aedile.cli import push

    mall.live()
    run("pull", *at(mall.author), "--out", tmp_path)
    folder = tmp_path / "strategies"
    text = (folder / "dear-demote.yaml").read_text()
    for number in range(5):
        (folder / f"more-{number}.yaml").write_text(text.replace("id: dear-demote", f"id: more-{number}"))
    monkeypatch.setattr(push, "_TOGETHER", 2 * len(text))
    done = run("push", *at(mall.author), "--strategies", folder, "--yes", "--format", "json").json
    assert [one["strategy"] for one in done["pushed"]] == [f"more-{number}" for number in range(5)]
    assert len(done["steps"]) == 6


def test_calls_that_cannot_be_are_told_as_everywhere(mall, at, tmp_path):
    url, served, key, file = at(mall.author)
    out = ("--out", tmp_path, "--format", "json")
    assert run("pull", url, "http://localhost:9", key, file, *out).codes == ["AED-CON-140"]
    assert run("pull", url, "console", key, file, *out).codes == ["AED-USE-035"]
    assert run("pull", url, f"{served}/static", key, file, *out).codes == ["AED-CON-141"]
    assert run("pull", url, served, key, tmp_path / "none", *out).codes == ["AED-USE-014"]
    file.write_text("aedile_c_wrong_key")
    assert run("pull", url, served, key, file, *out).codes == ["AED-CON-020"]
    assert run("push", url, served, key, file, "--yes", "--format", "json").codes == ["AED-USE-002"]
    reading = at(mall.author, "read")
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "x.yaml").write_text("id: x\n")
    assert run("push", *reading, "--strategies", tmp_path / "strategies", "--yes", "--format", "json").codes == [
        "AED-CON-021"
    ]
