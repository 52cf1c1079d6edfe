"""Does the parser read CEL's literals, names and operators as CEL does?"""

from __future__ import annotations

import math

import pytest

from aedile.errors import LanguageError
from aedile.language.parse import parse
from aedile.language.syntax import Binary, Conditional, Invocation, ListLiteral, Literal, Logical, Name, Syntax, Unary

STRINGS = {
    "'a'": "a",
    '"a"': "a",
    "''": "",
    '""': "",
    '""""""': "",
    "'''a'b''c'''": "a'b''c",
    '"""a"b""c"""': 'a"b""c',
    '"""a\nb"""': "a\nb",
    '"""a\r\nb\rc"""': "a\nb\nc",
    "r'''a\r\nb'''": "a\nb",
    '"""a\\"""" + ""': None,
    r"'\a\b\f\n\r\t\v\\\?\"\'\`'": "\a\b\f\n\r\t\v\\?\"'`",
    r"'\x41\X42\u0043\U00000044\105'": "ABCDE",
    r"'\U0001F600'": "😀",
    r"r'\d\x41'": r"\d\x41",
    r'R"\d"': r"\d",
    "r'a\\'": "a\\",
    "'" + "\\\\" * 1_000 + "'": "\\" * 1_000,
    "'\t\x00\x7f'": "\t\x00\x7f",
    "'// no comment'": "// no comment",
}
NUMBERS = {
    "0": 0,
    "007": 7,
    "0x1F": 31,
    "0XfF": 255,
    "-5": -5,
    "- 5": -5,
    "9223372036854775807": 2**63 - 1,
    "-9223372036854775808": -(2**63),
    "-0x8000000000000000": -(2**63),
    "1.5": 1.5,
    ".5": 0.5,
    "1e3": 1000.0,
    "1.5E-3": 0.0015,
    "-0.0": -0.0,
    "5e-324": 5e-324,
}


@pytest.mark.parametrize("text", [text for text, value in STRINGS.items() if value is not None])
def test_a_string_has_the_value_cel_gives_it(text: str):
    literal = parse(text)
    assert isinstance(literal, Literal)
    assert (literal.kind, literal.value, literal.span) == ("string", STRINGS[text], (0, len(text)))


def test_a_triple_quoted_string_ends_at_the_first_three_quotes():
    tree = parse('"""a\\"""" + ""')
    assert isinstance(tree, Binary)
    assert isinstance(tree.left, Literal)
    assert tree.left.value == 'a"'


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_has_its_value_and_kind(text: str):
    literal, value = parse(text), NUMBERS[text]
    assert isinstance(literal, Literal)
    assert literal.kind == type(value).__name__.replace("float", "double")
    assert literal.value == value
    assert math.copysign(1, value) == math.copysign(1, literal.value)
    assert literal.span == (0, len(text))


def shape(tree: Syntax) -> str:
    """The tree with every operator's operands in brackets."""
    if isinstance(tree, Logical):
        return f"({f' {tree.operator} '.join(map(shape, tree.operands))})"
    if isinstance(tree, Binary):
        return f"({shape(tree.left)} {tree.operator} {shape(tree.right)})"
    if isinstance(tree, Unary):
        return f"({tree.operator}{shape(tree.operand)})"
    if isinstance(tree, Conditional):
        return f"({shape(tree.condition)} ? {shape(tree.then)} : {shape(tree.otherwise)})"
    if isinstance(tree, Invocation):
        target = f"{shape(tree.target)}." if tree.target is not None else ""
        return f"{target}{tree.name}({', '.join(map(shape, tree.args))})"
    if isinstance(tree, ListLiteral):
        return f"[{', '.join(map(shape, tree.items))}]"
    if isinstance(tree, Name):
        return f"{'.' if tree.rooted else ''}{'|'.join(tree.parts)}"
    assert isinstance(tree, Literal)
    return repr(tree.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a || b && c || d", "(a || (b && c) || d)"),
        ("(a || b) || c", "(a || b || c)"),
        ("a || (b || c)", "(a || (b || c))"),
        ("1 < 2 < 3", "((1 < 2) < 3)"),
        ("a - b - c", "((a - b) - c)"),
        ("a + b * c % d", "(a + ((b * c) % d))"),
        ("a == b in c", "((a == b) in c)"),
        ("a + b < c && !d", "(((a + b) < c) && (!d))"),
        ("-a.f()", "(-a.f())"),
        ("!-a", "(!(-a))"),
        ("--5", "(--5)"),
        ("-5.f(2)", "-5.f(2)"),
        ("a -1", "(a - 1)"),
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("a || b ? c || d : e || f", "((a || b) ? (c || d) : (e || f))"),
        ("a.b.c", "a|b|c"),
        ("a . b", "a|b"),
        (".a.b", ".a|b"),
        ("a.`b c`.d", "a|b c|d"),
        ("a.while", "a|while"),
        ("[1, 2,]", "[1, 2]"),
        ("[]", "[]"),
        ("f(a, [b])", "f(a, [b])"),
        ("a.b.f(c).g()", "a|b.f(c).g()"),
        ("a // b\n && c", "(a && c)"),
        ("// first\na", "a"),
        ("true || null == false", "(True || (None == False))"),
    ],
)
def test_operators_bind_as_in_cel(text: str, expected: str):
    assert shape(parse(text)) == expected


def test_spans_count_code_points():
    tree = parse('"😀é" == a.b')
    assert isinstance(tree, Binary)
    assert (tree.left.span, tree.operator_span, tree.right.span) == ((0, 4), (5, 7), (8, 11))


@pytest.mark.parametrize(
    "text", ["a ? b ? c : d : e", "a.true", "in", "f(a,)", "5.", "1 2", "a b", "a[]", "()", "a.", "`a`"]
)
def test_what_cel_cannot_parse_is_refused_here_too(text: str):
    with pytest.raises(LanguageError):
        parse(text)


def test_a_lone_surrogate_is_refused_wherever_it_stands():
    for text in ('"\ud800"', "a \ud800", "// \udfff"):
        with pytest.raises(LanguageError, match="half of a character"):
            parse(text)
