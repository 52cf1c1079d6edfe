"""What differs between two texts of a strategy, field by field?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import yaml

from aedile.console.strategies.body import ORDER

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a text side by side; None where a side has none. kind: `same`, `changed`, `added` or `removed`."""

    kind: str
    left: str | None
    right: str | None


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """A field in two texts."""

    name: str
    is_changed: bool
    lines: tuple[Line, ...]


def compare_bodies(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[FieldDiff]:
    """Every field that one of them has, in the order of a file."""
    found = []
    for key in [*ORDER, *(key for key in {**left, **right} if key not in ORDER)]:
        old, new = left.get(key, _ABSENT), right.get(key, _ABSENT)
        if old is _ABSENT and new is _ABSENT:
            continue
        lines = tuple(compare_lines(lines_of(old), lines_of(new)))
        found.append(FieldDiff(key, old != new, lines))
    return found


def compare_lines(left: list[str], right: list[str]) -> list[Line]:
    """The lines side by side, those that were replaced in pairs."""
    found: list[Line] = []
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            found += [Line("same", line, line) for line in left[a:b]]
            continue
        pairs = min(b - a, d - c)
        found += [Line("changed", left[a + i], right[c + i]) for i in range(pairs)]
        found += [Line("removed", line, None) for line in left[a + pairs : b]]
        found += [Line("added", None, line) for line in right[c + pairs : d]]
    return found


def lines_of(value: Any) -> list[str]:
    """A field's value as a person reads it, in lines."""
    if value is _ABSENT or value is None:
        return []
    if isinstance(value, str):
        return value.splitlines() or [""]
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return [", ".join(value)]
    text: str = yaml.safe_dump(value, allow_unicode=True, sort_keys=False, default_flow_style=None, width=100)
    return text.removesuffix("...\n").rstrip("\n").splitlines()
