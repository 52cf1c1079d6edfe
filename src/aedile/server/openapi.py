"""What does the server offer, as an OpenAPI document?

The shapes come from the structs that read and write the bodies; what a struct cannot say of a value is added here, as
strictly as the readers are.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import msgspec

from aedile import __version__
from aedile.engine.requests import MAX_CANDIDATES, MAX_ID_BYTES, MAX_OFFSET
from aedile.facts import KINDS
from aedile.language.markets import CHANNELS, MARKETS
from aedile.language.schema import CANDIDATE_KINDS
from aedile.server.http import ARROW, JSON, NDJSON
from aedile.wire.answers import Answer
from aedile.wire.errors import ErrorBody
from aedile.wire.requests import SentRequest

EXAMPLE_REQUEST: dict[str, Any] = {
    "id": "request-00001",
    "market": "ID",
    "channel": "mall_search",
    "time": "2026-11-25T08:30:00Z",
    "shopper": "shopper-17",
    "query": "laptop battery",
    "candidates": [{"id": "4567968", "score": 7.25}, {"id": "1127512", "score": 6.5}],
    "limit": 20,
}
EXAMPLE_ANSWER: dict[str, Any] = {
    "request": "request-00001",
    "release": 7,
    "size": 1,
    "slate": [{"id": "1127512", "score": 6.5, "badges": ["energy-star"]}],
    "excluded": [{"id": "4567968", "by": "recalled-models-exclude"}],
}
EXAMPLE_FACT: dict[str, Any] = {
    "id": "exposure-00001",
    "at": "2026-11-25T08:30:00Z",
    "market": "ID",
    "channel": "mall_search",
    "shopper": "shopper-17",
    "request_id": "request-00001",
    "kind": "item",
    "entity": "1127512",
    "position": 1,
}
_ERROR_TEXTS = {
    400: "The body is not understood; each error says where and how to mend it.",
    401: "The key is missing, unknown or expired.",
    403: "The key is not for this.",
    404: "There is nothing at this address.",
    405: "The address does not know this method.",
    413: "The body is larger than the server takes.",
    415: "The body is of no format taken here.",
    421: "The page is asked for under a name that is not this server's.",
    429: "More than the key's limit, or more than the worker can decide in time.",
    503: "There is no release to decide by yet, or what was sent cannot be kept now.",
    507: "The disk is full: nothing of what was sent was kept.",
}
_RETRY = {"Retry-After": {"description": "Seconds.", "required": True, "schema": {"type": "integer", "minimum": 1}}}
_ID = {"type": "string", "minLength": 1, "maxLength": MAX_ID_BYTES}
_KIND = {"type": "string", "enum": sorted(CANDIDATE_KINDS)}


def _operation(
    summary: str, scope: str | None, answers: Mapping[str, Any], errors: tuple[int, ...], **more: Any
) -> dict[str, Any]:
    responses = {**answers, **{str(status): _error(status) for status in sorted({*errors, 404, 405} - {404, 405})}}
    told: dict[str, Any] = {"summary": summary, "responses": responses, **more}
    told["security"] = [{"key": [scope]}] if scope is not None else []
    return told


def _error(status: int) -> dict[str, Any]:
    content = {JSON: {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}
    told: dict[str, Any] = {"description": _ERROR_TEXTS[status], "content": content}
    return {**told, "headers": _RETRY} if status in (429, 503, 507) else told


def _answer(description: str, schema: Mapping[str, Any] | None, media: str = JSON, **more: Any) -> dict[str, Any]:
    return {"description": description, "content": {media: {**({"schema": schema} if schema else {}), **more}}}


_CALLER = (400, 401, 403, 413, 415, 429, 503)
_BINARY = {"type": "string", "format": "binary"}


def _paths() -> dict[str, Any]:
    ref = "#/components/schemas/"
    decided = _answer("The decision.", {"$ref": ref + "Answer"}, example=EXAMPLE_ANSWER)
    decided["content"][ARROW] = {"schema": _BINARY}
    asked = {
        "required": True,
        "content": {
            JSON: {"schema": {"$ref": ref + "SentRequest"}, "example": EXAMPLE_REQUEST},
        },
    }
    kind = {"name": "kind", "in": "path", "required": True, "description": "The kind of entity.", "schema": _KIND}
    accepted = _answer(
        "In the log that every worker follows; applied within a second.", {"$ref": ref + "Accepted"},
        example={"accepted": 2, "sequence": 41},
    )  # fmt: skip
    fact_kind = {
        "name": "kind", "in": "path", "required": True, "description": "The kind of facts.",
        "schema": {"type": "string", "enum": list(KINDS)},
    }  # fmt: skip
    taken = _answer(
        "What is accepted, and what is refused, is on disk.", {"$ref": ref + "FactsTaken"},
        example={"accepted": 1, "refused": [], "dead": 0},
    )  # fmt: skip
    return {
        "/v1/decisions": {
            "post": _operation(
                "What becomes of these candidates?", "decide", {"200": decided}, _CALLER, requestBody=asked,
                description="The same request, with the same features, release and counters, decides the same. A "
                f"request may also come as {ARROW}, its rows are answered so where `Accept` asks for it.",
            )
        },
        "/v1/decisions/explain": {
            "post": _operation(
                "Why does a candidate stand where it stands?", "explain",
                {"200": _answer("Its row, and each strategy that matters with its literals, values and least change.",
                                {"type": "object", "required": ["release", "candidate", "strategies"]})},
                _CALLER,
                requestBody={"required": True, "content": {JSON: {
                    "schema": {"$ref": ref + "Asked"}, "example": {"request": EXAMPLE_REQUEST, "id": "4567968"}}}},
            )
        },
        "/v1/entities/{kind}": {
            "parameters": [kind],
            "put": _operation(
                "Put entities: what is known of them, in place of all that was.", "entities", {"202": accepted},
                _CALLER,
                requestBody={"required": True, "content": {
                    JSON: {"schema": {"$ref": ref + "Entities"}, "example": {"entities": [
                        {"id": "4567968", "title": "A battery", "as_of": "2026-11-25T08:00:00Z"}]}},
                }},
                description=f"Also as {NDJSON}, one entity a line, and as {ARROW}. An older `as_of` never overwrites a "
                "newer; without one, the moment of arrival counts.",
            ),
            "delete": _operation(
                "Withdraw entities: nothing is known of them from now on.", "entities", {"202": accepted}, _CALLER,
                requestBody={"required": True, "content": {JSON: {
                    "schema": {"$ref": ref + "Ids"}, "example": {"ids": ["4567968"]}}}},
            ),
        },
        "/v1/facts/{kind}": {
            "parameters": [fact_kind],
            "post": _operation(
                "Send what happened: facts of one kind.", "facts", {"202": taken}, (*_CALLER, 507),
                requestBody={"required": True, "content": {
                    JSON: {"schema": {"$ref": ref + "Facts"}, "example": {"facts": [EXAMPLE_FACT]}},
                }},
                description=f"Also as a list, as {NDJSON}, one fact a line, and as {ARROW}. Which columns a kind has: "
                "docs/reference/facts.md. Rows that are refused keep no others out; they become dead letters. The same "
                "id with the same content counts once, however often it is sent.",
            ),
        },
        "/v1/release": {
            "get": _operation("Which release decides?", "decide",
                              {"200": _answer("Its manifest.", {"type": "object", "required": ["number", "digest"]})},
                              (401, 403, 429, 503))
        },
        "/v1/stats": {
            "get": _operation("What has been decided so far?", "observe",
                              {"200": _answer("Counts of all workers.", {"type": "object", "required": ["workers"]})},
                              (401, 403, 421, 429))
        },
        "/metrics": {
            "get": _operation("The same for Prometheus.", "observe",
                              {"200": _answer("Metrics.", {"type": "string"}, "text/plain")}, (401, 403, 421, 429))
        },
        "/health": {
            "get": _operation("Does this worker answer?", None,
                              {"200": _answer("It does.", {"type": "object", "required": ["status"]})}, ())
        },
        "/ready": {
            "get": _operation("Has this worker a release to decide by?", None,
                              {"200": _answer("It has.", {"type": "object", "required": ["release"]})}, (503,))
        },
    }  # fmt: skip


def _components() -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(
        [SentRequest, Answer, ErrorBody], ref_template="#/components/schemas/{name}"
    )
    request, candidate = schemas["SentRequest"]["properties"], schemas["SentCandidate"]["properties"]
    request["id"] |= _ID
    request["market"] = {"type": "string", "enum": sorted(MARKETS)}
    request["channel"] = {"type": "string", "enum": list(CHANNELS)}
    request["time"] |= {"format": "date-time"}
    request["shopper"] = {"anyOf": [_ID, {"type": "null"}]}
    request["candidates"] |= {"maxItems": MAX_CANDIDATES}
    request["offset"] |= {"minimum": 0, "maximum": MAX_OFFSET}
    request["limit"] = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": MAX_OFFSET}, {"type": "null"}]}
    candidate["id"] |= _ID
    candidate["kind"] = _KIND | {"default": "item"}
    candidate["score"] = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "null"}]}
    entity = {"type": "object", "required": ["id"], "properties": {"id": _ID, "as_of": {"type": "string"}}}
    entities = {"type": "array", "items": entity, "minItems": 1}
    ids = {"type": "array", "items": _ID, "minItems": 1}
    whole = {"type": "integer", "minimum": 0}
    schemas |= {
        "Asked": {
            "type": "object", "required": ["request", "id"], "additionalProperties": False,
            "properties": {
                "request": {"$ref": "#/components/schemas/SentRequest"}, "id": _ID, "kind": _KIND,
                "strategies": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]},
            },
        },
        "Entities": {
            "type": "object", "required": ["entities"], "additionalProperties": False,
            "properties": {"entities": entities},
        },
        "Facts": {
            "type": "object", "required": ["facts"], "additionalProperties": False,
            "properties": {"facts": {"type": "array", "items": {"type": "object"}, "minItems": 1}},
        },
        "FactsTaken": {
            "type": "object", "required": ["accepted", "refused", "dead"],
            "properties": {
                "accepted": whole, "dead": whole,
                "refused": {"type": "array", "items": {
                    "allOf": [{"$ref": "#/components/schemas/ErrorEntry"},
                              {"type": "object", "required": ["row"], "properties": {"row": whole}}],
                }},
            },
        },
        "Ids": {"type": "object", "required": ["ids"], "additionalProperties": False, "properties": {"ids": ids}},
        "Accepted": {
            "type": "object", "required": ["accepted", "sequence"],
            "properties": {"accepted": whole, "sequence": whole},
        },
    }  # fmt: skip
    key = {"type": "http", "scheme": "bearer", "description": "An API key of the scope that the operation names."}
    return {"schemas": schemas, "securitySchemes": {"key": key}}


@functools.cache
def document() -> bytes:
    """The OpenAPI document, as JSON."""
    told = {
        "openapi": "3.1.0",
        "info": {
            "title": "aedile",
            "version": __version__,
            "summary": "Decides what shoppers see, and says why.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": _paths(),
        "components": _components(),
    }
    return msgspec.json.encode(told)
