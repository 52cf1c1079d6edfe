"""Which types do not go together here, and what would the writer write instead?"""

from __future__ import annotations

from aedile.errors import LanguageError
from aedile.language import faults, ir
from aedile.language.constants import as_duration, as_timestamp
from aedile.language.faults import Span, fault, mend, shorten
from aedile.language.functions import FUNCTIONS
from aedile.language.names import bracketed
from aedile.language.quoting import quote
from aedile.language.syntax import Binary, Conditional, Index, Invocation, ListLiteral, Literal, Name, Syntax
from aedile.language.types import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP
from aedile.language.values import parse_double, parse_duration, parse_timestamp

Advice = tuple[str | None, str | None]
"""A hint and a fix, either None."""

_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))
_SIGNS = {"neg": "The sign -", "[]": "An index", "?:": "A choice"}
_MIXABLE = frozenset(("+", "-", "*", "/"))


class _Operands:
    """The arguments of a call that does not fit, with their text."""

    def __init__(self, args: list[ir.Node], parts: list[Syntax], text: str) -> None:
        self.args = args
        self.parts = parts
        self.text = text
        self.types = [arg.type for arg in args]

    def written(self, i: int) -> str:
        return self.text[self.parts[i].start : self.parts[i].end]

    def short(self, i: int) -> str:
        return shorten(self.written(i), 30)

    def wrap(self, i: int, function: str) -> str:
        """The whole condition with the argument converted."""
        return mend(self.text, self.parts[i].span, f"{function}({self.written(i)})")

    def put(self, i: int, replacement: str) -> str:
        return mend(self.text, self.parts[i].span, replacement)

    def whole(self, replacement: str) -> str:
        return mend(self.text, (self.parts[0].start, self.parts[-1].end), replacement)

    def index(self, *wanted: object) -> int | None:
        """The first argument of one of these types."""
        return next((i for i, type_ in enumerate(self.types) if type_ in wanted), None)


def no_overload(name: str, args: list[ir.Node], parts: list[Syntax], span: Span, text: str) -> LanguageError:
    """The error for a call of something that exists, though not for arguments of these types."""
    operands = _Operands(args, parts, text)
    types = [str(type_) for type_ in operands.types]
    if name in _MIXABLE and set(types) == {"int", "double"}:
        i = operands.types.index(INT)
        return fault(
            faults.MIXED_NUMBERS,
            f"{name} mixes int and double: {operands.short(0)} is {_a(types[0])}, {operands.short(1)} {_a(types[1])}.",
            span,
            hint="Only an int literal is taken as a double by itself.",
            fix=operands.wrap(i, "double"),
        )
    if name in _COMPARISONS:
        hint, fix = _comparison(name, operands)
    elif name == "in":
        hint, fix = _membership(operands)
    elif name in ("+", "-", "*", "/", "%", "neg"):
        hint, fix = _arithmetic(name, operands)
    elif name == "[]":
        hint, fix = _index(operands)
    else:
        hint, fix = _function(name, operands)
    subject = _SIGNS.get(name, name)
    given = " and ".join(types) if len(types) < 3 else ", ".join(types)
    return fault(faults.WRONG_TYPES, f"{subject} is not defined for {given}.", span, hint=hint, fix=fix)


def _a(type_name: str) -> str:
    return f"an {type_name}" if type_name[0] in "aeiou" else f"a {type_name}"


# -- operators


def _comparison(name: str, operands: _Operands) -> Advice:
    left = operands.parts[0]
    if operands.types[0] == BOOL and isinstance(left, Binary) and left.operator in _COMPARISONS:
        middle = operands.text[left.right.start : left.right.end]
        joined = f"{operands.written(0)} && {middle} {name} {operands.written(1)}"
        return "Comparisons do not chain; join two by &&.", operands.whole(joined)
    lists = [type_.element is not None for type_ in operands.types]
    if all(lists):
        return ("Lists have no order; compare their sizes.", None) if name not in ("==", "!=") else (None, None)
    if any(lists):
        i = lists.index(True)
        if operands.types[i].element == operands.types[1 - i] and name == "==":
            return "Membership in a list is asked by in.", operands.whole(
                f"{operands.written(1 - i)} in {operands.written(i)}"
            )
        return "A list compares with a list alone; for its elements see in, exists and all.", None
    for i in (0, 1):
        literal = operands.args[i]
        if isinstance(literal, ir.Const) and isinstance(operands.parts[i], Literal):
            advice = _literal(literal, i, operands)
            if advice is not None:
                return advice
    return _unlike(operands)


def _literal(literal: ir.Const, i: int, operands: _Operands) -> Advice | None:
    """Advice where one side is a literal that could be written as a value of the other side's type."""
    other = operands.types[1 - i]
    if literal.type == STRING:
        value = literal.value.strip()
        if other.is_numeric:
            if parse_double(value) is None:
                return f"{operands.short(1 - i)} is a number; compare it with one.", None
            return "Numbers stand without quotes.", operands.put(i, value)
        if other == BOOL and value.lower() in ("true", "false"):
            return "true and false stand without quotes.", operands.put(i, value.lower())
        if other == TIMESTAMP:
            time = value if parse_timestamp(value) is not None else as_timestamp(value)
            fix = operands.put(i, f"timestamp({quote(time)})") if time else None
            return 'A timestamp is written timestamp("2026-11-25T00:00:00Z").', fix
        if other == DURATION:
            length = value if parse_duration(value) is not None else as_duration(value)
            fix = operands.put(i, f"duration({quote(length)})") if length else None
            return 'A duration is written duration("720h").', fix
    if literal.type.is_numeric and other == STRING:
        return "Text stands between quotes; double(text) reads a number from it.", operands.put(
            i, quote(operands.written(i))
        )
    if literal.type == INT and other == BOOL and literal.value in (0, 1):
        return "A bool is true or false.", operands.put(i, "true" if literal.value else "false")
    return None


def _unlike(operands: _Operands) -> Advice:
    """Advice for two values of different types, neither of them a telling literal."""
    types = set(operands.types)
    number = operands.index(INT, DOUBLE)
    if STRING in types and number is not None:
        return "Read the number from the text.", operands.wrap(1 - number, "double")
    if DURATION in types and number is not None:
        return 'A duration is written duration("720h"); d.getSeconds() gives its seconds as a number.', None
    if TIMESTAMP in types and number is not None:
        convert = operands.types[number] == INT
        fix = operands.wrap(number, "timestamp") if convert else None
        return "timestamp(x) takes whole seconds since 1970.", fix
    if TIMESTAMP in types and STRING in types:
        return "Read the time from the text.", operands.wrap(operands.types.index(STRING), "timestamp")
    if DURATION in types and STRING in types:
        return "Read the duration from the text.", operands.wrap(operands.types.index(STRING), "duration")
    if types == {TIMESTAMP, DURATION}:
        return 'How long ago something was is a difference: request.time - x > duration("24h").', None
    if BOOL in types:
        return "A bool is true or false by itself; it is compared with nothing else.", None
    return "Both sides must be of one type.", None


def _membership(operands: _Operands) -> Advice:
    value, container = operands.types
    if container == STRING and value == STRING:
        return "Whether a text has a part is asked by contains.", operands.whole(
            f"{bracketed(operands.written(1))}.contains({operands.written(0)})"
        )
    if container.element is None:
        return "To the right of in stands a list.", operands.put(1, f"[{operands.written(1)}]")
    constant = operands.args[1]
    if value == STRING and container.element.is_numeric:
        literal = operands.parts[1]
        if isinstance(literal, ListLiteral) and all(isinstance(item, Literal) for item in literal.items):
            items = [quote(operands.text[item.start : item.end]) for item in literal.items]
            return "Text stands between quotes.", operands.put(1, f"[{', '.join(items)}]")
        return "Read the number from the text.", operands.wrap(0, "double")
    if value.is_numeric and container.element == STRING and isinstance(constant, ir.Const):
        if all(parse_double(item) is not None for item in constant.value):
            return "Numbers stand without quotes.", operands.put(1, f"[{', '.join(constant.value)}]")
        return "Write the number as text.", operands.wrap(0, "string")
    return f"The list has elements of type {container.element}.", None


def _arithmetic(name: str, operands: _Operands) -> Advice:
    types = set(operands.types)
    number = operands.index(INT, DOUBLE)
    if name == "%" and DOUBLE in types and types <= {INT, DOUBLE}:
        return "The remainder is taken of ints; int(x) cuts a double.", None
    if name == "+" and STRING in types and len(types) == 2:
        other = 1 - operands.types.index(STRING)
        if operands.types[other].element is None:
            return "Only text is joined to text.", operands.wrap(other, "string")
    if number is not None and STRING in types:
        return "Read the number from the text.", operands.wrap(operands.types.index(STRING), "double")
    if number is not None and types & {TIMESTAMP, DURATION}:
        return 'Times are moved by durations, such as duration("24h"); d.getSeconds() gives a number.', None
    if name == "+" and types == {TIMESTAMP}:
        return "Two timestamps can be subtracted, which gives a duration.", None
    if BOOL in types:
        i = operands.types.index(BOOL)
        return "A bool becomes a number by a choice.", operands.put(i, f"({operands.written(i)} ? 1 : 0)")
    if name == "neg" and types == {DURATION}:
        return 'A negative duration is duration("-1h"), or duration("0s") - d.', None
    return None, None


def _index(operands: _Operands) -> Advice:
    container, index = operands.types
    if container.element is None:
        hint = "Only lists have elements."
        return hint + (
            " Parts of a text are found by contains, startsWith or matches." if container == STRING else ""
        ), None
    if index == DOUBLE:
        return "A place in a list is an int.", operands.wrap(1, "int")
    return "A place in a list is an int, counted from 0.", None


# -- functions


def _function(name: str, operands: _Operands) -> Advice:
    form = FUNCTIONS[name].form
    first = operands.types[0]
    if form == "method" and name.startswith("get") and first not in (TIMESTAMP, DURATION):
        return f"{name} is asked of a timestamp.", operands.wrap(0, "timestamp") if first in (STRING, INT) else None
    if first.element is not None and name == "contains" and operands.types[1] == first.element:
        return "Membership in a list is asked by in.", mend(
            operands.text,
            (operands.parts[0].start, operands.parts[1].end + 1),
            f"{operands.written(1)} in {operands.written(0)}",
        )
    if first.element is not None and name in ("startsWith", "endsWith", "contains", "matches", "lowerAscii"):
        argument = operands.written(1) if len(operands.parts) > 1 else ""
        return f"Ask the elements: {operands.written(0)}.exists(x, x.{name}({argument})).", None
    if name in ("startsWith", "endsWith", "contains", "matches", "lowerAscii", "normalized", "in_list", "bucket"):
        for i, (given, wanted) in enumerate(zip(operands.types, FUNCTIONS[name].overloads[0].arguments, strict=True)):
            if given != wanted:
                if wanted == STRING and given.element is None:
                    return f"Argument {i + 1} must be a string.", operands.wrap(i, "string")
                return f"Argument {i + 1} must be of type {wanted}.", operands.wrap(
                    i, "int"
                ) if given == DOUBLE else None
    return _conversion(name, operands)


def _conversion(name: str, operands: _Operands) -> Advice:
    given = operands.types[0]
    if name in ("int", "double") and given == BOOL:
        one, zero = ("1", "0") if name == "int" else ("1.0", "0.0")
        return "A bool becomes a number by a choice.", operands.put(0, f"{operands.written(0)} ? {one} : {zero}")
    if name in ("int", "double") and given == DURATION:
        return "d.getSeconds() gives the seconds of a duration as an int.", None
    if name == "bool" and given.is_numeric:
        return "Compare the number: x != 0.", operands.put(0, f"{operands.written(0)} != 0")
    if name == "duration" and given == INT:
        return 'A duration is read from text, such as duration("90s").', operands.put(
            0, f'string({operands.written(0)}) + "s"'
        )
    if name == "timestamp" and given == DOUBLE:
        return "Seconds since 1970 are an int.", operands.wrap(0, "int")
    overloads = FUNCTIONS[name].overloads
    takes = sorted({str(overload.arguments[0]).replace("list(T)", "list") for overload in overloads})
    return f"{name} takes {', '.join(takes[:-1])} or {takes[-1]}." if len(
        takes
    ) > 1 else f"{name} takes {takes[0]}.", None


# -- logic, lists, null, has


def not_bool(node: ir.Node, syntax: Syntax, operator: str, text: str) -> LanguageError:
    """The error for an operand of `&&`, `||`, `!`, `?:` or a comprehension's test that is not true or false."""
    where = {
        "?:": "Before ? stands something true or false",
        "&&": "&& joins what is true or false",
        "||": "|| joins what is true or false",
        "!": "! turns what is true or false",
    }.get(operator, f"The test of {operator} is true or false")
    hint, fix = _truth(node, syntax, text, operator == "!")
    return fault(faults.WRONG_TYPES, f"{where}; this is of type {node.type}.", syntax.span, hint=hint, fix=fix)


def _truth(node: ir.Node, syntax: Syntax, text: str, negated: bool = False) -> Advice:
    """What to ask of a value so that the answer is true or false."""
    written = text[syntax.start : syntax.end]
    simple = isinstance(syntax, Name | Invocation | Index | Literal)
    operand = written if simple else f"({written})"

    def asked(question: str) -> str:
        return mend(text, syntax.span, f"({operand}{question})" if negated else f"{operand}{question}")

    if node.type == INT:
        return "Compare the number.", asked(" != 0")
    if node.type == DOUBLE:
        return "Compare the number.", asked(" != 0.0")
    if isinstance(node, ir.Const) and node.type == STRING and node.value.lower() in ("true", "false"):
        return "true and false stand without quotes.", mend(text, syntax.span, node.value.lower())
    if node.type == STRING:
        return "Compare the text; has(x) asks whether a feature has a value.", asked(' != ""')
    if node.type.element is not None:
        return "Ask for its elements.", asked(".size() > 0")
    return "Compare it; has(x) asks whether a feature has a value.", None


def as_bool(node: ir.Node, text: str) -> Advice:
    """What to ask of a whole condition's value so that the answer is true or false."""
    if isinstance(node, ir.Feature):
        hint, fix = _truth(node, Name(0, len(text), [], []), text)
        return hint, fix
    return "Compare it with something.", None


def mixed_list(items: list[ir.Node], parts: list[Syntax], text: str) -> LanguageError:
    """The error for a list whose elements are not of one type."""
    first = items[0].type
    i = next(i for i, item in enumerate(items) if item.type != first)
    hint, fix = "All elements of a list are of one type.", None
    types = {item.type for item in items}
    if types == {INT, DOUBLE}:
        i = next(i for i, part in enumerate(parts) if items[i].type == INT and not isinstance(part, Literal))
        hint = "Only an int literal is taken as a double by itself."
        fix = mend(text, parts[i].span, f"double({text[parts[i].start : parts[i].end]})")
        first = DOUBLE
    elif types <= {STRING, INT, DOUBLE} and first == STRING:
        fix = mend(text, parts[i].span, quote(text[parts[i].start : parts[i].end]))
    return fault(
        faults.MIXED_LIST,
        f"This element is {_a(str(items[i].type))}, others are of type {first}.",
        parts[i].span,
        hint=hint,
        fix=fix,
    )


def branches(then: ir.Node, otherwise: ir.Node, syntax: Conditional, text: str) -> LanguageError:
    """The error for a choice between values of different types."""
    fix = None
    for node, other, part in ((then, otherwise, syntax.then), (otherwise, then, syntax.otherwise)):
        written = text[part.start : part.end]
        if node.type == INT and other.type == DOUBLE:
            fix = mend(text, part.span, f"double({written})")
        elif node.type.is_numeric and other.type == STRING:
            fix = mend(text, part.span, quote(written) if isinstance(part, Literal) else f"string({written})")
    return fault(
        faults.MIXED_BRANCHES,
        f"The choice is {_a(str(then.type))} if true and {_a(str(otherwise.type))} if false; both must be of one type.",
        (syntax.then.start, syntax.otherwise.end),
        fix=fix,
    )


def has(syntax: Syntax, text: str) -> LanguageError:
    """The error for has() of something that is no feature."""
    written = text[syntax.start : syntax.end]
    hint = "Parameters always have a value." if written.startswith("param.") else "For instance has(item.price)."
    return fault(
        faults.BAD_HAS, "has() asks whether a feature has a value, and takes its name alone.", syntax.span, hint=hint
    )


def null(
    span: Span, operator: str | None = None, other: Syntax | None = None, whole: Span | None = None, text: str = ""
) -> LanguageError:
    """The error for null; where a name is compared with it, has() is meant."""
    fix = None
    if isinstance(other, Name) and whole is not None and operator in ("==", "!="):
        asked = f"has({text[other.start : other.end]})"
        fix = mend(text, whole, asked if operator == "!=" else f"!{asked}")
    return fault(
        faults.NO_NULL,
        "There is no null: a feature without value is unknown.",
        span,
        hint="Whether a feature has a value is asked by has(x).",
        fix=fix,
    )


def not_a_list(kind: str, source: ir.Node, target: Syntax, syntax: Invocation, text: str) -> LanguageError:
    """The error for exists, all, filter or map of something that is no list."""
    written = text[target.start : target.end]
    return fault(
        faults.WRONG_TYPES,
        f"{kind} goes over a list; {written} is {_a(str(source.type))}.",
        syntax.name_span,
        hint="A text is tested by contains, startsWith, endsWith or matches." if source.type == STRING else None,
    )
