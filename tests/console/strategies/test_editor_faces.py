"""Three faces of one condition: each says the same, and each says what is wrong where it is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.console.strategies.conftest import Mall
from tests.console.strategies.goods import SCHEMA, items, put

FACES = "/strategies/-/faces"


@pytest.fixture
def ask(mall: Mall, browse) -> Any:
    """Asks as a page does: `ask("cel", "item.price < 5.0")`."""
    from aedile.console.settings import HOME
    from aedile.console.strategies import live
    from aedile.console.strategies.actions import enter_schema

    live.forget()
    HOME.entities_log.unlink(missing_ok=True)
    enter_schema(mall.admin, SCHEMA)
    client = browse(mall.author.person)

    def asked(face: Any, said: Any, *, status: int = 200, **more: Any) -> Any:
        call = {"face": face, "said": said, "applies_to": "item", **more}
        answer = client.post(FACES, json.dumps(call), content_type="application/json")
        assert answer.status_code == status, answer.content.decode()[:500]
        return answer.json() if status == 200 else answer.content.decode()

    asked.client = client  # type: ignore[attr-defined]
    yield asked
    live.forget()


def test_a_condition_is_told_in_every_face(ask) -> None:
    found = ask("cel", "item.price < 5.0 && item.category in ['bags', 'toys']")
    assert found["cel"] == "item.price < 5.0 && item.category in ['bags', 'toys']"
    assert found["sql"] == "item.price < 5.0 AND item.category IN ('bags', 'toys')"
    assert found["builder"] == {
        "all": [
            {"feature": "item.price", "op": "<", "value": 5.0},
            {"feature": "item.category", "op": "in", "value": ["bags", "toys"]},
        ]
    }
    assert found["errors"] == []


def test_sql_and_rows_are_read_into_cel(ask) -> None:
    assert (
        ask("sql", "item.price < 5 OR item.title LIKE '%bag%'")["cel"]
        == 'item.price < 5.0 || item.title.contains("bag")'
    )
    rows = {"any": [{"feature": "item.official", "op": "is true"}, {"cel": "item.price * 2.0 > 9.0"}]}
    assert ask("builder", rows)["cel"] == "item.official || item.price * 2.0 > 9.0"


_FEATURES = st.sampled_from(["item.price", "item.stock"])


def _row(feature: str, op: str, value: Any) -> dict[str, Any]:
    return {"feature": feature, "op": op, "value": value}


_TEXTS = st.text("ab'\"%_ü\\", max_size=5)
_LEAVES = st.one_of(
    st.builds(_row, _FEATURES, st.sampled_from(["<", ">=", "=="]), st.integers(-9, 9)),
    st.builds(_row, st.just("item.title"), st.sampled_from(["contains", "startsWith", "=="]), _TEXTS),
    st.builds(
        _row, st.just("item.category"), st.just("in"), st.lists(st.sampled_from("abc"), min_size=1, max_size=3)
    ),
    st.sampled_from([
        {"feature": "item.official", "op": "is true"}, {"feature": "item.score", "op": "has no value"},
        _row("item.tags", "has element", "new"), {"cel": "item.tags.exists(t, t.size() > 3)"},
        _row("seller.age", "<", "24h"), {"cel": "item.price * 2.0 > double(item.stock)"},
    ]),
)  # fmt: skip


def _groups(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    parts = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(lambda inside: {"all": inside}, parts), st.builds(lambda inside: {"any": inside}, parts),
        st.builds(lambda part: {"not": part}, inner),
    )  # fmt: skip


_ROWS = st.recursive(_LEAVES, _groups, max_leaves=8)


@settings(max_examples=150)
@given(_ROWS)
def test_whatever_face_it_goes_through_a_condition_keeps_its_meaning(console_home: Any, rows: dict[str, Any]) -> None:
    from aedile.console.strategies.faces import read_face
    from aedile.language import compile_condition, from_builder, from_sql, parse_schema

    environment = parse_schema(SCHEMA).environment("item")
    first = read_face("builder", rows, environment)
    assert first.errors == ()
    node = compile_condition(first.cel, environment)
    assert from_builder(rows, environment) == node
    through = read_face("sql", first.sql, environment)
    assert from_sql(first.sql, environment) == node
    assert compile_condition(through.cel, environment) == node
    again = read_face("builder", read_face("cel", through.cel, environment).builder, environment)
    assert compile_condition(again.cel, environment) == node


# ---------------------------------------------------------------- what is wrong


def test_an_error_has_its_place_and_a_fix_that_can_be_used(ask) -> None:
    (error,) = ask("cel", "item.prise < 5.0")["errors"]
    assert error["code"] == "AED-LANG-020"
    assert error["span"] == [0, 10]
    assert error["mended"] == "item.price < 5.0"
    assert ask("cel", error["mended"])["errors"] == []


def test_a_fix_that_leaves_another_mistake_is_offered_all_the_same(ask) -> None:
    (error,) = ask("cel", "item.prise < 5.0 && item.stok > 3")["errors"]
    assert error["mended"] == "item.price < 5.0 && item.stok > 3"


def test_places_count_whole_characters(ask) -> None:
    (error,) = ask("cel", "item.title == '👜👜' && item.prise < 5.0")["errors"]
    assert error["span"] == [22, 32]


@pytest.mark.parametrize("text", ["item.price + 1.0", "", "   ", "item.price <", "(" * 300])
def test_what_is_no_condition_is_told_and_never_fails(ask, text: str) -> None:
    for face in ("cel", "sql"):
        (error,) = ask(face, text)["errors"]
        assert error["code"].startswith("AED-LANG-")


def test_half_a_character_is_told_and_never_fails(ask) -> None:
    for face in ("cel", "sql"):
        assert ask(face, "item.title == '\ud800'")["errors"]
    assert ask("builder", {"feature": "item.title", "op": "==", "value": "\ud800"})["errors"]


def test_an_error_in_rows_names_its_row(ask) -> None:
    rows = {
        "all": [
            {"feature": "item.price", "op": "<", "value": 5},
            {"feature": "item.price", "op": "contains", "value": "a"},
        ]
    }
    (error,) = ask("builder", rows)["errors"]
    assert error["field"].startswith("/all/1")
    assert error["mended"] is None


def test_parameters_have_the_types_they_will_be_saved_with(ask) -> None:
    written = {
        "least": ["number", "5", "7.5"],
        "names": ["texts", "a, b"],
        "young": ["duration", "24h"],
        "off": ["number", ""],
    }
    text = "item.price * param.least > 3.0 && item.category in param.names && seller.age < param.young"
    assert ask("cel", text, written=written)["errors"] == []
    (error,) = ask("cel", "item.price > param.off", written=written)["errors"]
    assert error["code"] == "AED-LANG-020"
    ask("cel", "true", status=400, written={"a": "b"})


# ---------------------------------------------------------------- what cannot be taken


@pytest.mark.parametrize(
    ("face", "said"),
    [("cel", {"all": []}), ("builder", "text"), ("xml", "a"), (None, None), ("cel", 5), (["cel"], "a")],
)
def test_a_call_of_another_shape_is_refused(ask, face: Any, said: Any) -> None:
    assert "AED-CON-003" in ask(face, said, status=400)


def test_deep_and_large_calls_are_refused_without_harm(ask) -> None:
    deep: Any = {"feature": "item.official", "op": "is true"}
    for _ in range(300):
        deep = {"not": deep}
    assert ask("builder", deep)["errors"][0]["code"] == "AED-LANG-075"
    for body in ('{"said": ' + "[" * 100_000, "no json", "[]", '{"face": "cel", "said": "' + "x" * (1 << 20) + '"}'):
        assert ask.client.post(FACES, body, content_type="application/json").status_code == 400
    assert ask("cel", "x" * 70_000)["errors"][0]["code"] == "AED-LANG-001"
    assert ask.client.post("/strategies/-/panel", {"condition": "x" * (1 << 21)}).status_code == 400


def test_only_a_post_is_taken(ask) -> None:
    assert ask.client.get(FACES).status_code == 405
    assert ask.client.get("/strategies/-/panel").status_code == 405


# ---------------------------------------------------------------- what there is to write with


def test_the_words_of_a_kind_have_types_and_meanings(ask) -> None:
    found = ask.client.get("/strategies/-/words?kind=item").json()
    named = {one["name"]: one for one in found["features"]}
    assert named["item.price"] == {
        "name": "item.price", "type": "double", "unit": "USD", "meaning": "What it costs.", "source": "entity",
    }  # fmt: skip
    assert named["request.market"]["source"] == "request"
    assert named["item.heat"]["source"] == "request"
    assert "seller.age" in named
    assert {"contains", "exists", "in_list", "duration"} <= {one["name"] for one in found["functions"]}
    assert "seller.age" in json.dumps(ask.client.get("/strategies/-/words?kind=no-such").json())


def test_a_feature_tells_its_values_in_the_catalogue(ask) -> None:
    put(items(110))
    found = ask.client.get("/strategies/-/feature/item.category").json()
    assert found["meaning"] == "Where it stands in the shop."
    assert found["unknown"] == pytest.approx(10 / 110)
    assert {value for value, _ in found["values"]} == {"bags", "shoes", "toys", "phones"}
    assert ask.client.get("/strategies/-/feature/item.category?q=SH").json()["values"][0][0] == "shoes"
    assert ask.client.get("/strategies/-/feature/item.price").json()["quantiles"][0][0] == 0.0
    assert ask.client.get("/strategies/-/feature/item.nothing").status_code == 404
