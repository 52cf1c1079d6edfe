"""How is a feature said once, so that catalogue and backtest compute the same of it?

A file of definitions (YAML) names for each feature the kind of facts it comes from, the column that names its entity,
an aggregate in portable SQL, and a window that ends where the value is asked for. No time but that one can be named: a
value is made of what happened and had arrived strictly before it, and of nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from aedile.documents import read_document
from aedile.errors import AedileError, DataError, Errors, Place, define
from aedile.facts.kinds import FactKind
from aedile.facts.portable import check
from aedile.facts.portable_dialect import PortableSubset
from aedile.facts.portable_types import group
from aedile.facts.schemas import KINDS, kind_of
from aedile.fields import Complaints, Fields, listing
from aedile.language.features import CANDIDATE_KINDS

BAD_FILE = define("AED-DATA-147", "A file of definitions does not hold what it should.", "features: [a, b]")
BAD_DEFINITION = define("AED-DATA-148", "A definition of a feature cannot be.", "value: amount, which is no aggregate")
_COMPLAINTS = Complaints(DataError, BAD_FILE, BAD_FILE, BAD_FILE, BAD_DEFINITION)
_KEYS = ("facts", "entity", "value", "where", "window", "freshness", "type", "meaning")
_REQUIRED = ("facts", "entity", "value", "freshness", "type", "meaning")
#: The types that a feature made of facts may have, and the groups of SQL that they are.
TYPES: Mapping[str, frozenset[str]] = {
    "double": frozenset(("real", "whole")), "int": frozenset(("whole",)), "string": frozenset(("text",)),
    "bool": frozenset(("truth",)), "timestamp": frozenset(("moment",)),
}  # fmt: skip
_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_SPAN = re.compile(r"(\d{1,5})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
#: The columns that requests of `point_in_time` have.
NUMBER, ENTITY, ASKED = "request_number", "request_entity", "request_at"


@dataclass(frozen=True, slots=True)
class Definition:
    """A feature. value, where: trees over the columns of the facts. window: None for all that is known. freshness: how
    old a value may get before it is no longer known."""

    name: str
    facts: str
    entity: str
    value: exp.Expr
    where: exp.Expr | None
    window: timedelta | None
    freshness: timedelta
    type: str
    meaning: str

    @property
    def kind(self) -> str:
        """Of which kind its entities are."""
        return self.name.partition(".")[0]

    @property
    def own(self) -> str:
        """Its name without the kind."""
        return self.name.partition(".")[2]

    def at(self, moment: datetime) -> tuple[exp.Query, dict[str, Any]]:
        """A query of (id, value) of every entity of which something was known at a moment, and its values."""
        values: dict[str, Any] = {"asked": moment}
        known = [_before("at"), _before("received_at")]
        if self.window is not None:
            values["since"] = moment - self.window
            known.append(exp.GTE(this=exp.column("at"), expression=exp.Placeholder(this="since")))
        select = exp.select(exp.alias_(exp.column(self.entity), "id"), exp.alias_(self.value.copy(), "value"))
        select = select.from_(self.facts).where(*known, *self._conditions(), copy=False)
        return select.group_by(exp.column(self.entity)).order_by(exp.column(self.entity)), values

    def point_in_time(self, requests: exp.Query) -> tuple[exp.Query, dict[str, Any]]:
        """A query of (request_number, value): for each request what was known strictly before it; none where nothing
        was. requests: a query of `request_number`, `request_entity` and `request_at`."""
        asked = exp.column(ASKED)
        known: list[exp.Expr] = [
            exp.EQ(this=exp.column(self.entity), expression=exp.column(ENTITY)),
            exp.LT(this=exp.column("at"), expression=asked.copy()),
            exp.LT(this=exp.column("received_at"), expression=asked.copy()),
        ]
        values: dict[str, Any] = {}
        if self.window is not None:
            values["window"] = self.window // timedelta(microseconds=1)
            age = exp.Anonymous(this="micros_between", expressions=[exp.column("at"), asked.copy()])
            known.append(exp.LTE(this=_own(age), expression=exp.Placeholder(this="window")))
        select = exp.select(exp.column(NUMBER), exp.alias_(self.value.copy(), "value")).from_(self.facts)
        select = select.join(requests.subquery("requests"), on=exp.and_(*known), copy=False)
        return select.where(*self._conditions()).group_by(exp.column(NUMBER)).order_by(exp.column(NUMBER)), values

    def _conditions(self) -> list[exp.Expr]:
        found: list[exp.Expr] = [exp.Not(this=exp.Is(this=exp.column(self.entity), expression=exp.Null()))]
        if self.entity == "entity":
            found.append(exp.EQ(this=exp.column("kind"), expression=exp.Literal.string(self.kind)))
        if self.where is not None:
            found.append(exp.Paren(this=self.where.copy()))
        return found


def _own(node: exp.Anonymous) -> exp.Expr:
    from aedile.facts.portable_functions import own_call

    return own_call(str(node.this), node.expressions)


def _before(column: str) -> exp.Expr:
    return exp.LT(this=exp.column(column), expression=exp.Placeholder(this="asked"))


def read_definitions(path: Path) -> list[Definition]:
    """The definitions of a file, or of all `.yaml` files in a folder; `Errors` with all that is wrong."""
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    found: dict[str, Definition] = {}
    errors: list[AedileError] = []
    for file in files:
        try:
            for one in _of_file(file, errors):
                if one.name in found:
                    errors.append(_bad(file, one.name, f"`{one.name}` is defined twice", "keep one of them"))
                found[one.name] = one
        except AedileError as error:
            errors.append(error)
    if not files:
        errors.append(_bad(path, None, "there are no files of definitions", "name a folder that has some: *.yaml"))
    if errors:
        raise Errors(errors)
    return list(found.values())


def _of_file(file: Path, errors: list[AedileError]) -> list[Definition]:
    document = read_document(file)
    top = Fields(document, document.root, "", _COMPLAINTS, known=("features",), required=("features",))
    found = []
    features = Fields(
        document, top.values["features"], "features", _COMPLAINTS, known=top.values["features"].value or ()
    )
    for name in features.values:
        try:
            found.append(_definition(name, features.inner(name, known=_KEYS, required=_REQUIRED)))
        except AedileError as error:
            errors.append(error)
    return found


def _definition(name: str, fields: Fields) -> Definition:
    kind_name = name.partition(".")[0]
    if not _NAME.fullmatch(name) or kind_name not in CANDIDATE_KINDS:
        raise fields.error(
            BAD_DEFINITION, f"`{name}` is no name of a feature", key="meaning",
            fix=f"write kind.name, with a kind of {listing(CANDIDATE_KINDS)}",
        )  # fmt: skip
    kind = kind_of(fields.one_of("facts", fields.values["facts"], list(KINDS)))
    entity = fields.one_of("entity", fields.values["entity"], list(kind.fields))
    if entity not in ("entity", kind_name):
        raise fields.bad(
            "entity", f"`{entity}` does not name a {kind_name}", fix=f"write {kind_name} or entity, whichever there is"
        )
    where = fields.text("where", None)
    made = Definition(
        name, kind.name, entity, _tree(fields, "value"), _tree(fields, "where") if where is not None else None,
        _span(fields, "window") if fields.has("window") else None, _span(fields, "freshness"),
        fields.choice("type", list(TYPES)), fields.text("meaning"),
    )  # fmt: skip
    _check(made, kind, fields)
    return made


def _tree(fields: Fields, key: str) -> exp.Expr:
    text = fields.text(key) if key == "value" else fields.text(key, None) or ""
    try:
        tree = sqlglot.parse_one(f"SELECT {text}", read=PortableSubset)
    except SqlglotError as error:
        said = str(error).splitlines()[0][:200]
        raise fields.bad(key, f"`{fields.name(key)}` cannot be read: {said}", fix="correct it") from None
    if not isinstance(tree, exp.Select) or len(tree.expressions) != 1 or set(_given(tree)) != {"expressions"}:
        raise fields.bad(key, f"`{fields.name(key)}` is not one expression", fix="leave SELECT, FROM and the like out")
    found: exp.Expr = tree.expressions[0].unalias()
    for banned, what in ((exp.Query, "another query"), (exp.Window, "a window function"), (exp.Placeholder, "a value")):
        if found.find(banned) is not None:
            raise fields.bad(
                key, f"`{fields.name(key)}` holds {what}", hint="it is made of the facts of its window alone",
                fix="write it without",
            )  # fmt: skip
    tree.expressions[0].pop()
    return found


def _given(tree: exp.Select) -> list[str]:
    return [name for name, value in tree.args.items() if value not in (None, False, [])]


def _check(made: Definition, kind: FactKind, fields: Fields) -> None:
    """That engines take it, that the value is an aggregate and the condition none, and of which type the value is."""
    query, values = made.at(datetime.fromisoformat("2026-01-01T00:00:00+00:00"))
    try:
        tree = check(query, {kind.name: kind.schema}, values)
    except DataError as error:
        place = "where" if made.where is not None and "where" in str(error.message) else "value"
        raise fields.bad(place, error.message, hint=error.hint, fix=error.fix) from None
    if made.value.find(exp.AggFunc) is None:
        raise fields.bad("value", "the value is no aggregate", hint="many facts make one value", fix="such as count(*)")
    if made.where is not None and made.where.find(exp.AggFunc) is not None:
        raise fields.bad("where", "the condition holds an aggregate", fix="put the condition into count_if or sum_if")
    found = group(tree.selects[1])
    if found not in TYPES[made.type]:
        raise fields.bad("type", f"the value is {found}, not {made.type}", fix="correct the type, or the value")


def _span(fields: Fields, key: str) -> timedelta:
    text = fields.text(key, None) or ""
    found = _SPAN.fullmatch(text)
    if found is None or int(found[1]) == 0:
        raise fields.bad(key, f"`{text}` is no length of time", fix="write 30d, 12h or 15m")
    return int(found[1]) * _UNITS[found[2]]


def _bad(file: Path, name: str | None, what: str, fix: str) -> DataError:
    return DataError(BAD_DEFINITION, what, place=Place(str(file), field=name), fix=fix)


def by_kind(definitions: Sequence[Definition]) -> dict[str, list[Definition]]:
    """The definitions by the kind of their entities."""
    found: dict[str, list[Definition]] = {}
    for one in definitions:
        found.setdefault(one.kind, []).append(one)
    return found
