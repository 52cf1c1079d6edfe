"""What does a file written by a person say, and where does each word of it stand?

Reads YAML 1.2 (core schema, so `NO` is Norway) and with it JSON, without what makes YAML hard to review: anchors,
tags, several documents and duplicate keys are refused. Every value knows its line and column.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from aedile.errors import DataError, Place, define

#: Nobody writes a megabyte of strategy; what is larger is something else under a wrong name.
MAX_BYTES = 1 << 20
#: A strategy nests five deep; the bound keeps hostile input from costing anything.
MAX_DEPTH = 40

UNREADABLE = define("AED-DATA-001", "The file cannot be read.", "aedile check --schema no-such-file.yaml")
TOO_LARGE = define("AED-DATA-002", "The file is larger than a file of its kind may be.", "a schema.yaml of 2 MiB")
NOT_UTF8 = define("AED-DATA-003", "The file is not text in UTF-8.", "a file saved as Latin-1 or UTF-16")
NOT_YAML = define("AED-DATA-004", "The file is not well-formed YAML.", "why: Shoppers report: counterfeits")
DUPLICATE_KEY = define("AED-DATA-005", "One key stands twice in a mapping.", "{rank: 1, rank: 2}")
NOT_PLAIN = define("AED-DATA-006", "The file uses a YAML feature that is left out here.", "defaults: &d {share: 0.1}")
TOO_DEEP = define("AED-DATA-007", "The file nests deeper than any file of its kind.", "[[[[…]]]], 41 deep")
EMPTY = define("AED-DATA-008", "The file holds nothing.", "an empty schema.yaml")

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **{sign + word: float(sign + "inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_WORD_INITIALS = frozenset(word[:1] for word in _WORDS)
_NUMBER_INITIALS = frozenset("+-.0123456789")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True, eq=False)
class Located:
    """A value of a file with its place (lines and columns start at 1; start and end are code points of the file).

    value: str, int, float, bool or None; a dict of text to Located; a list of Located.
    style: how a scalar is written: "" plain, "'" or '"' quoted, "|" literal, ">" folded; None for the others.
    keys: for a mapping, the line and column of each key.
    """

    value: Any
    line: int
    column: int
    start: int
    end: int
    style: str | None = None
    keys: dict[str, tuple[int, int]] | None = None

    def plain(self) -> Any:
        """The value without places: dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A file's content: its name, its text and its outermost value."""

    file: str
    text: str
    root: Located

    def place_in(self, scalar: Located, offset: int) -> tuple[int, int]:
        """Line and column in the file of a code point of a text value, however the text is quoted or folded.

        The value and its source differ in white space and quotes alone (escapes apart), so the n-th visible character
        of one is the n-th of the other. Where the source has escapes, the place is where the value starts.
        """
        value: str = scalar.value
        source = self.text[scalar.start : scalar.end]
        body = source.find("\n") + 1 if scalar.style in ("|", ">") else len(scalar.style or "")
        if scalar.style == '"' and "\\" in source:
            return scalar.line, scalar.column
        double = scalar.style == "'"
        wanted = sum(not c.isspace() for c in value[:offset])
        past_end = offset >= len(value.rstrip())
        seen, at = 0, body
        while at < len(source):
            if not source[at].isspace():
                if seen == wanted - past_end:
                    break
                seen += 1
                at += double and source.startswith("''", at)
            at += 1
        at = scalar.start + at + past_end
        before = self.text.rfind("\n", 0, at)
        return self.text.count("\n", 0, at) + 1, at - before


def read_document(path: Path, max_bytes: int = MAX_BYTES) -> Document:
    """The content of a YAML or JSON file; a `DataError` says what keeps it from being read."""
    file = str(path)
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise DataError(
                TOO_LARGE,
                f"the file has {size:,} bytes, the most is {max_bytes:,}",
                place=Place(file),
                hint="schemas and strategies are short texts written by people",
                fix="check that this is the file you meant; long lists of ids go to lists/<name>.txt",
            )
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
    return parse_document(decode(data, file), file)


def unreadable(path: Path | str, error: OSError) -> DataError:
    """The error for a file that cannot be opened or read."""
    reason = os.strerror(error.errno).lower() if error.errno else "it cannot be opened"
    return DataError(
        UNREADABLE,
        f"the file cannot be read: {reason}",
        place=Place(str(path)),
        fix="check the path and its permissions",
    )


def decode(data: bytes, file: str) -> str:
    """The bytes as UTF-8 text (a byte order mark is dropped), or a `DataError` that names the first bad byte."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = error.start
        line = data.count(b"\n", 0, at) + 1
        column = len(data[data.rfind(b"\n", 0, at) + 1 : at].decode("utf-8", "replace")) + 1
        raise DataError(
            NOT_UTF8,
            f"the byte 0x{data[at]:02x} is not UTF-8",
            place=Place(file, line, column),
            hint="the file was saved in another encoding, such as Latin-1, Windows-1252 or UTF-16",
            fix="save the file as UTF-8",
        ) from None


def parse_document(text: str, file: str) -> Document:
    """The content of a YAML or JSON text; `file` is only named in errors."""
    bad = _FORBIDDEN.search(text)
    if bad:
        at = bad.start()
        raise DataError(
            NOT_YAML,
            f"the file holds the control character U+{ord(bad.group()):04X}",
            place=Place(file, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)),
            hint="such a character is invisible and not allowed in YAML",
            fix="delete it; inside double quotes it can be written as an escape such as \\x00",
        )
    return Document(file, text, _Builder(file, text).build())


class _Builder:
    """Puts located values together from the parser's events, with a stack of its own (no recursion on the input)."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.root: Located | None = None
        self.open: list[Located] = []
        self.keys: list[tuple[str, int, int] | None] = []

    def build(self) -> Located:
        try:
            for event in yaml.parse(self.text, Loader=_LOADER):
                self._take(event)
        except yaml.MarkedYAMLError as error:
            raise _not_yaml(error, self.text, self.file) from None
        if self.root is None:
            raise DataError(
                EMPTY, "the file is empty", place=Place(self.file), fix="write its content, or delete the file"
            )
        return self.root

    def _take(self, event: Any) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._plain_only(event)
            self._scalar(event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._plain_only(event)
            mapping = kind is yaml.MappingStartEvent
            mark = event.start_mark
            node = Located(
                {} if mapping else [],
                mark.line + 1,
                mark.column + 1,
                mark.index,
                mark.index,
                None,
                {} if mapping else None,
            )
            if len(self.open) >= MAX_DEPTH:
                raise DataError(
                    TOO_DEEP,
                    f"the file nests more than {MAX_DEPTH} deep",
                    place=Place(self.file, node.line, node.column),
                    fix="close the brackets and braces that were opened before",
                )
            self._add(node)
            self.open.append(node)
            self.keys.append(None)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self.open.pop().end = event.end_mark.index
            self.keys.pop()
        elif kind is yaml.AliasEvent:
            raise self._refuse(event.start_mark, f"`*{event.anchor}` refers to another part of the file", "alias")
        elif kind is yaml.DocumentStartEvent and self.root is not None:
            raise self._refuse(event.start_mark, "a second document starts with `---`", "document")

    def _scalar(self, event: Any) -> None:
        mark = event.start_mark
        style = event.style or ""
        value = event.value
        if style == "" and event.implicit[0]:
            value = self._resolve(value, mark)
        node = Located(value, mark.line + 1, mark.column + 1, mark.index, event.end_mark.index, style)
        if self.open and self.open[-1].keys is not None and self.keys[-1] is None:
            self._key(node)
        else:
            self._add(node)

    def _key(self, node: Located) -> None:
        mapping = self.open[-1]
        assert mapping.keys is not None
        place = Place(self.file, node.line, node.column)
        if not isinstance(node.value, str):
            written = self.text[node.start : node.end]
            raise DataError(
                NOT_PLAIN,
                f"the key `{written}` is not a text" if written else "a key is missing before the colon",
                place=place,
                hint="YAML reads it as a number, a truth value or null",
                fix=f'put it into quotes: "{written}"' if written else "write the key",
            )
        if node.value in mapping.keys:
            line, _ = mapping.keys[node.value]
            raise DataError(
                DUPLICATE_KEY,
                f"the key `{node.value}` stands twice, first in line {line}",
                place=place,
                hint="only one of the two could count",
                fix="delete one of them",
            )
        mapping.keys[node.value] = (node.line, node.column)
        self.keys[-1] = (node.value, node.line, node.column)

    def _add(self, node: Located) -> None:
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        if parent.keys is None:
            parent.value.append(node)
            return
        key = self.keys[-1]
        if key is None:
            raise DataError(
                NOT_PLAIN,
                "a list or mapping stands where a key should",
                place=Place(self.file, node.line, node.column),
                hint="text that starts with [ or { must be quoted",
                fix="make the key a text",
            )
        parent.value[key[0]] = node
        self.keys[-1] = None

    def _resolve(self, text: str, mark: Any) -> Any:
        """What a plain scalar means in YAML 1.2's core schema."""
        first = text[:1]
        if first in _NUMBER_INITIALS:
            if _INT.fullmatch(text):
                if len(text) > 40:
                    raise DataError(
                        NOT_PLAIN,
                        f"the number {text[:12]}… has {len(text)} digits",
                        place=Place(self.file, mark.line + 1, mark.column + 1),
                        fix="put it into quotes if it is an id",
                    )
                return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
            if _FLOAT.fullmatch(text):
                return float(text)
        if first in _WORD_INITIALS:
            return _WORDS.get(text, text)
        return text

    def _plain_only(self, event: Any) -> None:
        if event.anchor is not None:
            raise self._refuse(event.start_mark, f"`&{event.anchor}` names a part of the file for later use", "anchor")
        if event.tag is not None:
            written = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise self._refuse(event.start_mark, f"`{written}` is a YAML tag", "tag")

    def _refuse(self, mark: Any, message: str, what: str) -> DataError:
        hint, fix = _REFUSED[what]
        return DataError(NOT_PLAIN, message, place=Place(self.file, mark.line + 1, mark.column + 1), hint=hint, fix=fix)


_QUOTE = "put the text into quotes, or below the key after `>`, indented"
_REFUSED = {
    "alias": ("a reader should find a value where it counts; a text that starts with * must be quoted", _QUOTE),
    "anchor": ("a reader should find a value where it counts; a text that starts with & must be quoted", _QUOTE),
    "tag": ("what starts with ! is a tag in YAML; a condition that starts with ! must be quoted", _QUOTE),
    "document": ("one file holds one document", "put the second part into a file of its own"),
}
#: The parser's words, and what a person needs to know: what is wrong, why, and the mend.
_PROBLEMS = {
    "mapping values are not allowed in this context": (
        "a colon stands where none can be",
        "a second `: ` in the line, or a line indented deeper than its neighbours",
        "put a text that holds `: ` into quotes, or align the line with its neighbours",
    ),
    "did not find expected key": (
        "a key should stand here",
        "a text that starts with a quote must end with it, and the keys of a mapping start in one column",
        _QUOTE + "; align the keys",
    ),
    "could not find expected ':'": (
        "a key has no colon",
        "a line without a colon, or a text continued with too little indentation",
        "write `key: value`, or indent the line",
    ),
    "did not find expected ',' or ']'": (
        "a list is not closed",
        "it was opened by [ before",
        "write the missing ] or the comma",
    ),
    "did not find expected ',' or '}'": (
        "a mapping is not closed",
        "it was opened by { before",
        "write the missing } or the comma",
    ),
    "did not find expected '-' indicator": (
        "an entry of a list should stand here",
        "a list's entries all start with - in one column",
        "align the entries",
    ),
    "did not find expected node content": (
        "a value should stand here",
        "a bracket, a brace or a comma cannot start one",
        _QUOTE,
    ),
    "found unexpected end of stream": (
        "a quoted text is not closed",
        "it runs to the end of the file",
        "write the closing quote",
    ),
    "found unknown escape character": (
        "a backslash escapes nothing",
        "inside double quotes a backslash starts an escape such as \\n",
        "write the backslash twice, or use single quotes",
    ),
}


def _not_yaml(error: yaml.MarkedYAMLError, text: str, file: str) -> DataError:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    problem = error.problem or "the text cannot be understood"
    lines = text.split("\n")
    content = lines[line] if line < len(lines) else ""
    character = content[column : column + 1]
    if "\t" in content[: len(content) - len(content.lstrip())]:
        message, hint, fix = "a tab indents this line", "YAML indents by spaces alone", "replace the tab by two spaces"
    elif problem == "found character that cannot start any token":
        message, hint = f"a value cannot start with {character}", f"a text that starts with {character} must be quoted"
        fix = _QUOTE
    elif content.startswith("%"):
        message, hint, fix = "a line starts with %", "such a line is a directive in YAML", _QUOTE
    else:
        other = (problem, "the line cannot be understood", "compare it with an example in the documentation")
        message, hint, fix = _PROBLEMS.get(problem, other)
    if problem == "found unexpected end of stream" and error.context_mark is not None:
        line, column = error.context_mark.line, error.context_mark.column
    return DataError(
        NOT_YAML, f"not well-formed YAML: {message}", place=Place(file, line + 1, column + 1), hint=hint, fix=fix
    )
