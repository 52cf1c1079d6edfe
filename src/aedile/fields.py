"""Does a mapping in a file hold the keys it should, with values of the right kind?

What schema and strategy files share: strict keys with did-you-mean, and one wording for what is missing or wrong.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, overload

from aedile.documents import Document, Located
from aedile.errors import AedileError, Code, Place


@dataclass(frozen=True, slots=True)
class Complaints:
    """The error class and the codes of one kind of file."""

    error: type[AedileError]
    unknown_key: Code
    missing_key: Code
    wrong_kind: Code
    bad_value: Code


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """`did you mean …?` for a name near one of the known ones, else None."""
    names = list(known)
    near = get_close_matches(name, names, n=1, cutoff=0.67)
    if not near:
        lowered = {n.lower(): n for n in names}
        near = [lowered[n] for n in get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.7)]
    return f"did you mean `{near[0]}`?" if near else None


def listing(names: Iterable[str], limit: int = 12) -> str:
    """`a, b, c`, cut where it gets long."""
    all_names = list(names)
    return ", ".join(all_names[:limit]) + (f" and {len(all_names) - limit} more" if len(all_names) > limit else "")


def kind_of(value: Any) -> str:
    """What a value of a file is, in a person's words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {shorten(value)}"
    return "a list" if isinstance(value, list) else "a mapping"


def shorten(text: str, limit: int = 60) -> str:
    """The text in quotes, cut where it gets long."""
    return f'"{text}"' if len(text) <= limit else f'"{text[: limit - 1]}…"'


class Fields:
    """A mapping of a file, read key by key; unknown and missing keys are refused at once.

    path: the name of the mapping inside the file, e.g. `action.cap`; empty for the whole file.
    """

    def __init__(
        self,
        document: Document,
        node: Located,
        path: str,
        complaints: Complaints,
        *,
        known: Collection[str],
        required: Collection[str] = (),
    ) -> None:
        self.document = document
        self.node = node
        self.path = path
        self.complaints = complaints
        if not isinstance(node.value, dict):
            raise self.error(
                complaints.wrong_kind,
                f"{self._called()} should be a mapping of keys to values, but is {kind_of(node.value)}",
                node,
                fix="write " + (f"{{{next(iter(known), '')}: …}}" if path else "one `key: value` a line"),
            )
        self.values: dict[str, Located] = node.value
        for key in self.values:
            if key not in known:
                raise self._unknown(key, known)
        for key in required:
            if key not in self.values:
                raise self.error(
                    complaints.missing_key,
                    f"`{key}` is missing" + (f" in `{path}`" if path else ""),
                    node,
                    hint=f"required here: {listing(required)}",
                    fix=f"add `{key}: …`",
                )

    def _called(self) -> str:
        return f"`{self.path}`" if self.path else "this file"

    def _unknown(self, key: str, known: Collection[str]) -> AedileError:
        message = f"`{key}` is not a key of {self._called()}"
        return self.error(
            self.complaints.unknown_key,
            message,
            key=key,
            hint=suggestion(key, known) or (f"known keys: {listing(known, 20)}" if known else "it takes none"),
            fix="correct the key or delete the line",
        )

    def error(
        self,
        code: Code,
        message: str,
        node: Located | None = None,
        *,
        key: str | None = None,
        hint: str | None = None,
        fix: str | None = None,
    ) -> AedileError:
        """An error placed at a node, or at a key of this mapping."""
        line, column = (node.line, node.column) if node is not None else (self.node.line, self.node.column)
        if node is None and key is not None and self.node.keys and key in self.node.keys:
            line, column = self.node.keys[key]
        field = self.name(key) if key is not None else self.path or None
        return self.complaints.error(
            code, message, place=Place(self.document.file, line, column, field), hint=hint, fix=fix
        )

    def name(self, key: str) -> str:
        """The full name of a key inside the file."""
        return f"{self.path}.{key}" if self.path else key

    def wrong(
        self, key: str, expected: str, fix: str, *, hint: str | None = None, node: Located | None = None
    ) -> AedileError:
        """The error for a value of the wrong kind."""
        node = node or self.values[key]
        return self.error(
            self.complaints.wrong_kind,
            f"`{self.name(key)}` should be {expected}, but is {kind_of(node.value)}",
            node,
            key=key,
            hint=hint,
            fix=fix,
        )

    def bad(
        self, key: str, message: str, *, hint: str | None = None, fix: str | None = None, node: Located | None = None
    ) -> AedileError:
        """The error for a value of the right kind that cannot be."""
        return self.error(self.complaints.bad_value, message, node or self.values[key], key=key, hint=hint, fix=fix)

    def has(self, key: str) -> bool:
        return key in self.values

    @overload
    def text(self, key: str) -> str: ...
    @overload
    def text(self, key: str, default: None) -> str | None: ...
    def text(self, key: str, default: None = None) -> str | None:
        """A text that is not empty, stripped; the default where the key is absent (required keys never are)."""
        if key not in self.values:
            return default
        node = self.values[key]
        if not isinstance(node.value, str):
            fix = f'put it into quotes: "{node.value}"' if isinstance(node.value, int | float) else "write a text"
            raise self.wrong(key, "a text", fix)
        if not node.value.strip():
            raise self.bad(key, f"`{self.name(key)}` is empty", fix="write a text")
        return node.value.strip()

    def integer(self, key: str, low: int, high: int, default: int = 0) -> int:
        """A whole number in [low, high]."""
        if key not in self.values:
            return default
        value = self.values[key].value
        if type(value) is not int:
            raise self.wrong(key, "a whole number", f"write a number such as {max(low, 1)}")
        if not low <= value <= high:
            raise self.bad(key, f"`{self.name(key)}` is {value}", fix=f"write a whole number from {low} to {high}")
        return value

    def number(self, key: str) -> float:
        """A finite number."""
        value = self.values[key].value
        if type(value) not in (int, float) or not math.isfinite(value):
            raise self.wrong(key, "a number", "write a number such as 0.5")
        return float(value)

    def share(self, key: str) -> float:
        """A share in (0, 1]."""
        value = self.number(key)
        if not 0 < value <= 1:
            raise self.bad(
                key,
                f"`{self.name(key)}` is {self.values[key].value}, not a share",
                hint="shares are fractions: 5 % is 0.05",
                fix="write a number above 0 and at most 1",
            )
        return value

    def choice(self, key: str, options: Collection[str], default: str | None = None) -> str:
        """One of some words."""
        if key not in self.values and default is not None:
            return default
        return self.one_of(key, self.values[key], options)

    def one_of(self, key: str, node: Located, options: Collection[str]) -> str:
        """The node's text, which must be one of the options."""
        if not isinstance(node.value, str):
            raise self.wrong(key, f"one of {listing(options)}", "write one of these words", node=node)
        if node.value not in options:
            raise self.bad(
                key,
                f"{shorten(node.value)} is not a value of `{self.name(key)}`",
                hint=suggestion(node.value, options),
                fix=f"write one of {listing(options)}",
                node=node,
            )
        return node.value

    def items(self, key: str, what: str = "a list") -> list[Located]:
        """A list's entries; absent is empty."""
        if key not in self.values:
            return []
        value = self.values[key].value
        if not isinstance(value, list):
            example = value if isinstance(value, str) else "a, b"
            raise self.wrong(key, what, f"write [{example}], or one entry a line after `- `")
        return value

    def inner(self, key: str, *, known: Collection[str], required: Collection[str] = ()) -> Fields:
        """The mapping below a key."""
        return Fields(self.document, self.values[key], self.name(key), self.complaints, known=known, required=required)
