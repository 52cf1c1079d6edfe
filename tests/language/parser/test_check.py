"""Does the checker settle names, types, literals and constants as the language says?"""

from __future__ import annotations

import pytest

from aedile.errors import CODES, LanguageError
from aedile.language import ir
from aedile.language.check import Environment, compile_condition, require_bool
from aedile.language.types import BOOL, DOUBLE, DURATION, INT, NOTHING, STRING, TIMESTAMP, list_of

ENVIRONMENT = Environment(
    {
        "a": INT,
        "a.b": DOUBLE,
        "a.b.c": STRING,
        "item.price": DOUBLE,
        "item.stock": INT,
        "item.title": STRING,
        "item.fresh": BOOL,
        "item.tags": list_of(STRING),
        "item.sizes": list_of(INT),
        "item.weights": list_of(DOUBLE),
        "item.parts": list_of(list_of(INT)),
        "request.time": TIMESTAMP,
        "seller.age": DURATION,
    },
    {"threshold": DOUBLE, "count": INT},
)
PRICE, STOCK = ir.Feature(DOUBLE, "item.price"), ir.Feature(INT, "item.stock")


def compiled(text: str) -> ir.Node:
    return compile_condition(text, ENVIRONMENT)


def code_of(text: str) -> str:
    with pytest.raises(LanguageError) as caught:
        compiled(text)
    return caught.value.code.name


def double(value: float) -> ir.Const:
    return ir.Const(DOUBLE, value)


def test_the_longest_declared_name_wins():
    assert compiled("a.b.c") == ir.Feature(STRING, "a.b.c")
    assert compiled("a.b") == ir.Feature(DOUBLE, "a.b")
    assert compiled("a.b.c.size()") == ir.Call(INT, "size", (ir.Feature(STRING, "a.b.c"),))
    assert code_of("a.b.d") == "AED-LANG-038"


def test_a_parameter_is_no_feature():
    assert compiled("param.threshold") == ir.Param(DOUBLE, "threshold")
    assert code_of("param.price") == "AED-LANG-020"


def test_both_ways_to_write_size_are_one():
    assert compiled("size(item.title)") == compiled("item.title.size()")


def test_and_and_or_are_flat_and_negations_stay_as_written():
    x = compiled("item.fresh")
    assert compiled("item.fresh && (item.fresh && item.fresh)") == ir.And(BOOL, (x, x, x))
    assert compiled("(item.fresh || item.fresh) || item.fresh") == ir.Or(BOOL, (x, x, x))
    assert compiled("item.stock != 3") == ir.Call(BOOL, "!=", (STOCK, ir.Const(INT, 3)))
    assert compiled("!(item.stock == 3)") == ir.Not(BOOL, ir.Call(BOOL, "==", (STOCK, ir.Const(INT, 3))))


def test_an_int_literal_is_a_double_beside_a_double_and_nothing_else_is():
    assert compiled("item.price * 2") == ir.Call(DOUBLE, "*", (PRICE, double(2.0)))
    assert compiled("-2 + item.price") == ir.Call(DOUBLE, "+", (double(-2.0), PRICE))
    assert compiled("item.price < 5") == ir.Call(BOOL, "<", (PRICE, double(5.0)))
    assert compiled("item.price in [1, 2]") == ir.Call(BOOL, "in", (PRICE, ir.Const(list_of(DOUBLE), (1.0, 2.0))))
    for text in ("item.price * item.stock", "item.price * (1 + 1)", "item.stock * 0.5", "item.price + param.count"):
        assert code_of(text) == "AED-LANG-024"


def test_a_comparison_of_int_and_double_keeps_the_exact_int():
    big = 9_007_199_254_740_993
    assert compiled(f"item.price < {big}") == ir.Call(BOOL, "<", (PRICE, ir.Const(INT, big)))
    assert compiled("item.stock < 5.5") == ir.Call(BOOL, "<", (STOCK, double(5.5)))
    assert compiled(f"{big} == {big - 1}.0") == ir.FALSE
    assert code_of(f"item.price + {big}") == "AED-LANG-039"


def test_a_list_of_int_literals_and_doubles_is_one_of_doubles():
    assert compiled("[1, 2.5]") == ir.Const(list_of(DOUBLE), (1.0, 2.5))
    assert compiled("[1, item.price]") == ir.ListOf(list_of(DOUBLE), (double(1.0), PRICE))
    for text in ("[item.stock, 2.5]", '[1, "a"]', "[[1], [2.5]]", "[true, 1]"):
        assert code_of(text) == "AED-LANG-025"


def test_an_empty_list_fits_any_list():
    assert compiled("[]").type == list_of(NOTHING)
    assert compiled("item.tags == []").args[1] == ir.Const(list_of(STRING), ())
    assert compiled("item.tags + []").type == list_of(STRING)
    assert compiled("item.fresh ? [] : item.sizes").then == ir.Const(list_of(INT), ())
    assert compiled("[[], item.sizes]").type == list_of(list_of(INT))
    assert compiled("item.title in []").args[1].type == list_of(STRING)
    assert compiled("item.parts == [[]]").args[1] == ir.Const(list_of(list_of(INT)), ((),))
    assert compiled("(item.fresh ? [] : []) == item.tags").args[0].then.type == list_of(STRING)


def test_the_branches_of_a_choice_are_of_one_type():
    assert compiled("item.fresh ? 1 : item.price").then == double(1.0)
    assert code_of("item.fresh ? item.stock : 1.5") == "AED-LANG-026"


def test_has_asks_for_a_feature_alone():
    assert compiled("has(item.price)") == ir.Has(BOOL, PRICE)
    for text in ("has(param.count)", "has(item.price + 1.0)", 'has("a")', "item.tags.all(t, has(t))"):
        assert code_of(text) == "AED-LANG-027"
    assert code_of("has(item.prize)") == "AED-LANG-020"


def test_a_variable_hides_a_feature_of_its_name_until_its_comprehension_ends():
    tags = compiled("item.tags")
    node = compiled('item.tags.exists(a, a == "x") && a > 1')
    variable = ir.Variable(STRING, "a")
    body = ir.Call(BOOL, "==", (variable, ir.Const(STRING, "x")))
    feature = ir.Feature(INT, "a")
    assert node == ir.And(
        BOOL,
        (ir.Comprehension(BOOL, "exists", "a", tags, body), ir.Call(BOOL, ">", (feature, ir.Const(INT, 1)))),
    )
    assert compiled("item.sizes.exists(a, .a == a)").body.args[0] == feature
    assert compiled("item.parts.exists(a, a.exists(a, a > 1) && a.size() > 1)").body.args[1].args[0].args[
        0
    ].type == list_of(INT)


def test_a_map_of_three_arguments_is_a_map_over_a_filter():
    assert compiled("item.sizes.map(x, x > 1, x * 2)") == compiled("item.sizes.filter(x, x > 1).map(x, x * 2)")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", ir.Const(INT, 7)),
        ('duration("1h") + duration("30m")', ir.Const(DURATION, 5_400_000_000)),
        ('timestamp("1970-01-01T00:00:01Z")', ir.Const(TIMESTAMP, 1_000_000)),
        ("[1, 2, 3].filter(x, x > 1)", ir.Const(list_of(INT), (2, 3))),
        ("[1].filter(x, x > 1)", ir.Const(list_of(NOTHING), ())),
        ("true || 1 / 0 > 1", ir.TRUE),
        ("1 / 0 > 1 && false", ir.FALSE),
        ("true ? 1 : 1 / 0", ir.Const(INT, 1)),
        ("!(1 > 2)", ir.TRUE),
        ('"a" + "b"', ir.Const(STRING, "ab")),
        ("[1, 2].all(x, [3].all(y, x < y))", ir.TRUE),
        ("[].all(x, x > 1)", ir.TRUE),
        ("[].map(n, n / 2)", ir.Const(list_of(NOTHING), ())),
        ('double("NaN") == double("NaN")', ir.FALSE),
    ],
)
def test_a_constant_part_becomes_its_value(text: str, expected: ir.Node):
    assert compiled(text) == expected


@pytest.mark.parametrize("text", ["1 / 0", "9223372036854775807 + 1", 'int("a")', "[1][1]", "timestamp(999999999999)"])
def test_a_constant_that_is_unknown_for_ever_stays_as_written(text: str):
    assert isinstance(compiled(text), ir.Call)
    assert isinstance(compiled(f"({text}) == ({text}) && item.fresh"), ir.And)


def test_a_pattern_must_be_constant_and_re2():
    assert compiled('item.title.matches("^[a-z]+$")').function == "matches"
    assert compiled('item.title.matches("a" + "b")').args[1] == ir.Const(STRING, "ab")
    for text in ('"(a"', '"(?=a)"', r'r"(a)\1"', "item.title", f'"{"a" * 1001}"', '"a{2000}"'):
        assert code_of(f"item.title.matches({text})") == "AED-LANG-029"


def test_constant_times_zones_and_buckets_are_checked_and_others_wait_for_their_rows():
    assert code_of('timestamp("2026-02-29T00:00:00Z")') == "AED-LANG-030"
    assert code_of('duration("1d")') == "AED-LANG-031"
    assert code_of('request.time.getHours("Asia/Atlantis")') == "AED-LANG-032"
    assert code_of('bucket(item.title, "s", 1 - 1)') == "AED-LANG-033"
    for text in ("timestamp(item.title)", "duration(item.title)", "request.time.getHours(item.title)"):
        assert isinstance(compiled(text), ir.Call)
    assert isinstance(compiled('bucket(item.title, "s", item.stock)'), ir.Call)
    assert isinstance(compiled('request.time.getHours("+05:30")'), ir.Call)


def test_a_list_must_be_known_where_the_lists_are():
    assert compiled('in_list(item.title, "any")') == ir.InList(BOOL, ir.Feature(STRING, "item.title"), "any")
    known = Environment(ENVIRONMENT.features, lists={"recalled"})
    assert isinstance(compile_condition('in_list(item.title, "recalled")', known), ir.InList)
    with pytest.raises(LanguageError, match='Did you mean "recalled"'):
        compile_condition('in_list(item.title, "recaled")', known)


@pytest.mark.parametrize(
    "test",
    ['== "free"', 'in ["free", "gratis"]', '.contains(" free ")', '.startsWith("free ")', '.endsWith(" free")',
     '.contains(" ")', '.contains("3")', "== item.title", '.matches("FREE")'],
)  # fmt: skip
def test_normalized_may_be_compared_with_normalized_texts(test: str):
    assert compiled(f"normalized(item.title){'' if test[0] == '.' else ' '}{test}").type == BOOL


@pytest.mark.parametrize(
    "test",
    ['== "Free"', '== " free"', '!= "FREE"', 'in ["Free"]', '.contains("Free")', '.startsWith(" free")',
     '.endsWith("free ")', '== "frее"', '== "a\\u200bb"'],
)  # fmt: skip
def test_normalized_is_not_compared_with_a_text_it_never_gives(test: str):
    assert code_of(f"normalized(item.title){'' if test[0] == '.' else ' '}{test}") == "AED-LANG-035"


def test_every_part_knows_where_it_stands():
    text = "item.fresh && item.price < 5 || item.tags.exists(t, t == 'é😀x') && has(item.title)"
    for part in ir.walk(compiled(text)):
        assert part.span is not None
    comparison = compiled(text).args[0].args[1]
    assert text[slice(*comparison.span)] == "item.price < 5"
    assert text[slice(*compiled(text).args[1].args[0].body.args[1].span)] == "'é😀x'"


def test_a_strategy_needs_a_bool():
    require_bool(compiled("item.fresh"), "item.fresh")
    with pytest.raises(LanguageError, match="of type double"):
        require_bool(compiled("item.price"), "item.price")


def test_every_code_has_an_example_that_provokes_it():
    environment = Environment(
        {"item.x": INT, "item.new": BOOL, "a": list_of(INT), "item.price": DOUBLE, "item.stock": INT, "item.id": STRING,
         "item.title": STRING, "item.brand": STRING, "item.gtin": STRING, "request.time": TIMESTAMP},
        lists={"recalled"},
    )  # fmt: skip
    for number in range(5, 40):
        code = CODES.get(f"AED-LANG-{number:03}")
        if code is not None:
            with pytest.raises(LanguageError) as caught:
                require_bool(compile_condition(code.example, environment), code.example)
            assert caught.value.code.name == code.name, code.example
