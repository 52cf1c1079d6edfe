"""Does every conformance case of the CEL specification come out right by the way `aedile eval` answers?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from aedile.cli.evaluator import Evaluator
from tests.language.parser.test_cel_spec import DATA, SAME_ERROR, Case, cases, outside, plain_value

PLAIN = {"google.protobuf.Timestamp": "timestamp", "google.protobuf.Duration": "duration"}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="cel-spec data not present")


def answer(case: Case) -> dict[str, Any]:
    """What eval says to the case, written as a line."""
    data = case.data
    features = {variable["name"]: PLAIN.get(variable["type"], variable["type"]) for variable in data.get("env", [])}
    row = {name: plain_value(value) for name, value in data.get("bindings", {}).items() if name in features}
    line = json.dumps({"condition": data["expr"], "features": features, "row": row})
    return json.loads(json.dumps(Evaluator().answer(line), allow_nan=False))


def is_right(case: Case, told: dict[str, Any]) -> bool:
    """Whether the answer is that of the specification; an error of its run time is unknown here."""
    expected = case.data.get("value")
    if expected is None:
        says = " ".join(case.data.get("error", []))
        code = told.get("error", {}).get("code")
        return told.get("value", 0) is None or any(word in says and code in codes for word, codes in SAME_ERROR.items())
    ((kind, _),) = expected.items()
    same = repr(told.get("value")) == repr(plain_value(expected))
    return same and told["type"].partition("(")[0] == kind


def test_every_case_inside_the_subset_is_answered_as_the_specification_says():
    wrong = {case.id: told for case in cases() if case.id not in outside() and not is_right(case, told := answer(case))}
    assert wrong == {}


def test_every_case_outside_the_subset_gets_an_error_and_never_a_value():
    told = {case.id: answer(case) for case in cases() if case.id in outside()}
    assert {id_: said for id_, said in told.items() if set(said) != {"error"}} == {}
    assert all(set(said["error"]) == {"code", "message", "span", "hint", "fix"} for said in told.values())


def test_at_least_280_of_the_555_cases_are_right():
    assert len(cases()) == 555
    assert sum(case.id not in outside() and is_right(case, answer(case)) for case in cases()) >= 280
