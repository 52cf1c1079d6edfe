"""How does a file of somebody else's become facts? By a mapping: for each kind which rows, and each column from where.

::

    facts:
      - kind: orders
        where: [{column: Quantity, above: 0}]
        fields:
          id: {template: "{InvoiceNo}-{line}"}
          at: {column: InvoiceDate, format: "%m/%d/%y %H:%M", zone: Europe/London}
          market: {column: Country, map: {United Kingdom: GB, EIRE: IE}}
          line: {count_within: InvoiceNo}
          item: StockCode
          quantity: Quantity
          amount: {money: UnitPrice, times: Quantity, currency: GBP}
          currency: {constant: GBP}

A kind may stand in it more than once, and a row may become several facts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any, Literal

from aedile.documents import Document, Located, parse_document, read_document
from aedile.errors import DataError, define
from aedile.facts.kinds import FactKind
from aedile.facts.schemas import kind_of
from aedile.facts.trouble import unknown_column
from aedile.facts.zones import zone_named
from aedile.fields import Complaints, Fields, listing, suggestion

UNKNOWN_KEY = define("AED-DATA-092", "A mapping has a key that is not known.", "colum: InvoiceNo")
MISSING_KEY = define("AED-DATA-093", "A mapping lacks a key that must be there.", "a part without fields")
WRONG_KIND = define("AED-DATA-094", "A value of a mapping is of the wrong kind.", "where: Quantity > 0")
BAD_VALUE = define("AED-DATA-095", "A value of a mapping is not one that can be.", "zone: Europe/Londn")
NO_SUCH_COLUMN = define("AED-DATA-096", "A file has no column that its mapping names.", "item: StockCod")
_COMPLAINTS = Complaints(DataError, UNKNOWN_KEY, MISSING_KEY, WRONG_KIND, BAD_VALUE)

Test = Literal["is", "is_not", "above", "below", "prefix", "not_prefix", "missing"]
_TESTS: tuple[Test, ...] = ("is", "is_not", "above", "below", "prefix", "not_prefix", "missing")
Unit = Literal["s", "ms", "us"]


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of a row's column. value: a text or number; for `missing` whether it must be."""

    column: str
    test: Test
    value: Any


@dataclass(frozen=True, slots=True)
class FromColumn:
    """The column's value. map: what stands for what; otherwise: for all others, None to keep them as they are.
    negate: with the other sign. format, zone, unit: of times: as `strptime` has it, in which zone, or since 1970."""

    column: str
    map: Mapping[str, str] | None = None
    otherwise: str | None = None
    negate: bool = False
    format: str | None = None
    zone: str | None = None
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    value: Any


@dataclass(frozen=True, slots=True)
class Template:
    """A text with `{names}` of columns or other fields, `{row}` and `{file}`; null where any of them is missing."""

    text: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Money:
    """Money in units as people write it, made into minor units. times: a column of how many. currency: the code, or
    currency_column: the column that has it."""

    column: str
    times: str | None
    currency: str | None
    currency_column: str | None


@dataclass(frozen=True, slots=True)
class CountWithin:
    """The number of the row among those of its part with the same value, from 1."""

    column: str


Source = FromColumn | Constant | Template | Money | CountWithin


@dataclass(frozen=True, slots=True)
class PartMapping:
    """How rows become facts of one kind."""

    kind: FactKind
    where: Sequence[Condition]
    fields: Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class FileMapping:
    """parts: in their order. columns: all that a file must have."""

    parts: Sequence[PartMapping]

    @property
    def columns(self) -> frozenset[str]:
        return frozenset(name for part in self.parts for name in _columns_of(part))

    def of(self, kind: str) -> FileMapping:
        """The parts of one kind alone."""
        return FileMapping([part for part in self.parts if part.kind.name == kind])

    def require(self, columns: Sequence[str], file: str) -> None:
        """Raises where a file lacks a column."""
        for name in sorted(self.columns - set(columns)):
            raise DataError(
                NO_SUCH_COLUMN,
                f"the file has no column `{name[:60]}`",
                hint=suggestion(name, columns) or f"its columns are {listing(columns, 30)}",
                fix="correct the mapping",
            ).at(file=file)


def plain_mapping(kind: FactKind, columns: Sequence[str]) -> FileMapping:
    """For a file whose columns are called as the kind's are; a `DataError` where one is not."""
    sent = {field.name for field in kind.sent}
    for name in columns:
        if name not in sent:
            raise unknown_column(kind, name)
    return FileMapping([PartMapping(kind, (), {name: FromColumn(name) for name in columns})])


def read_mapping(path: Path) -> FileMapping:
    """The mapping in a file; a `DataError` says what is wrong with it, and where."""
    return _mapping(read_document(path))


def parse_mapping(text: str, file: str = "mapping") -> FileMapping:
    """The mapping in a text."""
    return _mapping(parse_document(text, file))


def _mapping(document: Document) -> FileMapping:
    top = Fields(document, document.root, "", _COMPLAINTS, known=("facts",), required=("facts",))
    parts = [_part(document, node, number) for number, node in enumerate(top.items("facts", "a list of kinds"))]
    if not parts:
        raise top.bad("facts", "`facts` is empty", fix="say which kind is made of the rows")
    return FileMapping(parts)


def _part(document: Document, node: Located, number: int) -> PartMapping:
    path = f"facts[{number}]"
    fields = Fields(document, node, path, _COMPLAINTS, known=("kind", "where", "fields"), required=("kind", "fields"))
    try:
        kind = kind_of(fields.text("kind"))
    except DataError as error:
        raise fields.bad("kind", error.message, hint=error.hint, fix=error.fix) from None
    sent = [field.name for field in kind.sent]
    needed = [field.name for field in kind.sent if field.required]
    inner = fields.inner("fields", known=sent, required=needed)
    sources = {name: _source(document, inner, name, inner.values[name]) for name in inner.values}
    where = [_condition(document, one, f"{path}.where[{i}]") for i, one in enumerate(fields.items("where"))]
    return PartMapping(kind, where, sources)


def _condition(document: Document, node: Located, path: str) -> Condition:
    fields = Fields(document, node, path, _COMPLAINTS, known=("column", *_TESTS), required=("column",))
    tests = [test for test in _TESTS if fields.has(test)]
    if len(tests) != 1:
        raise fields.error(
            MISSING_KEY, f"`{path}` has {len(tests)} tests, not one", fix=f"name one of {listing(_TESTS)}"
        )
    (test,) = tests
    value = fields.values[test].value
    if test in ("above", "below"):
        value = fields.number(test)
    elif test == "missing" and not isinstance(value, bool):
        raise fields.wrong(test, "true or false", "write true")
    elif test in ("prefix", "not_prefix"):
        value = fields.text(test)
    elif isinstance(value, dict | list):
        raise fields.wrong(test, "a text or a number", "write one value")
    return Condition(fields.text("column"), test, value)


_FORMS = ("column", "constant", "template", "money", "count_within")


def _source(document: Document, inner: Fields, name: str, node: Located) -> Source:
    if not isinstance(node.value, dict):
        return FromColumn(inner.text(name))
    form = next((form for form in _FORMS if form in node.value), None)
    path = inner.name(name)
    if form is None:
        raise inner.error(
            MISSING_KEY, f"`{path}` does not say from where", node, fix=f"begin it with one of {listing(_FORMS)}"
        )
    return _READERS[form](document, node, path)


def _from_column(document: Document, node: Located, path: str) -> Source:
    known = ("column", "map", "otherwise", "negate", "format", "zone", "unit")
    fields = Fields(document, node, path, _COMPLAINTS, known=known)
    mapped = None
    if fields.has("map"):
        words = fields.values["map"]
        if not isinstance(words.value, dict):
            raise fields.wrong("map", "a mapping of words to words", "write {United Kingdom: GB}")
        mapped = {key: str(one.value) for key, one in words.value.items()}
    negate = fields.values["negate"].value if fields.has("negate") else False
    if not isinstance(negate, bool):
        raise fields.wrong("negate", "true or false", "write true, or leave it out")
    zone = fields.text("zone", None)
    if zone is not None:
        try:
            zone_named(zone)
        except DataError as error:
            raise fields.bad("zone", error.message, hint=error.hint, fix=error.fix) from None
    unit: Any = fields.choice("unit", ("s", "ms", "us")) if fields.has("unit") else None
    return FromColumn(
        fields.text("column"), mapped, fields.text("otherwise", None), negate, fields.text("format", None), zone, unit
    )


def _constant(document: Document, node: Located, path: str) -> Source:
    fields = Fields(document, node, path, _COMPLAINTS, known=("constant",))
    return Constant(fields.values["constant"].plain())


def _template(document: Document, node: Located, path: str) -> Source:
    fields = Fields(document, node, path, _COMPLAINTS, known=("template",))
    text = fields.text("template")
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise fields.bad(
            "template", f"`{text[:60]}` is no template: {error}", fix="write {Name} for a column"
        ) from None
    names = [name for _, name, _, _ in parts if name is not None]
    if any(name == "" or spec or turned for _, name, spec, turned in parts if name is not None):
        raise fields.bad("template", f"`{text[:60]}` is no template", fix="write {Name} for a column, and no format")
    return Template(text, tuple(names))


def _money(document: Document, node: Located, path: str) -> Source:
    known = ("money", "times", "currency", "currency_column")
    fields = Fields(document, node, path, _COMPLAINTS, known=known)
    if fields.has("currency") == fields.has("currency_column"):
        raise fields.error(
            MISSING_KEY, f"`{path}` needs a currency", hint="its minor units depend on it",
            fix="name `currency`, such as GBP, or `currency_column`",
        )  # fmt: skip
    return Money(
        fields.text("money"), fields.text("times", None), fields.text("currency", None),
        fields.text("currency_column", None),
    )  # fmt: skip


def _count_within(document: Document, node: Located, path: str) -> Source:
    return CountWithin(Fields(document, node, path, _COMPLAINTS, known=("count_within",)).text("count_within"))


_READERS = {
    "column": _from_column, "constant": _constant, "template": _template, "money": _money,
    "count_within": _count_within,
}  # fmt: skip


def _columns_of(part: PartMapping) -> Sequence[str]:
    found = [condition.column for condition in part.where]
    for source in part.fields.values():
        if isinstance(source, FromColumn | CountWithin):
            found.append(source.column)
        elif isinstance(source, Money):
            found += [name for name in (source.column, source.times, source.currency_column) if name]
        elif isinstance(source, Template):
            found += [name for name in source.names if name not in ("row", "file") and name not in part.fields]
    return found
