"""What is asked of every engine, and must be answered alike. The rows are chosen for what engines differ in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from aedile.store.home import Home
from tests.facts_data import candidate, decision, fact, put_decisions, put_facts

DAYS = [date(2025, 12, 28) + timedelta(days=n) for n in range(12)]


@dataclass(frozen=True)
class Probe:
    """first: the values that the first row must have; None where engines are only compared."""

    name: str
    sql: str
    values: dict[str, Any] = field(default_factory=dict)
    first: tuple[Any, ...] | None = None

    def __str__(self) -> str:
        return self.name


def fill(home: Home) -> None:
    """Facts with NULLs, zeros, ends of years, letters of many scripts, equal times and numbers near the limits."""
    texts = [
        "b",
        "a",
        "İ",
        "i̇",
        "é",
        "e\u0301",
        "Z",
        "z",
        "ß",
        "𝒳",
        "\uffff",
        "",
        "a'b",
        "a\\b",
        'a"b',
        "a%b",
        "=1+1",
        None,
    ]
    shows = []
    for n in range(240):
        day, market = DAYS[n % len(DAYS)], ("DE", "JP", "BR", "NO")[n % 4]
        shows.append(
            fact(
                "exposures",
                f"e{n}",
                datetime(day.year, day.month, day.day, n % 24, 59, 59, 999_999 - n, tzinfo=UTC),
                market,
                kind="item",
                entity=f"i{n % 17}",
                position=n % 10 + 1,
                query_id=texts[n % len(texts)],
                shopper=None if n % 7 == 0 else f"s{n % 13}",
                examined=None if n % 5 == 0 else (n % 11) / 10,
            )
        )
    put_facts(home, "exposures", shows[:150])
    put_facts(home, "exposures", shows[150:], "t-1-2")
    orders = [
        fact(
            "orders",
            f"o{n}",
            datetime(2026, 1, 1 + n % 5, 3, n, tzinfo=UTC),
            ("DE", "JP")[n % 2],
            order_id=f"r{n // 2}",
            line=n % 2 + 1,
            item=f"i{n % 17}",
            seller=(None, "x", "y")[n % 3],
            quantity=n % 4 + 1,
            amount=(0, 1, 250, 99_999, 2**53 + 1)[n % 5],
            currency=("EUR", "JPY")[n % 2],
        )
        for n in range(40)
    ]
    put_facts(home, "orders", orders)
    put_facts(
        home,
        "reviews",
        [
            fact(
                "reviews",
                "v1",
                "2026-01-01T10:00:00",
                kind="item",
                entity="i1",
                stars=5,
                text="größer",
                is_verified=True,
            ),
            fact("reviews", "v2", "2026-01-01T10:00:00", kind="item", entity="i1", stars=1, is_verified=False),
            fact("reviews", "v3", "2026-01-01T11:00:00", kind="item", entity="i2", stars=3),
        ],
    )
    put_facts(
        home,
        "searches",
        [
            fact(
                "searches",
                "q1",
                "2026-01-02T10:00:00",
                query_id="q1",
                user_query="tea",
                query_response_hit_ids=["b", "a"],
            ),
            fact("searches", "q2", "2026-01-02T11:00:00", query_id="q2", user_query="cup", query_response_hit_ids=[]),
            fact("searches", "q3", "2026-01-02T12:00:00", query_id="q3", user_query="pot"),
        ],
    )
    put_facts(
        home,
        "feature_updates",
        [
            fact(
                "feature_updates",
                f"u{n}",
                f"2026-01-0{n + 1}T10:00:00",
                kind="item",
                entity="i1",
                feature="price",
                value=value,
            )
            for n, value in enumerate(["1.5", "2e3", '"dear"', None, "-7"])
        ],
    )
    put_decisions(
        home,
        [
            decision(
                "r1",
                "2026-01-01T10:00:00",
                shopper="s1",
                query="tea",
                candidates=[
                    candidate("a", 1, fired=["down", "tag"], multiplier=0.5),
                    candidate("b", 2, excluded_by="out", rank_after=None, fired=["out"]),
                ],
            ),
            decision("r2", "2026-01-02T10:00:00", market="JP", candidates=[candidate("a", 1), candidate("c", 2)]),
        ],
    )


PROBES = (
    Probe(
        "rows",
        "SELECT count(*) n, count(shopper) s, count(DISTINCT shopper) d FROM exposures",
        first=(240, 205, 13),
    ),
    Probe(
        "a kind without facts",
        "SELECT count(*) n, sum(quantity) q, max(at) m FROM carts",
        first=(0, None, None),
    ),
    Probe(
        "rows of a kind without facts",
        "SELECT * FROM carts",
    ),
    Probe(
        "by market",
        "SELECT market, count(*) n FROM exposures GROUP BY market ORDER BY market",
        first=("BR", 60),
    ),
    Probe(
        "one part",
        "SELECT count(*) n FROM exposures WHERE local_date = '2026-01-01' AND market = 'DE'",
    ),
    Probe(
        "a market that is a word of YAML",
        "SELECT count(*) n FROM exposures WHERE market = 'NO'",
        first=(60,),
    ),
    Probe(
        "division by zero",
        "SELECT ratio(sum(position), sum(position) - sum(position)) r FROM exposures",
        first=(None,),
    ),
    Probe(
        "a ratio",
        "SELECT market, ratio(count(DISTINCT entity), count(*)) r FROM exposures GROUP BY market ORDER BY market",
    ),
    Probe(
        "division by a column",
        "SELECT id, amount / NULLIF(quantity - 1, 0) x FROM orders ORDER BY id",
    ),
    Probe(
        "division of whole numbers",
        "SELECT 7 / 2 a, -7 / 2 b, 7 % 3 c, -7 % 3 d, 7 % -3 e",
        first=(3.5, -3.5, 1, -1, 1),
    ),
    Probe(
        "numbers with a point",
        "SELECT 0.1 + 0.2 a, 1.5 * 2 b, 10 / 4.0 c, 1e3 d",
        first=(0.1 + 0.2, 3.0, 2.5, 1000.0),
    ),
    Probe(
        "rounding",
        "SELECT round_down(2.5) a, round_down(-2.5) b, round_up(2.1) c, round_up(-2.9) d",
        first=(2, -3, 3, -2),
    ),
    Probe(
        "days of the week",
        "SELECT local_date d, iso_weekday(local_date) w FROM exposures GROUP BY 1 ORDER BY 1",
        first=(date(2025, 12, 28), 7),
    ),
    Probe(
        "weeks over the end of a year",
        "SELECT date_bucket(local_date, 'week') w, count(*) n FROM exposures GROUP BY 1 ORDER BY 1",
        first=(date(2025, 12, 22), 20),
    ),
    Probe(
        "months",
        "SELECT date_bucket(local_date, 'month') m, count(*) n FROM exposures GROUP BY 1 ORDER BY 1",
        first=(date(2025, 12, 1), 80),
    ),
    Probe(
        "other buckets",
        "SELECT date_bucket(local_date, 'day') a, date_bucket(local_date, 'quarter') b, "
        "date_bucket(local_date, 'year') c FROM orders WHERE id = 'o0'",
        first=(date(2026, 1, 1), date(2026, 1, 1), date(2026, 1, 1)),
    ),
    Probe(
        "days between",
        "SELECT days_between(DATE '2024-02-28', DATE '2024-03-01') a, days_between(DATE "
        "'2026-01-02', DATE '2025-12-31') b",
        first=(2, -2),
    ),
    Probe(
        "days later",
        "SELECT add_days(DATE '2024-02-28', 2) a, add_days(DATE '2026-01-01', -1) b",
        first=(date(2024, 3, 1), date(2025, 12, 31)),
    ),
    Probe(
        "time between",
        "SELECT micros_between(min(at), max(at)) m, micros_between(max(at), min(at)) n FROM exposures",
    ),
    Probe(
        "days and hours of times",
        "SELECT utc_day(at) d, utc_hour(at) h, count(*) n FROM exposures GROUP BY 1, 2 ORDER BY 1, 2",
    ),
    Probe(
        "times to the microsecond",
        "SELECT at FROM exposures ORDER BY at DESC LIMIT 3",
    ),
    Probe(
        "a time as text",
        "SELECT count(*) n FROM exposures WHERE at >= '2026-01-01T00:00:00Z' AND at < '2026-01-01 02:00:00+01:00'",
    ),
    Probe(
        "a day as text",
        "SELECT count(*) n FROM exposures WHERE local_date BETWEEN '2026-01-01' AND '2026-01-03'",
        first=(60,),
    ),
    Probe(
        "NULL comes last",
        "SELECT DISTINCT seller FROM orders ORDER BY seller DESC",
        first=("y",),
    ),
    Probe(
        "NULL comes first where said so",
        "SELECT DISTINCT seller FROM orders ORDER BY seller NULLS FIRST",
        first=(None,),
    ),
    Probe(
        "texts sort by code point",
        "SELECT DISTINCT query_id q FROM exposures ORDER BY q",
    ),
    Probe(
        "texts are equal by code point",
        "SELECT query_id q, count(*) n FROM exposures WHERE query_id IN ('é', 'Z', 'İ') GROUP BY 1 ORDER BY 1",
    ),
    Probe(
        "small letters",
        "SELECT DISTINCT ascii_lower(query_id) q FROM exposures ORDER BY q",
    ),
    Probe(
        "lengths",
        "SELECT DISTINCT query_id q, length(query_id) n FROM exposures ORDER BY q",
    ),
    Probe(
        "texts in a row",
        "SELECT DISTINCT query_id || '-' || market t FROM exposures ORDER BY t",
    ),
    Probe(
        "patterns",
        "SELECT count(*) n FROM exposures WHERE query_id LIKE 'a%b' OR query_id LIKE '_'",
    ),
    Probe(
        "beginnings",
        "SELECT DISTINCT query_id q FROM exposures WHERE starts_with(query_id, 'a') ORDER BY q",
        first=("a",),
    ),
    Probe(
        "a value with a quote",
        "SELECT count(*) n FROM exposures WHERE query_id = :q",
        {"q": "a'b"},
        (13,),
    ),
    Probe(
        "a value with a backslash",
        "SELECT count(*) n FROM exposures WHERE query_id = :q",
        {"q": "a\\b"},
        (13,),
    ),
    Probe(
        "a value that would be SQL",
        "SELECT count(*) n FROM exposures WHERE query_id = :q",
        {"q": "' OR 1=1 --"},
        (0,),
    ),
    Probe(
        "texts come back as they are",
        "SELECT :a a, :b b, 'it''s' c, '\\n' d",
        {"a": "\\' \" \n\t𝒳", "b": ""},
        ("\\' \" \n\t𝒳", "", "it's", "\\n"),
    ),
    Probe(
        "a list of values",
        "SELECT count(*) n FROM exposures WHERE market IN (:m)",
        {"m": ["DE", "JP"]},
        (120,),
    ),
    Probe(
        "values of every type",
        "SELECT :i i, :f f, :b b, :d d, :t t, :g g",
        {
            "i": -(2**62),
            "f": -0.1,
            "b": True,
            "d": date(2026, 1, 31),
            "g": 1e300,
            "t": datetime(2026, 1, 31, 12, 0, 0, 1, tzinfo=UTC),
        },
    ),
    Probe(
        "a value of nothing",
        "SELECT count(*) n FROM orders WHERE seller = :s",
        {"s": None},
        (0,),
    ),
    Probe(
        "NULL in a list",
        "SELECT count(*) n FROM orders WHERE seller NOT IN ('x', NULL)",
        first=(0,),
    ),
    Probe(
        "equal, with NULL too",
        "SELECT count(*) n FROM orders WHERE seller IS NOT DISTINCT FROM :s",
        {"s": None},
        (14,),
    ),
    Probe(
        "three values",
        "SELECT count_if(shopper = 's1' OR NULL) a, count_if(NOT (shopper = 's1')) b FROM exposures",
    ),
    Probe(
        "sums of whole numbers stay whole",
        "SELECT sum(amount) a, sum_if(amount, market = 'DE') b FROM orders",
    ),
    Probe(
        "a sum of nothing",
        "SELECT sum(amount) a, avg(amount) b, count_if(market = 'XX') c FROM orders WHERE market = 'XX'",
        first=(None, None, 0),
    ),
    Probe(
        "averages",
        "SELECT seller, avg(quantity) a, avg(examined) b FROM orders o JOIN exposures e ON "
        "e.entity = o.item GROUP BY seller ORDER BY seller",
    ),
    Probe(
        "the variance of one row",
        "SELECT var_samp(position) v, stddev_samp(position) s FROM exposures WHERE id = 'e1'",
        first=(None, None),
    ),
    Probe(
        "variances",
        "SELECT market, var_samp(examined) v, stddev_samp(position) s FROM exposures GROUP BY 1 ORDER BY 1",
    ),
    Probe(
        "quantiles",
        "SELECT market, quantile(position, 0.5) a, quantile(examined, 0.9) b, quantile(position, "
        "0) c, quantile(position, 1) d FROM exposures GROUP BY 1 ORDER BY 1",
    ),
    Probe(
        "the latest value",
        "SELECT market, latest(entity, at) e, latest(examined, at) x FROM exposures GROUP BY 1 ORDER BY 1",
    ),
    Probe(
        "the latest of equal times",
        "SELECT latest(stars, at) s FROM reviews WHERE entity = 'i1'",
        first=(5,),
    ),
    Probe(
        "the latest of nothing",
        "SELECT latest(seller, at) s FROM orders WHERE seller IS NULL",
        first=(None,),
    ),
    Probe(
        "lists without NULL, in order",
        "SELECT sorted_list(seller) s, sorted_list(quantity) q FROM orders WHERE local_date = '2026-01-01'",
    ),
    Probe(
        "a list of nothing",
        "SELECT sorted_list(seller) s FROM orders WHERE seller IS NULL",
        first=([],),
    ),
    Probe(
        "what a list holds",
        "SELECT id, list_has(query_response_hit_ids, 'a') h, list_size(query_response_hit_ids) n "
        "FROM searches ORDER BY id",
        first=("q1", True, 2),
    ),
    Probe(
        "numbers in texts",
        "SELECT id, number_of(value) x FROM feature_updates ORDER BY id",
        first=("u0", 1.5),
    ),
    Probe(
        "what is no number is NULL",
        "SELECT number_of('nan') a, number_of(' 1') b, number_of('1.') c, number_of('e') d, "
        "number_of('Infinity') e, number_of('') f",
        first=(None, None, 1.0, None, None, None),
    ),
    Probe(
        "logarithms and roots",
        "SELECT ln(0) a, ln(-1) b, ln(1) c, sqrt(-1) d, sqrt(2) e",
        first=(None, None, 0.0, None, 2**0.5),
    ),
    Probe(
        "cases",
        "SELECT CASE WHEN position > 5 THEN 'low' ELSE 'high' END p, count(*) n FROM exposures GROUP BY 1 ORDER BY 1",
        first=("high", 120),
    ),
    Probe(
        "what is least",
        "SELECT least(1, NULL, 3) a, greatest(1, NULL, 3) b, coalesce(NULL, 2) c, nullif(1, 1) d",
        first=(1, 3, 2, None),
    ),
    Probe(
        "casts",
        "SELECT CAST(position AS DOUBLE) a, CAST(position AS TEXT) b, CAST(local_date AS TEXT) c, "
        "CAST(TRUE AS BIGINT) d FROM exposures WHERE id = 'e1'",
        first=(2.0, "2", "2025-12-29", 1),
    ),
    Probe(
        "joins",
        "SELECT e.entity, count(*) n, sum(o.amount) a FROM exposures e LEFT JOIN orders o ON "
        "o.item = e.entity AND o.market = e.market GROUP BY 1 ORDER BY 1",
    ),
    Probe(
        "who is in and who is not",
        "SELECT count(*) n FROM exposures e WHERE e.entity IN (SELECT item FROM orders) AND NOT "
        "EXISTS (SELECT 1 FROM reviews r WHERE r.entity = e.entity)",
    ),
    Probe(
        "named parts and unions",
        "WITH a AS (SELECT entity x FROM exposures UNION SELECT item x FROM orders), b AS (SELECT "
        "x FROM a EXCEPT SELECT entity x FROM reviews) SELECT count(*) n FROM b",
    ),
    Probe(
        "windows",
        "SELECT id, row_number() OVER (PARTITION BY market ORDER BY at, id) r, sum(position) OVER "
        "(PARTITION BY market ORDER BY at, id) s, lag(id) OVER (ORDER BY at, id) l FROM exposures "
        "ORDER BY id",
    ),
    Probe(
        "groups of groups",
        "SELECT n, count(*) c FROM (SELECT entity, count(*) n FROM exposures GROUP BY entity) t "
        "GROUP BY n HAVING count(*) > 1 ORDER BY n",
    ),
    Probe(
        "decisions",
        "SELECT date, request_id, shopper, query FROM decisions ORDER BY request_id",
        first=(date(2026, 1, 1), "r1", "s1", "tea"),
    ),
    Probe(
        "candidates",
        "SELECT request_id, market, id, multiplier, excluded_by, rank_after, list_has(fired, "
        "'down') f, list_size(fired) n FROM decision_candidates ORDER BY request_id, id",
        first=("r1", "DE", "a", 0.5, None, 1, True, 2),
    ),
    Probe(
        "whole decisions",
        "SELECT * FROM decisions ORDER BY request_id",
    ),
)
