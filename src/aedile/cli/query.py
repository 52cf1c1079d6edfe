"""`aedile query`: what do the facts say?"""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aedile.cli.codes import BAD_QUERY_VALUE, NOT_TOGETHER
from aedile.cli.options import ConfigOption, HomeOption
from aedile.cli.screen import note
from aedile.errors import UsageError

if TYPE_CHECKING:
    from sqlglot import exp


class Answer(StrEnum):
    """How a query is answered."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


_WORDS = {"true": True, "false": False, "null": None}
#: Rows that are shown where nobody says how many.
SHOWN = 1_000

WarehouseOption = Annotated[
    str | None,
    typer.Option("--warehouse", metavar="URL", help="A Spark, spark://host:port, in place of DuckDB here.",
                 show_default=False),
]  # fmt: skip
SnapshotOption = Annotated[
    str | None, typer.Option("--snapshot", metavar="NAME", help="The facts of this snapshot.", show_default=False)
]


def query(
    sql: Annotated[str, typer.Argument(metavar="SELECT", show_default=False)],
    value: Annotated[
        list[str] | None,
        typer.Option("--value", metavar="NAME=VALUE", help="The value of :NAME in the query; may be repeated.",
                     show_default=False),
    ] = None,
    warehouse: WarehouseOption = None,
    snapshot: SnapshotOption = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Rows at most; 1,000 where no file is written.",
                                 show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the answer to a file.", show_default=False)
    ] = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: Annotated[Answer, typer.Option("--format", help="A table for people, or a file's format.")] = Answer.TEXT,
) -> None:  # fmt: skip
    """Ask the facts with one SELECT of portable SQL, which every engine answers alike.

    Tables are the kinds of facts (exposures, clicks, orders, …), decisions, and decision_candidates with a row for each
    candidate. What engines answer differently is refused, with what takes its place: see docs/warehouse.md. A value
    that is written as a number, as true, false or null is one; everything else is a text.

    \b
    Examples
      aedile query "SELECT market, count(*) AS shown FROM exposures GROUP BY market"
      aedile query "SELECT * FROM orders WHERE seller = :seller" --value seller=s-7 --format csv --out orders.csv
      aedile query "SELECT count(*) AS n FROM clicks" --warehouse spark://spark.internal:7077
    """
    from aedile.cli.answering import write_answer
    from aedile.facts.portable import parse
    from aedile.settings import load_settings
    from aedile.store.home import Home
    from aedile.store.warehouse_at import warehouse_at

    if format_ is Answer.PARQUET and out is None:
        raise UsageError(NOT_TOGETHER, "Parquet goes into a file", fix="add --out FILE")
    settings = load_settings(config, home=str(home) if home is not None else None)
    most = limit if limit is not None or out is not None else SHOWN
    tree, values = parse(sql), _values(value or [])
    with warehouse_at(
        Home(settings.home).prepare(), warehouse or settings.facts.warehouse, snapshot=snapshot,
        memory_mb=settings.facts.memory_mb, threads=settings.facts.threads,
    ) as engine:  # fmt: skip
        answer = engine.query(tree if most is None else _limited(tree, most + 1), values)
    if most is not None and len(answer) > most:
        answer = answer.slice(0, most)
        note(f"There are more than {most:,} rows; only these are shown. --limit says how many.")
    write_answer(answer, format_, out)


def _limited(tree: exp.Query, most: int) -> exp.Query:
    """The query with so many rows at most."""
    limit = tree.args.get("limit")
    if limit is not None and limit.expression.is_int and int(limit.expression.name) <= most:
        return tree
    limited: exp.Query = tree.limit(most)
    return limited


def _values(told: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for one in told:
        name, equals, text = one.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(
                BAD_QUERY_VALUE,
                f"`{one[:60]}` is no value of a query",
                fix="write --value name=value, and :name in the query",
            )
        if name in values:
            raise UsageError(BAD_QUERY_VALUE, f"`{name}` is given twice", fix="give it once")
        values[name] = _value(text)
    return values


def _value(text: str) -> Any:
    """A whole number, another, true, false or null as such; all else is a text."""
    if text in _WORDS:
        return _WORDS[text]
    if re.fullmatch(r"-?\d{1,19}", text):
        return int(text)
    if re.fullmatch(r"-?\d+\.\d+([eE][+-]?\d+)?", text):
        return float(text)
    return text
