"""What is one condition worth at one row? A JSON object in, a JSON object out.

Bool conditions go through the tables that a release is made of; those of other types, which no strategy can have,
through the evaluator of expressions.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aedile.engine.axes import TRUE, UNKNOWN
from aedile.engine.conditions import ConditionTables, compile_tables, decide
from aedile.errors import AedileError, DataError, define
from aedile.fields import kind_of, listing, shorten, suggestion
from aedile.language.check import Environment, compile_condition
from aedile.language.columns import column_from_python
from aedile.language.evaluation import Table, evaluate, why_unknown
from aedile.language.ir import Comprehension, Const, Node, features_of, walk
from aedile.language.lists import NamedList, list_from_python
from aedile.language.types import BOOL, SCALARS, STRING, Type, list_of, parse_type
from aedile.language.values import from_json, to_json

NOT_A_LINE = define("AED-DATA-080", "A line for eval is not one JSON object.", "item.price > 3")
LINE_TOO_LARGE = define("AED-DATA-081", "A line for eval is too long, or nests too deep.", "a line of 3 MiB")
WRONG_KEYS = define("AED-DATA-082", "A line for eval lacks a key or has one too many.", '{"conditon": "true"}')
BAD_FEATURE = define("AED-DATA-083", "A feature's type in a line for eval is none.", '{"item.price": "float"}')
TOO_MANY = define("AED-DATA-086", "A line for eval asks for too much work.", "a.all(x, a.all(y, x <= y)), a of 5,000")
NOT_DECLARED = define(
    "AED-DATA-084", "A row for eval has a value of a feature that is not declared.", '"row": {"item.prise": 3.5}'
)

MAX_LINE_BYTES = 2 << 20
KEYS = ("condition", "features", "row", "lists")
#: Compiled conditions kept for lines to come, and the longest text of one: together a bound on memory.
KEPT, LONGEST_KEPT = 512, 16 << 10
#: No type that means anything is written with more characters.
_LONGEST_TYPE = 64
#: No schema has more features, no condition asks more lists; to search more names for a misspelt one takes long.
MOST_FEATURES, MOST_LISTS = 4096, 256
#: Elements that comprehensions within one another may visit, so that no line takes noticeable time.
MOST_VISITS = 50_000

_NO_LISTS: Mapping[str, NamedList] = {}
_Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A condition, the types of all features it could use, those it uses, and its tables if it is bool.

    nesting: how deep comprehensions stand in one another. longest: the elements of its longest literal list.
    """

    node: Node
    types: Mapping[str, Type]
    used: Sequence[str]
    tables: ConditionTables | None
    nesting: int
    longest: int


class Evaluator:
    """Answers lines one by one; remembers the conditions it compiled last."""

    def __init__(self) -> None:
        self._compiled: OrderedDict[_Key, Compiled] = OrderedDict()

    def answer(self, line: bytes | str) -> dict[str, Any]:
        """`{"value", "type"}`, `{"value": None, "unknown"}` or `{"error"}`; whatever the line, no exception."""
        try:
            if len(line) > MAX_LINE_BYTES:
                return self.too_long()
            return self._answer(_read(line))
        except AedileError as error:
            return _error(error)
        except RecursionError:
            return _error(DataError(LINE_TOO_LARGE, "the line nests too deep", fix="nest lists as their types do"))

    def too_long(self) -> dict[str, Any]:
        """The answer to a line that nobody should even read."""
        message = f"the line has more than {MAX_LINE_BYTES >> 20} MiB"
        return _error(DataError(LINE_TOO_LARGE, message, hint="one condition and one row a line", fix="shorten it"))

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        lists = _lists(asked["lists"]) if "lists" in asked else _NO_LISTS
        compiled = self._compile(asked["condition"], asked["features"], lists)
        values = _values(asked["row"], compiled.types)
        _refuse_much_work(compiled, values)
        rows = Table({n: column_from_python(compiled.types[n], [values.get(n)]) for n in compiled.used}, 1)
        value = _value(compiled, rows, lists)
        if value is None:
            code, features = why_unknown(compiled.node, rows, lists)
            return {"value": None, "unknown": {"code": code, "features": list(features)}}
        type_ = compiled.node.type
        return {"value": to_json(value, type_), "type": str(type_)}

    def _compile(self, condition: str, features: dict[str, Any], lists: Mapping[str, NamedList]) -> Compiled:
        key = (condition, tuple(features.items()))
        # Tables hold what a list's entries are, so a condition that brings its lists is compiled each time.
        keep = not lists and len(condition) <= LONGEST_KEPT and all(isinstance(t, str) for t in features.values())
        if keep and key in self._compiled:
            self._compiled.move_to_end(key)
            return self._compiled[key]
        if len(features) > MOST_FEATURES:
            raise DataError(
                TOO_MANY, f"{len(features):,} features are declared; {MOST_FEATURES:,} are allowed",
                fix="declare those that the condition asks",
            )  # fmt: skip
        types = {name: _type(name, text) for name, text in features.items()}
        node = compile_condition(condition, Environment(types, {}, lists))
        tables = compile_tables(node, types, lists) if node.type == BOOL else None
        longest = max((len(n.value) for n in walk(node) if isinstance(n, Const) and n.type.element), default=0)
        compiled = Compiled(node, types, sorted(features_of(node)), tables, _nesting(node), longest)
        if keep:
            self._compiled[key] = compiled
            if len(self._compiled) > KEPT:
                self._compiled.popitem(last=False)
        return compiled


def _nesting(node: Node) -> int:
    """How many comprehensions stand in the bodies of one another at most."""
    if isinstance(node, Comprehension):
        return max(_nesting(node.source), 1 + _nesting(node.body))
    return max(map(_nesting, node.children()), default=0)


def _refuse_much_work(compiled: Compiled, values: Mapping[str, Any]) -> None:
    if compiled.nesting < 2:
        return
    lengths = (len(values[name]) for name in compiled.used if isinstance(values.get(name), list))
    visits = max(compiled.longest, *lengths, 0) ** compiled.nesting
    if visits > MOST_VISITS:
        raise DataError(
            TOO_MANY,
            f"comprehensions within one another would visit up to {visits:,} elements; {MOST_VISITS:,} are allowed",
            hint="the work is the length of the longest list to the power of the nesting",
            fix="send shorter lists, or nest less",
        )


def _value(compiled: Compiled, rows: Table, lists: Mapping[str, NamedList]) -> Any:
    if compiled.tables is None:
        return evaluate(compiled.node, rows, lists).to_python()[0]
    found = decide(compiled.tables, rows, lists)[0]
    return None if found == UNKNOWN else bool(found == TRUE)


def _error(error: AedileError) -> dict[str, Any]:
    told = error.to_dict()
    return {"error": {key: told[key] for key in ("code", "message", "span", "hint", "fix")}}


def _read(line: bytes | str) -> dict[str, Any]:
    try:
        text = line.decode("utf-8-sig") if isinstance(line, bytes) else line
        asked = json.loads(text, object_pairs_hook=_once, parse_constant=_no_token)
    except json.JSONDecodeError as error:
        raise _not_a_line(f"{error.msg[:1].lower()}{error.msg[1:]}, column {error.colno}") from None
    except UnicodeDecodeError as error:
        raise _not_a_line(f"byte {error.start + 1} is not UTF-8") from None
    except ValueError:  # Python refuses to read an integer of thousands of digits
        raise _not_a_line("a number has thousands of digits") from None
    if not isinstance(asked, dict):
        raise _not_a_line(f"it is {kind_of(asked)}, not an object")
    for key in asked:
        if key not in KEYS:
            hint = suggestion(key, KEYS) or f"keys: {listing(KEYS)}"
            raise DataError(WRONG_KEYS, f"{shorten(key)} is not a key of a line", hint=hint, fix="correct the name")
    if "condition" not in asked:
        raise DataError(WRONG_KEYS, "`condition` is missing", fix='add "condition": "item.price > 3.0"')
    for key, kind, named in (("condition", str, "a text"), ("features", dict, "an object"), ("row", dict, "an object")):
        if not isinstance(asked.setdefault(key, {}), kind):
            message = f"`{key}` is {kind_of(asked[key])}, not {named}"
            raise DataError(WRONG_KEYS, message, fix=f"make it {named}")
    return asked


def _not_a_line(what: str) -> DataError:
    return DataError(
        NOT_A_LINE,
        f"the line is not a JSON object: {what}",
        hint="each line holds one whole object",
        fix='write {"condition": "item.price > 3.0", "features": {"item.price": "double"}, "row": {"item.price": 3.5}}',
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _not_a_line(f"the key {shorten(twice)} stands twice")
    return found


def _no_token(token: str) -> Any:
    raise _not_a_line(f'{token} is not JSON; a double that is not finite is written "{token}"')


def _type(name: str, text: Any) -> Type:
    type_ = parse_type(text) if isinstance(text, str) and len(text) <= _LONGEST_TYPE else None
    if type_ is None:
        types = [*SCALARS, "list(string)"]
        near = suggestion(text, types) if isinstance(text, str) and len(text) <= _LONGEST_TYPE else None
        shown = shorten(text) if isinstance(text, str) else kind_of(text)
        raise DataError(
            BAD_FEATURE,
            f"{shown} is not a type of the feature {shorten(name)}",
            hint=near or f"types: {listing(types)}",
            fix=f"write one of {listing(types)}",
        )
    return type_


def _values(row: dict[str, Any], types: Mapping[str, Type]) -> dict[str, Any]:
    values = {}
    for name, value in row.items():
        if name not in types:
            raise DataError(
                NOT_DECLARED,
                f"the row has {shorten(name)}, which `features` does not declare",
                hint=suggestion(name, types) or (f"declared: {listing(types)}" if types else "no feature is declared"),
                fix="correct the name, or declare it",
            )
        try:
            values[name] = from_json(value, types[name])
        except DataError as error:
            raise DataError(error.code, f"{shorten(name)}: {error.message}", hint=error.hint, fix=error.fix) from None
    return values


def _lists(lists: Any) -> dict[str, NamedList]:
    if not isinstance(lists, dict):
        raise DataError(WRONG_KEYS, f"`lists` is {kind_of(lists)}, not an object", fix='write {"recalled": ["a", "b"]}')
    if len(lists) > MOST_LISTS:
        raise DataError(TOO_MANY, f"{len(lists):,} lists are sent; {MOST_LISTS} are allowed", fix="send those asked")
    return {name: list_from_python(name, dict.fromkeys(_texts(name, texts))) for name, texts in lists.items()}


def _texts(name: str, texts: Any) -> list[str]:
    try:
        entries = from_json(texts, list_of(STRING))
    except DataError as error:
        raise DataError(error.code, f"list {shorten(name)}: {error.message}", hint=error.hint, fix=error.fix) from None
    return entries or []
