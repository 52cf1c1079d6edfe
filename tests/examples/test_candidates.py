"""Do candidates come from BM25 as promised, in the shape that requests have?"""

import builtins
import csv
import json
import math
from itertools import islice, product

import pytest

from aedile.engine.requests import parse_request
from aedile.errors import DataError, UsageError
from aedile.language.markets import CHANNELS
from aedile.language.schema import parse_schema
from aedile.search import bm25_candidates, make_requests, read_queries
from aedile.search.words import words_of

TIME = "2020-06-15T13:30:00Z"
MARKETS = ["ID", "SA", "US"]
TEXTS = {"a": "USB cable", "b": "usb cables, usb hub", "c": "Laptop bag", "d": "USB cable"}


def candidates(query, texts=TEXTS, limit=100):
    (found,) = bm25_candidates(list(texts), list(texts.values()), [query], limit=limit)
    return found


@pytest.fixture
def items(tmp_path):
    path = tmp_path / "items.csv"
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "title", "description", "price"])
        rows.writerows([id_, title, "", 5] for id_, title in TEXTS.items())
        rows.writerow(["e", "Thing", "for a camera", 5])
    return path


def requests(items, queries, **changes):
    asked = {"text_columns": ["title", "description"], "markets": MARKETS, "time": TIME, **changes}
    return make_requests(items, queries, **asked)


def test_words_are_found_in_every_inflection():
    assert {id_ for id_, _ in candidates("cable")} == {"a", "b", "d"}


def test_scores_are_finite_positive_and_fall_and_ties_stand_by_id():
    found = candidates("usb cable")
    scores = [score for _, score in found]
    assert all(math.isfinite(score) and score > 0 for score in scores)
    assert scores == sorted(scores, reverse=True)
    ids = [id_ for id_, _ in found]
    assert ids.index("d") == ids.index("a") + 1


def test_what_shares_no_word_is_no_candidate():
    assert candidates("microwave") == []
    assert candidates("the of") == []
    assert candidates("?!") == []


def test_a_catalogue_without_words_has_no_candidates():
    assert candidates("usb", {"a": "", "b": "—"}) == []


def test_the_limit_keeps_the_best():
    assert candidates("usb cable", limit=2) == candidates("usb cable")[:2]


def test_words_keep_their_vowel_signs_and_lose_their_punctuation():
    assert words_of("USB-C hub, 4×") == ["usb", "c", "hub", "4"]
    assert words_of("हिन्दी कीबोर्ड") == ["हिन्दी", "कीबोर्ड"]


def test_each_query_is_one_request_and_all_pairs_of_market_and_channel_come_up(items):
    made = list(requests(items, [f"usb {n}" for n in range(27)]))
    assert len(made) == 27
    assert {(one["market"], one["channel"]) for one in made} == set(product(MARKETS, CHANNELS))


def test_everywhere_sends_each_query_to_every_pair(items):
    made = list(requests(items, ["usb", "bag"], everywhere=True))
    assert len(made) == 2 * 27
    assert len({one["id"] for one in made}) == len(made)


def test_requests_are_the_same_each_time(items):
    assert list(requests(items, ["usb", "bag"])) == list(requests(items, ["usb", "bag"]))


def test_all_columns_of_text_are_searched(items):
    assert [c["id"] for c in next(requests(items, ["camera"]))["candidates"]] == ["e"]
    assert next(requests(items, ["camera"], text_columns=["title"]))["candidates"] == []


def test_decide_reads_them_as_they_are(items):
    schema = parse_schema(
        "entities: {item: {meaning: A listing., features: {title: {type: string, meaning: Its name.}}}}"
    )
    (sent,) = requests(items, ["usb"])
    request = parse_request(json.dumps(sent), schema)
    assert request.candidates.ids == [candidate["id"] for candidate in sent["candidates"]]
    assert request.query == "usb"
    assert request.shopper


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"markets": ["ID", "Malaysia"]}, "AED-USE-061", "Malaysia"),
        ({"markets": []}, "AED-USE-061", "no market"),
        ({"channels": ["serch"]}, "AED-USE-061", "did you mean `search`"),
        ({"time": "tomorrow"}, "AED-USE-062", "tomorrow"),
        ({"limit": 0}, "AED-USE-063", "0"),
        ({"text_columns": ["titel"]}, "AED-USE-064", "titel"),
    ],
)
def test_a_wrong_argument_is_named(items, changes, code, words):
    with pytest.raises(UsageError) as caught:
        list(islice(requests(items, ["usb"], **changes), 1))
    assert caught.value.code.name == code
    assert words in str(caught.value)


def test_without_the_search_extra_the_error_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def missing(name, *rest):
        if name == "bm25s":
            raise ModuleNotFoundError("No module named 'bm25s'", name="bm25s")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(UsageError, match="bm25s") as caught:
        candidates("usb")
    assert "pip install aedile[search]" in str(caught.value)


def test_queries_are_distinct_in_the_order_they_first_stand(tmp_path):
    text = tmp_path / "queries.txt"
    text.write_text("laptop\n\n  usb hub \nlaptop\n", encoding="utf-8")
    table = tmp_path / "ratings.csv"
    table.write_text('query,rating\nlaptop,1\n"usb hub",0\nlaptop,2\n', encoding="utf-8")
    assert read_queries(text) == read_queries(table) == ["laptop", "usb hub"]


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [("q.txt", "\n \n", "AED-DATA-060"), ("q.csv", "", "AED-DATA-061"), ("q.csv", "querry,n\na,1\n", "AED-DATA-061")],
)
def test_a_file_without_queries_is_an_error(tmp_path, name, text, code):
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError) as caught:
        read_queries(tmp_path / name)
    assert caught.value.code.name == code


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_queries(tmp_path / "q.txt")
