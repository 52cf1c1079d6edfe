"""Which features are there, of which kind of entity, and what do they mean?

A schema is read from one YAML file::

    entities:
      item:
        meaning: A product listing.
        features:
          price:     {type: double, unit: USD, meaning: Price as shown., missing: never}
          seller_id: {type: string, meaning: Who sells it.}
      seller:
        meaning: Who sells.
        features:
          age: {type: duration, meaning: Time since the shop opened., freshness: 48h}
      request:
        features:
          is_first_visit: {type: bool, meaning: Whether the shopper is new.}
    joins:
      - {from: item.seller_id, to: seller}
    dependencies:
      - [item.category, item.department]   # their values occur only in the pairs the catalogue holds
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from aedile.documents import Document, Located, parse_document, read_document
from aedile.errors import Code, Place, SchemaError, define
from aedile.fields import Complaints, Fields, listing, suggestion
from aedile.language.features import BUILT_IN, CANDIDATE_KINDS, KINDS, REQUEST, RESERVED, FeatureSpec, Join, Schema
from aedile.language.types import SCALARS, STRING, Type, list_of, parse_type
from aedile.language.values import parse_duration

__all__ = [
    "BUILT_IN",
    "CANDIDATE_KINDS",
    "KINDS",
    "REQUEST",
    "RESERVED",
    "FeatureSpec",
    "Join",
    "Schema",
    "load_schema",
    "parse_schema",
]

UNKNOWN_KEY = define("AED-SCHEMA-001", "A key of the schema is not known.", "entities: {item: {feature: {}}}")
MISSING_KEY = define("AED-SCHEMA-002", "A required key of the schema is missing.", "price: {type: double}")
WRONG_KIND = define("AED-SCHEMA-003", "A value of the schema is of the wrong kind.", "entities: [item]")
BAD_VALUE = define("AED-SCHEMA-004", "A value of the schema is not one that can be.", "missing: sometimes")
BAD_NAME = define("AED-SCHEMA-005", "A feature's name cannot be used in a condition.", "features: {late-rate: {}}")
BAD_TYPE = define("AED-SCHEMA-006", "A feature's type is not one of the language.", "price: {type: float}")
BAD_JOIN = define("AED-SCHEMA-007", "A join cannot be followed.", "joins: [{from: item.seller, to: seller}]")
BAD_DEPENDENCY = define("AED-SCHEMA-008", "A dependency names features it cannot.", "dependencies: [[item.x, item.y]]")
_COMPLAINTS = Complaints(SchemaError, UNKNOWN_KEY, MISSING_KEY, WRONG_KIND, BAD_VALUE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS_OF_THE_LANGUAGE = frozenset({"in", "true", "false", "null", "has", "param"})
#: What people call a type elsewhere.
_TYPE_MISTAKES = {
    **dict.fromkeys(("float", "number", "decimal", "float64", "real"), "double"),
    **dict.fromkeys(("integer", "int64", "long", "bigint", "uint"), "int"),
    **dict.fromkeys(("str", "text", "varchar"), "string"),
    **dict.fromkeys(("datetime", "date", "time"), "timestamp"),
    **dict.fromkeys(("timedelta", "interval"), "duration"),
    **dict.fromkeys(("list", "array", "strings", "list of string", "list of strings", "list[string]"), "list(string)"),
    "boolean": "bool",
}


def load_schema(path: Path | str) -> Schema:
    """The schema in a file; a `SchemaError` (or `DataError`, where it is no YAML) says what is wrong and where."""
    return _read(read_document(Path(path)))


def parse_schema(text: str, file: str = "schema.yaml") -> Schema:
    """The schema in a text; `file` is only named in errors."""
    return _read(parse_document(text, file))


def _read(document: Document) -> Schema:
    top = Fields(
        document,
        document.root,
        "",
        _COMPLAINTS,
        known=("entities", "joins", "dependencies"),
        required=("entities",),
    )
    entities = top.inner("entities", known=(*KINDS, REQUEST))
    meanings: dict[str, str] = {}
    features: dict[str, FeatureSpec] = {}
    for kind in entities.values:
        entity = entities.inner(
            kind, known=("meaning", "features"), required=() if kind == REQUEST else ("meaning", "features")
        )
        meanings[kind] = entity.text("meaning", None) or "One call for decisions."
        for name in _names_of(entity, kind):
            spec = _feature(entity, kind, name)
            features[spec.name] = spec
    if not any(kind in CANDIDATE_KINDS for kind in meanings):
        raise top.bad("entities", "no entity a candidate could be of", fix=f"declare one of {listing(CANDIDATE_KINDS)}")
    schema = Schema(meanings, features, (), (), document.file)
    joins = tuple(_join(top, node, schema) for node in top.items("joins"))
    _one_path_each(top, meanings, joins)
    groups = tuple(_dependency(top, node, schema) for node in top.items("dependencies"))
    return Schema(meanings, features, joins, groups, document.file)


def _names_of(entity: Fields, kind: str) -> list[str]:
    if not entity.has("features"):
        return []
    node = entity.values["features"]
    if not isinstance(node.value, dict):
        raise entity.wrong("features", "a mapping of names to features", "write `name: {type: …, meaning: …}`")
    names = list(node.value)
    for name in names:
        line, column = (node.keys or {})[name]
        place = Place(entity.document.file, line, column, entity.name("features"))
        if not _NAME.fullmatch(name) or name in _WORDS_OF_THE_LANGUAGE:
            plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "name"
            raise SchemaError(
                BAD_NAME,
                f"`{name}` cannot be a feature's name",
                place=place,
                hint=f"conditions read it as `{kind}.{name}`: letters, digits and _ of ASCII, no word of the language",
                fix=f"call it `{plain if plain not in _WORDS_OF_THE_LANGUAGE else plain + '_'}`",
            )
        if name in RESERVED or f"{kind}.{name}" in BUILT_IN:
            raise SchemaError(
                BAD_NAME,
                f"`{kind}.{name}` is built in and cannot be declared",
                place=place,
                hint=f"built in: {listing([*(BUILT_IN if kind == REQUEST else [kind + '.id']), 'as_of'])}",
                fix="delete it here; conditions can use it without",
            )
    return names


def _feature(entity: Fields, kind: str, name: str) -> FeatureSpec:
    holder = Fields(
        entity.document,
        entity.values["features"],
        entity.name("features"),
        _COMPLAINTS,
        known=entity.values["features"].value,
    )
    fields = holder.inner(
        name,
        known=("type", "unit", "meaning", "missing", "source", "freshness"),
        required=("type", "meaning"),
    )
    type_ = _type(fields)
    source = fields.choice("source", ("entity", "request"), "request" if kind == REQUEST else "entity")
    if kind == REQUEST and source != "request":
        raise fields.bad("source", "a feature of the request comes with the request", fix="write `source: request`")
    freshness = None
    if fields.has("freshness"):
        text = fields.text("freshness")
        freshness = parse_duration(text)
        if freshness is None or freshness <= 0:
            raise fields.bad(
                "freshness",
                f'"{text}" is not a time span above zero',
                hint="units: h, m, s, ms, us",
                fix="write it as `24h` or `15m`",
            )
        if source == "request":
            raise fields.bad(
                "freshness",
                "a feature sent with the request is always fresh",
                fix="delete `freshness`, or `source: request`",
            )
    return FeatureSpec(
        f"{kind}.{name}",
        type_,
        fields.text("meaning"),
        fields.text("unit", None),
        fields.choice("missing", ("allowed", "never"), "allowed") == "allowed",
        source,
        freshness,
    )


def _type(fields: Fields) -> Type:
    text = fields.text("type")
    type_ = parse_type(text)
    if type_ is not None and (type_.element is None or type_ == list_of(STRING)):
        return type_
    names = [*SCALARS, "list(string)"]
    mistaken = _TYPE_MISTAKES.get(text.lower()) or ("list(string)" if type_ is not None else None)
    raise fields.error(
        BAD_TYPE,
        f'"{text}" is not a type of a feature',
        fields.values["type"],
        key="type",
        hint=(f"did you mean `{mistaken}`?" if mistaken else suggestion(text, names)) or f"types: {listing(names)}",
        fix=f"write one of {listing(names)}",
    )


def _join(top: Fields, node: Located, schema: Schema) -> Join:
    fields = Fields(top.document, node, "joins", _COMPLAINTS, known=("from", "to"), required=("from", "to"))
    source, to = fields.text("from"), fields.one_of("to", fields.values["to"], CANDIDATE_KINDS)
    _declared(fields, fields.values["from"], source, schema, BAD_JOIN)
    spec = schema.features[source]
    if spec.type != STRING:
        raise fields.error(
            BAD_JOIN,
            f"`{source}` is of type {spec.type} and cannot hold the id of a {to}",
            fields.values["from"],
            hint="ids are strings",
            fix=f"declare `{source}` as a string, or join from another feature",
        )
    if to not in schema.kinds:
        raise fields.error(
            BAD_JOIN,
            f"the schema has no entity `{to}` to join",
            fields.values["to"],
            hint=f"it has {listing(schema.kinds)}",
            fix=f"declare `{to}` under `entities`",
        )
    if spec.kind == REQUEST or to == spec.kind:
        raise fields.error(
            BAD_JOIN,
            f"a join from `{source}` to `{to}` leads nowhere",
            node,
            hint="joins lead from one entity to another",
            fix="delete the join",
        )
    return Join(source, to)


def _declared(fields: Fields, node: Located, name: object, schema: Schema, code: Code) -> None:
    if name not in schema.features:
        raise fields.error(
            code,
            f"`{name}` is not a declared feature",
            node,
            hint=suggestion(str(name), schema.features) or "write the full name, e.g. `item.seller_id`",
            fix="correct the name, or declare the feature under `entities`",
        )


def _one_path_each(top: Fields, meanings: Mapping[str, str], joins: tuple[Join, ...]) -> None:
    """Refuses joins by which one entity is reached in two ways: `seller.age` would not say whose age it is."""
    for start in meanings:
        reached = {start: "itself"}
        open_ = [start]
        while open_:
            current = open_.pop()
            for number, join in enumerate(joins):
                if join.kind != current:
                    continue
                if join.to in reached:
                    raise top.error(
                        BAD_JOIN,
                        f"`{join.to}` is reached from `{start}` in two ways: by {reached[join.to]} and `{join.source}`",
                        top.values["joins"].value[number],
                        hint=f"`{join.to}.…` in a condition could mean either",
                        fix="delete one of the joins",
                    )
                reached[join.to] = f"`{join.source}`"
                open_.append(join.to)


def _dependency(top: Fields, node: Located, schema: Schema) -> tuple[str, ...]:
    if not isinstance(node.value, list):
        raise top.wrong(
            "dependencies", "a list of lists of features", "write `- [item.category, item.department]`", node=node
        )
    names = tuple(entry.value for entry in node.value)
    for entry in node.value:
        _declared(top, entry, entry.value, schema, BAD_DEPENDENCY)
    kinds = {schema.features[name].kind for name in names}
    listed = any(schema.features[name].type.element for name in names)
    if len(set(names)) != len(names) or len(names) < 2 or len(kinds) != 1 or listed or REQUEST in kinds:
        raise top.error(
            BAD_DEPENDENCY,
            f"[{listing(names)}] is not a dependency",
            node,
            hint="it names at least two different features of one entity, none of them a list",
            fix="write `- [item.category, item.department]`",
        )
    return names
