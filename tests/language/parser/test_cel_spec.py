"""Does every conformance case of the CEL specification give its value here, or stand on the list of what is outside?"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from aedile.errors import DataError, LanguageError
from aedile.language.check import Environment, compile_condition
from aedile.language.columns import column_from_python
from aedile.language.evaluation import Table, evaluate
from aedile.language.types import SCALARS, Type, list_of
from aedile.language.values import from_json, to_json

HERE = Path(__file__).parent
DATA = HERE.parents[3] / "shared" / "data" / "cel-spec"
OUTSIDE = HERE / "cel_spec_outside.txt"

#: What the specification's error says → the codes of ours that say the same of a condition that does not compile.
SAME_ERROR = {
    "undeclared reference": {"AED-LANG-020"},
    "no matching overload": {"AED-LANG-023", "AED-LANG-025"},
    "no such overload": {"AED-LANG-023", "AED-LANG-025"},
    "no_such_overload": {"AED-LANG-023", "AED-LANG-025"},
    "range": {"AED-LANG-030", "AED-LANG-031"},
}


@dataclass(frozen=True)
class Case:
    file: str
    section: str
    name: str
    data: dict[str, Any]

    @property
    def id(self) -> str:
        return f"{self.file}/{self.section}/{self.name}"


@cache
def cases() -> list[Case]:
    return [
        Case(path.stem, case["section"], case["name"], case)
        for path in sorted(DATA.glob("*.json"))
        for case in json.loads(path.read_text())["cases"]
        if not case["proto"]
    ]


@cache
def outside() -> dict[str, str]:
    """The reason of each case outside the subset, by `file/section/name`."""
    lines = [line for line in OUTSIDE.read_text().splitlines() if line and not line.startswith("#")]
    return {"/".join(fields[:3]): fields[3] for fields in (line.split("\t") for line in lines)}


def type_named(text: str) -> Type | None:
    """The type of a variable of the specification, None where the language has none such."""
    if text.startswith("list("):
        element = type_named(text[5:-1])
        return list_of(element) if element is not None else None
    plain = {"google.protobuf.Timestamp": "timestamp", "google.protobuf.Duration": "duration"}
    return SCALARS.get(plain.get(text, text))


def plain_value(tagged: dict[str, Any]) -> Any:
    """A value of the specification as the language's JSON."""
    ((kind, value),) = tagged.items()
    return [plain_value(item) for item in value] if kind == "list" else value


def verdict(case: Case) -> str | None:
    """None where the case is met; else why it is not. A wrong value fails at once."""
    data = case.data
    types = {variable["name"]: type_named(variable["type"]) for variable in data.get("env", [])}
    missing = [name for name, type_ in types.items() if type_ is None]
    if missing:
        return f"variable {missing[0]} has a type outside the language"
    features = {name: type_ for name, type_ in types.items() if type_ is not None}
    try:
        node = compile_condition(data["expr"], Environment(features))
    except LanguageError as error:
        told = " ".join(data.get("error", []))
        same = any(says in told and error.code.name in codes for says, codes in SAME_ERROR.items())
        if same and "finer" not in error.message:
            return None
        return f"{error.code.name} {error.message}"
    bound = {name: plain_value(value) for name, value in data.get("bindings", {}).items() if name in features}
    try:
        values = {name: from_json(bound[name], type_) if name in bound else None for name, type_ in features.items()}
    except DataError as error:
        return f"{error.code.name} {error.message}"
    columns = {name: column_from_python(type_, [values[name]]) for name, type_ in features.items()}
    (value,) = evaluate(node, Table(columns, 1)).to_python()
    if "value" not in data:
        assert value is None, f"{case.id}: an error is expected, not {value!r}"
        return None
    assert value is not None, f"{case.id}: unknown"
    ((kind, _),) = data["value"].items()
    expected, given = plain_value(data["value"]), to_json(value, node.type)
    assert kind == node.type.name, case.id
    assert repr(given) == repr(expected), f"{case.id}: {given!r}, expected {expected!r}"
    return None


needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="cel-spec data not present")


@needs_data
def test_every_case_inside_the_subset_gives_the_value_of_the_specification():
    refused = {case.id: reason for case in cases() if case.id not in outside() and (reason := verdict(case))}
    assert refused == {}


@needs_data
def test_every_case_outside_the_subset_gets_a_clear_error_and_stands_on_the_list():
    listed = {case.id: verdict(case) for case in cases() if case.id in outside()}
    assert set(outside()) == set(listed), "the list names a case that does not exist"
    assert [name for name, reason in listed.items() if reason is None] == [], "listed, but inside"
    assert all(re.match(r"AED-(LANG|DATA)-0\d\d .+|variable .+", reason or "") for reason in listed.values())


@needs_data
def test_at_least_280_of_555_cases_are_inside():
    assert len(cases()) == 555
    assert sum(case.id not in outside() for case in cases()) >= 280
