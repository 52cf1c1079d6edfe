"""Where in an SQL text does each part of a condition stand?"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from sqlglot import exp

from aedile.language.faults import Span
from aedile.language.syntax import Syntax

TEXT = re.compile(r"'(?:[^']|'')*'")
"""A quoted text; a quote inside is doubled."""


def without_texts(where: str) -> str:
    """The condition with every quoted text blanked; all other places stay."""
    return TEXT.sub(lambda text: " " * len(text[0]), where)


def spans_of(tree: exp.Expr, where: str) -> dict[int, Span]:
    """Where each node stands, from the places its leaves know."""
    spans: dict[int, Span] = {}
    for node in tree.walk():
        span = _own_span(node, where)
        if span is None:
            continue
        current: exp.Expr | None = node
        while current is not None:
            old = spans.get(id(current))
            merged = span if old is None else (min(old[0], span[0]), max(old[1], span[1]))
            if merged == old:
                break
            spans[id(current)] = merged
            current = current.parent
    return spans


def _own_span(node: exp.Expr, where: str) -> Span | None:
    if "start" in node.meta:
        return node.meta["start"], node.meta["end"] + 1
    if isinstance(node, exp.Placeholder) and isinstance(node.this, str):  # sqlglot does not say where it stood
        match = re.search(rf"[:$]{re.escape(node.this)}\b", without_texts(where))
        return match.span() if match else None
    return None


def places_in(text: str, start: int) -> list[int]:
    """Where each code point of a quoted text, and its end, stands; `start` is where its opening quote does.

    A quote inside is doubled.
    """
    at = start + 1
    places: list[int] = []
    for character in text:
        places.append(at)
        at += 2 if character == "'" else 1
    return [*places, at]


def shift(tree: Syntax, places: list[int]) -> None:
    """Move every span of a tree parsed from an inner text to where that text stands."""
    stack: list[Any] = [tree]
    while stack:
        part = stack.pop()
        if isinstance(part, list):
            stack.extend(item for item in part if isinstance(item, Syntax))
            continue
        for field in fields(part):
            value = getattr(part, field.name)
            if field.name in ("start", "end"):
                setattr(part, field.name, places[value])
            elif field.name in ("name_span", "operator_span"):
                setattr(part, field.name, (places[value[0]], places[value[1]]))
            elif field.name == "ends":
                part.ends = [places[end] for end in value]
            elif isinstance(value, Syntax | list):
                stack.append(value)
