"""Every malformed file gets one clear error, word for word as reviewed; never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from aedile.engine.entities import read_entities
from aedile.engine.list_files import read_lists
from aedile.engine.requests import read_requests
from aedile.engine.strategy_read import read_strategies
from aedile.language.schema import Schema, load_schema
from tests.files import built
from tests.files.golden import HERE, Case, check, patched, read_cases

MALFORMED = HERE / "malformed"
SCHEMA = load_schema(HERE / "schema.yaml")
STRATEGY = (HERE / "strategy.yaml").read_text(encoding="utf-8")


def cases(name: str) -> pytest.MarkDecorator:
    found = read_cases(MALFORMED / name)
    return pytest.mark.parametrize("case", found, ids=[case.name for case in found])


@cases("documents.txt")
def test_a_file_that_is_no_plain_yaml_is_refused(case: Case, tmp_path: Path) -> None:
    (tmp_path / "hold.yaml").write_text(case.given + "\n", encoding="utf-8")
    check(MALFORMED / "documents.txt", case, lambda: read_strategies(tmp_path, SCHEMA), tmp_path)


@cases("strategies.txt")
def test_a_malformed_strategy_gets_one_clear_error(case: Case, tmp_path: Path) -> None:
    (tmp_path / "hold.yaml").write_text(patched(STRATEGY, case.given), encoding="utf-8")
    check(MALFORMED / "strategies.txt", case, lambda: read_strategies(tmp_path, SCHEMA, ["recalled-gtin"]), tmp_path)


@cases("sets.txt")
def test_strategies_that_do_not_fit_together_get_an_error_each(case: Case, tmp_path: Path) -> None:
    for part in case.given.split(">>> ")[1:]:
        name, _, patch = part.partition("\n")
        path = tmp_path / name.strip()
        path.parent.mkdir(exist_ok=True)
        path.write_text(patched(STRATEGY, f"id: {path.stem}\n{patch}"), encoding="utf-8")
    check(MALFORMED / "sets.txt", case, lambda: read_strategies(tmp_path, SCHEMA), tmp_path)


@cases("schemas.txt")
def test_a_malformed_schema_gets_one_clear_error(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    path.write_text(case.given + "\n", encoding="utf-8")
    check(MALFORMED / "schemas.txt", case, lambda: load_schema(path), tmp_path)


@cases("requests.txt")
def test_a_malformed_request_gets_one_clear_error(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "requests.ndjson"
    path.write_text(case.given + "\n", encoding="utf-8")
    check(MALFORMED / "requests.txt", case, lambda: list(read_requests(path, SCHEMA)), tmp_path)


@cases("csv.txt")
def test_a_malformed_csv_file_gets_one_clear_error(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text(case.given + "\n" if case.given else "", encoding="utf-8")
    check(MALFORMED / "csv.txt", case, lambda: read_entities(path, "item", SCHEMA), tmp_path)


@cases("ndjson.txt")
def test_a_malformed_ndjson_file_gets_one_clear_error(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "items.ndjson"
    path.write_text(case.given + "\n", encoding="utf-8")
    check(MALFORMED / "ndjson.txt", case, lambda: read_entities(path, "item", SCHEMA), tmp_path)


@cases("lists.txt")
def test_a_malformed_list_gets_one_clear_error(case: Case, tmp_path: Path) -> None:
    for part in case.given.split(">>> ")[1:]:
        name, _, text = part.partition("\n")
        (tmp_path / name.strip()).write_text(text.replace("<tab>", "\t"), encoding="utf-8")
    check(MALFORMED / "lists.txt", case, lambda: read_lists(tmp_path), tmp_path)


@cases("built.txt")
def test_a_malformed_file_that_no_text_can_show_gets_one_clear_error(case: Case, tmp_path: Path) -> None:
    act = built.BUILDERS[case.name](tmp_path, SCHEMA)
    check(MALFORMED / "built.txt", case, act, tmp_path)


def test_there_are_at_least_a_hundred_golden_cases_each_with_a_code_and_a_fix() -> None:
    found = [case for path in sorted(MALFORMED.glob("*.txt")) for case in read_cases(path)]
    assert len(found) >= 150
    for case in found:
        assert "[AED-" in case.expected, case.name
        assert "\n  fix: " in case.expected, case.name
        assert "Traceback" not in case.expected, case.name


def test_every_builder_has_its_golden_case() -> None:
    assert [case.name for case in read_cases(MALFORMED / "built.txt")] == list(built.BUILDERS)


def test_the_base_of_the_cases_is_itself_without_error(tmp_path: Path) -> None:
    (tmp_path / "hold.yaml").write_text(STRATEGY, encoding="utf-8")
    assert isinstance(SCHEMA, Schema)
    assert [strategy.id for strategy in read_strategies(tmp_path, SCHEMA)] == ["hold"]
