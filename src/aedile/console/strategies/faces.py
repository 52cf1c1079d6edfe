"""How does one condition look in each of its three faces, and what is wrong with what is being typed in one of them?

CEL is what is kept. SQL and the builder's rows are read into it and written from it; what only CEL can say stays whole
in both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from aedile.errors import LanguageError
from aedile.language import from_builder, from_sql, ir, to_builder, to_cel, to_sql_face
from aedile.language.builder_rows import OPS, VIEWS
from aedile.language.check import Environment, compile_condition, require_bool
from aedile.language.features import BUILT_IN, REQUEST, Schema
from aedile.language.functions import FUNCTIONS
from aedile.language.types import BOOL, DOUBLE, DURATION, INT, NOTHING, STRING, TIMESTAMP, Type, list_of

FACES = ("cel", "sql", "builder")
_SCALARS: dict[type, Type] = {bool: BOOL, int: INT, float: DOUBLE, str: STRING}


@dataclass(frozen=True, slots=True)
class Faces:
    """A condition in every face, or what is wrong with the one it was read from."""

    cel: str = ""
    sql: str = ""
    builder: Mapping[str, Any] | None = None
    errors: tuple[Mapping[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"cel": self.cel, "sql": self.sql, "builder": self.builder, "errors": list(self.errors)}


def read_face(face: str, said: Any, environment: Environment) -> Faces:
    """The condition that was typed in one face (`cel` and `sql`: a text; `builder`: rows and groups), in all of them.

    CEL that was typed as CEL comes back as it was typed. An error has `mended`, the whole text as it would be after
    its fix, where it has one that can be applied.
    """
    read = _READERS[face]
    try:
        node = read(said, environment)
    except LanguageError as error:
        return Faces(errors=(_told(error, face, environment),))
    return Faces(said if face == "cel" else to_cel(node), to_sql_face(node), to_builder(node))


def _read_cel(said: Any, environment: Environment) -> ir.Node:
    node = compile_condition(said, environment)
    require_bool(node, said)
    return node


def _read_sql(said: Any, environment: Environment) -> ir.Node:
    node = from_sql(said, environment)
    require_bool(node, said)
    return node


def _read_builder(said: Any, environment: Environment) -> ir.Node:
    node = from_builder(said, environment)
    require_bool(node, to_cel(node))
    return node


_READERS: dict[str, Callable[[Any, Environment], ir.Node]] = {
    "cel": _read_cel,
    "sql": _read_sql,
    "builder": _read_builder,
}


def _told(error: LanguageError, face: str, environment: Environment) -> dict[str, Any]:
    """The one JSON shape of an error, and the text after its fix. The fix may leave another mistake further on."""
    told = error.to_dict()
    told["mended"] = None
    if error.fix is not None and face != "builder" and error.place.span is not None:
        told["mended"] = error.fix if _mends(error, face, environment) else None
    return told


def _mends(error: LanguageError, face: str, environment: Environment) -> bool:
    assert error.fix is not None
    try:
        _READERS[face](error.fix, environment)
    except LanguageError as other:
        return (other.code, other.message) != (error.code, error.message)
    return True


def environment_for(body: Mapping[str, Any], schema: Schema, lists: Collection[str]) -> Environment:
    """What a condition of this strategy may speak of, as far as it is written yet.

    A kind that is not one of the schema, or a parameter without value, is told elsewhere; here it is left out.
    """
    kind = body.get("applies_to")
    known = kind if kind in schema.kinds and kind != "query" else next(k for k in schema.kinds if k != "query")
    return schema.environment(known, param_types(body.get("params")), lists)


def param_types(params: Any) -> dict[str, Type]:
    """The types of the parameters that have a readable value under `default`."""
    default = params.get("default") if isinstance(params, dict) else None
    found = {}
    for name, value in default.items() if isinstance(default, dict) else ():
        type_ = _type_of(value)
        if type_ is not None:
            found[str(name)] = type_
    return found


def _type_of(value: Any) -> Type | None:
    if isinstance(value, dict):
        return {("duration",): DURATION, ("timestamp",): TIMESTAMP}.get(tuple(value))
    if isinstance(value, list):
        types = {_SCALARS.get(type(entry)) for entry in value}
        if types == {INT, DOUBLE}:
            return list_of(DOUBLE)
        only = types.pop() if len(types) == 1 else None
        return list_of(only) if only is not None else list_of(NOTHING) if not value else None
    return _SCALARS.get(type(value))


# ---------------------------------------------------------------- what there is to write with


def vocabulary(schema: Schema, kind: str, lists: Collection[str]) -> dict[str, Any]:
    """All that an editor completes, explains and offers for candidates of a kind, as JSON."""
    return {
        "features": [_feature(name, type_, schema) for name, type_ in schema.visible_for(kind).items()],
        "functions": [
            {"name": f.name, "form": f.form, "written": f.written, "meaning": f.meaning}
            for f in FUNCTIONS.values()
            if f.form in ("function", "method", "either", "macro")
        ],
        "lists": sorted(lists),
        "ops": list(OPS),
        "views": list(VIEWS),
    }


def _feature(name: str, type_: Type, schema: Schema) -> dict[str, Any]:
    spec = schema.features.get(name)
    kind = name.partition(".")[0]
    meaning = spec.meaning if spec is not None else _BUILT_IN.get(name, f"The id of the {kind}.")
    return {
        "name": name, "type": str(type_), "meaning": meaning, "unit": spec.unit if spec is not None else None,
        "source": "request" if kind == REQUEST or name in BUILT_IN else spec.source if spec is not None else "entity",
    }  # fmt: skip


_BUILT_IN = {
    "request.id": "The request's own id.",
    "request.market": "The market the request comes from.",
    "request.channel": "The channel the request comes from.",
    "request.shopper": "Who asks; unknown where nobody is signed in.",
    "request.query": "What the shopper typed.",
    "request.time": "When the request is decided.",
}
