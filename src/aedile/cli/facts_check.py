"""`aedile facts check`: do feeds of facts keep what was promised of them?"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from aedile.cli.codes import BAD_TIME
from aedile.cli.options import ConfigOption, FormatOption, HomeOption, StrictOption
from aedile.cli.query import WarehouseOption
from aedile.cli.report import FINDINGS
from aedile.cli.screen import Format, print_json, say, table
from aedile.errors import UsageError


def check(
    contracts: Annotated[
        Path, typer.Option("--contracts", metavar="FILE", help="The file of contracts.", show_default=False)
    ],
    day: Annotated[
        str | None,
        typer.Option("--day", help="The local day; by default yesterday.", show_default=False),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Show what holds, too.")] = False,
    warehouse: WarehouseOption = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    strict: StrictOption = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Judge each feed of facts by its contract: freshness, volume, nulls, ranges and values, market by market.

    A day's number is compared with the same weekdays before. With --strict the exit code is 3 where a promise is
    broken.

    \b
    Example
      aedile facts check --contracts contracts.yaml --day 2026-11-24 --strict
    """
    from aedile.facts.contracts import read_contracts
    from aedile.settings import load_settings
    from aedile.store.contract_check import check_contracts
    from aedile.store.home import Home
    from aedile.store.warehouse_at import warehouse_at

    read = read_contracts(contracts)
    settings, now = load_settings(config, home=str(home) if home is not None else None), datetime.now(UTC)
    judged = _day(day, now)
    with warehouse_at(
        Home(settings.home).prepare(), warehouse or settings.facts.warehouse,
        memory_mb=settings.facts.memory_mb, threads=settings.facts.threads,
    ) as engine:  # fmt: skip
        found = check_contracts(engine, read, judged, now)
    broken = [one for one in found if not one.holds]
    open_ = [one for one in found if one.holds and not one.is_known]
    if format_ is Format.JSON:
        print_json({
            "day": judged.isoformat(), "promises": len(found), "broken": len(broken), "not_known": len(open_),
            "findings": [
                {"kind": one.kind, "market": one.market, "rule": one.rule, "column": one.column, "holds": one.holds,
                 "is_known": one.is_known, "told": one.told} for one in (found if all_ else broken)
            ],
        })  # fmt: skip
    else:
        rows = [
            (one.kind, one.market, one.rule, one.column or "", _word(one.holds, one.is_known), one.told)
            for one in (found if all_ else broken)
        ]
        table(f"Feeds on {judged}", ("facts", "market", "promise", "column", "is", "what was found"), rows)
        little = len(open_) or "none"
        say(f"{len(found):,} promises: {len(broken) or 'none'} broken, {little} with too little to judge by.")
    if strict and broken:
        raise typer.Exit(FINDINGS)


def _word(holds: bool, is_known: bool) -> str:
    return "broken" if not holds else "kept" if is_known else "not known"


def _day(text: str | None, now: datetime) -> date:
    if text is None:
        return now.date() - timedelta(days=1)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(BAD_TIME, f'"{text}" is not a day', fix="write --day 2026-11-24") from None
