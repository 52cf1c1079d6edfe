"""Just as much of JSON Schema as our own schemas use, for tests: the words not known here are an error."""

from __future__ import annotations

import re
from typing import Any

_KINDS: dict[str, Any] = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
}
#: Words that only inform, and those that `faults` follows by itself.
_SAYS_NOTHING = {"$schema", "title", "description", "default", "if", "then", "properties", "patternProperties"}


def faults(schema: Any, value: Any, path: str = "") -> list[str]:
    """What a value lacks to be what the schema says; empty where it is."""
    found: list[str] = []
    for word, wanted in schema.items():
        if word not in _SAYS_NOTHING and not _holds(word, wanted, schema, value):
            found.append(f"{path}: {word}")
    if "if" in schema and not faults(schema["if"], value):
        found += faults(schema["then"], value, path)
    if isinstance(value, dict):
        for key, inner in value.items():
            for one in _for_key(schema, key):
                found += faults(one, inner, f"{path}.{key}")
    if isinstance(value, list) and "items" in schema:
        for number, inner in enumerate(value):
            found += faults(schema["items"], inner, f"{path}[{number}]")
    return found


def _for_key(schema: Any, key: str) -> list[Any]:
    if key in schema.get("properties", {}):
        return [schema["properties"][key]]
    patterns = [one for pattern, one in schema.get("patternProperties", {}).items() if re.search(pattern, key)]
    more = schema.get("additionalProperties")
    return patterns or ([more] if isinstance(more, dict) else [])


def _holds(word: str, wanted: Any, schema: Any, value: Any) -> bool:
    number = _KINDS["number"](value)
    checks: dict[str, Any] = {
        "type": lambda: any(_KINDS[kind](value) for kind in ([wanted] if isinstance(wanted, str) else wanted)),
        "enum": lambda: value in wanted,
        "const": lambda: value == wanted and type(value) is type(wanted),
        "required": lambda: not isinstance(value, dict) or set(wanted) <= set(value),
        "additionalProperties": lambda: (
            wanted is not False
            or not isinstance(value, dict)
            or all(key in schema["properties"] or _for_key(schema, key) for key in value)
        ),
        "propertyNames": lambda: not isinstance(value, dict) or not any(faults(wanted, key) for key in value),
        "not": lambda: bool(faults(wanted, value)),
        "oneOf": lambda: sum(not faults(one, value) for one in wanted) == 1,
        "anyOf": lambda: any(not faults(one, value) for one in wanted),
        "allOf": lambda: not any(faults(one, value) for one in wanted),
        "items": lambda: True,
        "minItems": lambda: not isinstance(value, list) or len(value) >= wanted,
        "maxItems": lambda: not isinstance(value, list) or len(value) <= wanted,
        "uniqueItems": lambda: not isinstance(value, list) or len({repr(v) for v in value}) == len(value),
        "minProperties": lambda: not isinstance(value, dict) or len(value) >= wanted,
        "maxProperties": lambda: not isinstance(value, dict) or len(value) <= wanted,
        "minLength": lambda: not isinstance(value, str) or len(value) >= wanted,
        "maxLength": lambda: not isinstance(value, str) or len(value) <= wanted,
        "pattern": lambda: not isinstance(value, str) or bool(re.search(wanted, value)),
        "minimum": lambda: not number or value >= wanted,
        "maximum": lambda: not number or value <= wanted,
        "exclusiveMinimum": lambda: not number or value > wanted,
        "exclusiveMaximum": lambda: not number or value < wanted,
    }
    return bool(checks[word]())
