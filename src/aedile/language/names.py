"""What did the writer mean by a name or a function that does not exist, or is written in another way?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aedile.errors import LanguageError
from aedile.language import faults, ir
from aedile.language.faults import Span, closest, fault, mend
from aedile.language.functions import COMPREHENSIONS, FUNCTIONS, Function
from aedile.language.syntax import Invocation, Name
from aedile.language.types import SCALARS, Type

_CALLABLE = [name for name, function in FUNCTIONS.items() if function.form in ("function", "method", "either", "macro")]
#: Words of other languages and of CEL's dialects, and what is written here.
_MEANT = {
    "existsOne": "exists_one",
    "len": "size",
    "length": "size",
    "count": "size",
    "lower": "lowerAscii",
    "toLower": "lowerAscii",
    "toLowerCase": "lowerAscii",
    "casefold": "lowerAscii",
    "includes": "contains",
    "any": "exists",
    "every": "all",
    "some": "exists",
    "float": "double",
    "str": "string",
    "getYear": "getFullYear",
    "getDay": "getDayOfWeek",
    "exist": "exists",
    "regex": "matches",
    "match": "matches",
    "starts_with": "startsWith",
    "ends_with": "endsWith",
    "isset": "has",
    "defined": "has",
    "normalize": "normalized",
}
_REFUSED = {
    "dyn": "Every value has one type here; convert with int(x), double(x) or string(x).",
    "type": "Types are settled by the schema, so there is nothing to ask at run time.",
    "uint": "There are no unsigned integers; write int(x).",
    "bytes": "There are no bytes; compare strings.",
    "now": "The present is request.time.",
    "optional": "There are no optional values; ask has(x).",
    "cel": "Variables bound by cel.bind are not in the language.",
}
_WORDS = {
    "null": "A feature without value is unknown; ask has(x).",
    "none": "A feature without value is unknown; ask has(x).",
    "nil": "A feature without value is unknown; ask has(x).",
    "undefined": "A feature without value is unknown; ask has(x).",
    "nan": 'Write double("NaN"); x != x is true for NaN alone.',
    "infinity": 'Write double("Infinity").',
    "inf": 'Write double("Infinity").',
}


def unknown(
    syntax: Name, features: Mapping[str, Type], params: Mapping[str, Type], variables: Iterable[str], text: str
) -> LanguageError:
    """The error for a name that is no feature, with the one that was probably meant."""
    parts = syntax.parts
    for length in range(len(parts) - 1, 0, -1):
        prefix = ".".join(parts[:length])
        if prefix in features:
            span = (syntax.ends[length - 1], syntax.end)
            full = closest(".".join(parts), [name for name in features if name.startswith(prefix + ".")])
            return no_field(prefix, features[prefix], parts[length:], span, text, full, syntax.span)
    full = ".".join(parts)
    span = syntax.span
    if len(parts) == 1 and (full.lower() in ("true", "false")):
        return fault(
            faults.UNKNOWN_NAME, f"{full} is written {full.lower()}.", span, fix=mend(text, span, full.lower())
        )
    hint = _WORDS.get(full.lower())
    if hint is None and full in SCALARS:
        hint = f"{full} is a function: {full}(x)."
    near = None
    if hint is None:
        known = [*features, *(f"param.{name}" for name in params), *variables]
        near = closest(full, known)
        if near is None and len(parts) == 1:
            hint = f'A text stands between quotes: "{full}".'
        elif near is None:
            siblings = sorted(name for name in features if name.startswith(parts[0] + "."))
            if siblings:
                hint = f"{parts[0]} has {', '.join(siblings[:5])}{', …' if len(siblings) > 5 else ''}."
    return fault(
        faults.UNKNOWN_NAME,
        f"{full} is not declared." + (f" Did you mean {near}?" if near else ""),
        span,
        hint=hint,
        fix=mend(text, span, near) if near else None,
    )


def param(syntax: Name, params: Mapping[str, Type], text: str) -> ir.Node:
    """The parameter that a name beginning with `param.` stands for."""
    parts = syntax.parts
    name = ".".join(parts[1:])
    type_ = params.get(name)
    if type_ is not None:
        return ir.Param(type_, name, span=syntax.span)
    if len(parts) > 2 and parts[1] in params:
        raise no_field(f"param.{parts[1]}", params[parts[1]], parts[2:], (syntax.ends[1], syntax.end), text)
    near = closest(name, params) if name else None
    listed = ", ".join(f"param.{known}" for known in sorted(params)[:5])
    raise fault(
        faults.UNKNOWN_NAME,
        (
            f"param.{name} is not among the strategy's params."
            if name
            else "param needs the name of a parameter after it."
        )
        + (f" Did you mean param.{near}?" if near else ""),
        syntax.span,
        hint=f"There are {listed}." if listed else "The strategy has no params; add them under params: default.",
        fix=mend(text, syntax.span, f"param.{near}") if near else None,
    )


def no_field(
    owner: str,
    type_: Type,
    fields: list[str],
    span: Span,
    text: str,
    near: str | None = None,
    whole: Span | None = None,
) -> LanguageError:
    """The error for `owner.field` where the owner has no fields; `near` is a name that may stand for the `whole`."""
    name = fields[0]
    fix = mend(text, whole, near) if near and whole else None
    hint = f"Did you mean {near}?" if near else None
    if fix is None and name in FUNCTIONS and len(fields) == 1:
        method = FUNCTIONS[name].form != "function"
        hint = f"{name} is a function: {FUNCTIONS[name].written}."
        fix = mend(text, (span[1], span[1]), "()") if method and name in ("size", "lowerAscii") else None
    elif fix is None and name in ("length", "len", "count"):
        hint, fix = "The length of a text or a list is x.size().", mend(text, span, ".size()")
    article = "an" if type_.name == "int" else "a"
    return fault(faults.NO_FIELD, f"{owner} is {article} {type_} and has no field {name}.", span, hint=hint, fix=fix)


def unknown_function(syntax: Invocation, features: Mapping[str, Type], text: str) -> LanguageError:
    """The error for a call of something that is no function."""
    name, span = syntax.name, syntax.name_span
    head = syntax.target.parts[0] if isinstance(syntax.target, Name) else name
    refused = _REFUSED.get(name) or (_REFUSED.get(head) if head not in features else None)
    if refused is not None:
        fix = None
        if name in ("dyn", "uint") and len(syntax.args) == 1 and syntax.target is None:
            inner = text[syntax.args[0].start : syntax.args[0].end]
            fix = mend(text, syntax.span, inner if name == "dyn" else f"int({inner})")
        elif name == "now":
            fix = mend(text, syntax.span, "request.time")
        return fault(faults.REFUSED_FUNCTION, f"{name}() is not in the language.", span, hint=refused, fix=fix)
    if name in COMPREHENSIONS:
        return fault(
            faults.UNKNOWN_FUNCTION,
            f"{name} is written after a list.",
            span,
            hint=f"For instance {FUNCTIONS[name].written}.",
        )
    if name == "has":
        return fault(faults.BAD_HAS, "has() is written around a feature.", span, hint="For instance has(item.price).")
    near = _MEANT.get(name) or closest(name, _CALLABLE)
    return fault(
        faults.UNKNOWN_FUNCTION,
        f"There is no function {name}." + (f" Did you mean {near}?" if near else ""),
        span,
        hint=f"It is written {FUNCTIONS[near].written}." if near else None,
        fix=mend(text, span, near) if near and _same_form(near, syntax) else None,
    )


def _same_form(name: str, syntax: Invocation) -> bool:
    form = FUNCTIONS[name].form
    return form == "either" or (form == "method" or (form == "macro" and name != "has")) == (syntax.target is not None)


def wrong_form(syntax: Invocation, function: Function, text: str) -> LanguageError:
    """The error for f(x) where x.f() is meant, or the other way round."""
    parts = syntax.args if syntax.target is None else [syntax.target, *syntax.args]
    written = [text[part.start : part.end] for part in parts]
    fix = None
    if written and function.form == "method":
        fix = f"{bracketed(written[0])}.{function.name}({', '.join(written[1:])})"
    elif written:
        fix = f"{function.name}({', '.join(written)})"
    return fault(
        faults.UNKNOWN_FUNCTION,
        f"{function.name} is written {function.written}.",
        syntax.name_span,
        fix=mend(text, syntax.span, fix) if fix else None,
    )


def bracketed(written: str) -> str:
    """The text of an operand, in brackets where a method called on it would bind to its last part alone."""
    plain = written.replace(".", "").replace("_", "").isalnum() and not written[0].isdigit()
    whole = written[0] in "\"'" and written[0] not in written[1:-1]
    return written if plain or whole or (written.endswith(")") and " " not in written) else f"({written})"


def wrong_count(syntax: Invocation, function: Function) -> LanguageError:
    """The error for a call with too few or too many arguments."""
    receiver = syntax.target is not None
    counts = sorted({len(overload.arguments) - receiver for overload in function.overloads})
    if function.form == "macro" and function.name != "has":
        counts = [2, 3] if function.name == "map" else [2]
    wanted = " or ".join(map(str, counts))
    given = len(syntax.args)
    return fault(
        faults.WRONG_COUNT,
        f"{function.name} takes {wanted} argument{'' if counts == [1] else 's'}, not {given}.",
        syntax.span,
        hint=f"It is written {function.written}.",
    )
