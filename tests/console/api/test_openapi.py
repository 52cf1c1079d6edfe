"""Does the console keep what its OpenAPI document promises, whatever it is sent by whoever may do everything?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.scale import tenth_of

from .conftest import key_for

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "unsupported_method", "ignored_auth",
)  # fmt: skip
METHODS = ("get", "put", "post", "delete")
#: Beyond all ids that are made up, so that nobody takes the caller's roles or keys away.
_FAR = 1_900_000_000


@pytest.fixture
def document(served) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{served}/api/v1/openapi.json", timeout=60).json()
    return found


@pytest.fixture
def almighty(console, make_person):
    """Somebody in every role, at an id that nobody guesses."""
    from django.db import connection

    from aedile.console.accounts.models import Grant
    from aedile.console.accounts.permissions import Role
    from aedile.console.base.acting import noted

    with connection.cursor() as cursor:
        for table in ("accounts_person", "accounts_grant"):
            cursor.execute("select setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, _FAR])
    person = make_person("admin")
    with noted("aedile", "cli", "person.manage"):
        for role in set(Role) - {Role.ADMIN}:
            Grant.objects.create(person=person, role=role, markets=["all"])
    return person


def test_what_is_generated_from_the_document_finds_no_fault(served, almighty, mall, make_list, console_home, tmp_path):
    mall.live()
    make_list("recalled-gtin", {"a": None})
    # One worker: reading source in several threads trips over Python 3.11's own parser.
    log = console_home / "console.log"
    before = log.stat().st_size
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")), "run", f"{served}/api/v1/openapi.json",
            "--header", f"Authorization: Bearer {key_for(almighty, ('read', 'write'))}",
            "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--mode", "all",
            "--max-examples", str(tenth_of(100)), "--seed", "7", "--no-color", "--generation-database", "none",
            "--workers", "1", "--request-timeout", "60", "--warnings", "off",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-12_000:]
    assert "Fuzzing" in done.stdout
    said = log.read_bytes()[before:].decode()
    assert "Traceback" not in said


def test_every_call_has_a_summary_its_refusals_and_an_example(document):
    assert document["openapi"].startswith("3.1")
    assert {"Key", "Session"} == set(document["components"]["securitySchemes"])
    calls = [(path, method, call) for path, told in document["paths"].items() for method, call in told.items()]
    assert len(calls) >= 76
    for path, method, call in calls:
        assert method in METHODS
        assert call["summary"], path
        assert call["security"] == [{"Key": []}, {"Session": []}], path
        assert {"400", "401", "403", "404", "409", "413", "429", "503"} < set(call["responses"]), path
        assert set(call["tags"]) <= {one["name"] for one in document["tags"]}, path
        for type_, media in call.get("requestBody", {}).get("content", {}).items():
            assert "example" in media or type_ == "application/gzip", path
    ids = [call["operationId"] for _, _, call in calls]
    assert len(set(ids)) == len(ids)


def test_the_example_of_each_body_is_one_that_is_taken(console_home):
    from aedile.console.api.app import api
    from aedile.console.api.document import EXAMPLES, name_of

    shown = set()
    for router in api._get_bound_routers():
        for view in router.path_operations.values():
            for operation in view.operations:
                for model in operation.models:
                    if model.__ninja_param_source__ == "body":
                        shown.add(name_of(operation))
                        (field,) = model.model_fields
                        model.model_validate({field: EXAMPLES[name_of(operation)]})
    assert shown == set(EXAMPLES)


def test_no_two_shapes_of_the_document_share_a_name(console_home):
    from ninja import Schema

    import aedile.console.api.app  # noqa: F401  defines them all

    def below(kind: type) -> list[type]:
        return [one for inner in kind.__subclasses__() for one in (inner, *below(inner))]

    own = [one for one in below(Schema) if one.__module__.startswith("aedile.")]
    names = [one.__name__ for one in own]
    assert len(names) > 60
    assert {name for name in names if names.count(name) > 1} == set()
