"""`aedile check`: does everything compile, and do all examples hold?"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aedile.cli.codes import NO_WORLD
from aedile.cli.options import FormatOption, ListsOption, SchemaOption, StrategiesOption
from aedile.cli.screen import Format, print_json, say, table
from aedile.errors import AedileError, Errors, UsageError

if TYPE_CHECKING:
    from aedile.engine.strategy import Strategy
    from aedile.language.schema import Schema


def check(
    schema: SchemaOption = None,
    strategies: StrategiesOption = None,
    lists: ListsOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Compile every strategy, run its examples, and list every error at once.

    \b
    Examples
      aedile check --schema schema.yaml --strategies strategies --lists lists
      aedile check --schema schema.yaml --strategies strategies --format json
    """
    if schema is None or strategies is None:
        missing = "--schema" if schema is None else "--strategies"
        raise UsageError(NO_WORLD, f"{missing} is missing", fix="add --schema FILE --strategies FOLDER")
    from aedile.engine.examples import example_errors
    from aedile.engine.list_files import read_lists
    from aedile.language.schema import load_schema

    errors: list[AedileError] = []
    read_schema = load_schema(schema)
    named = {}
    names: Collection[str] | None = None  # where lists cannot be read, nothing is said of the names strategies use
    try:
        named = read_lists(lists) if lists is not None else {}
        names = named
    except Errors as found:
        errors += found.errors
    good, bad = _read(strategies, read_schema, names)
    errors += bad
    if names is not None:
        errors += example_errors(good, read_schema, named)
    if errors:
        raise Errors(errors)
    counts = _counts(good)
    if format_ is Format.JSON:
        print_json({"lists": {name: len(entries) for name, entries in named.items()}, **counts})
        return
    _show(counts)


def _read(folder: Path, schema: Schema, lists: Collection[str] | None) -> tuple[Sequence[Strategy], list[AedileError]]:
    """The strategies that can be read, and the errors of the others."""
    from aedile.engine.strategy_read import read_strategies, read_strategy

    try:
        return read_strategies(folder, schema, lists), []
    except Errors as found:
        errors = found.errors
    bad = {error.place.file for error in errors}
    good = [read_strategy(path, schema, lists) for path in _files(folder) if str(path) not in bad]
    return good, errors


def _files(folder: Path) -> Iterable[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(files) if name.endswith(".yaml") and name[0] != ".")


def _counts(strategies: Sequence[Strategy]) -> dict[str, Any]:
    def count(values: Iterable[str]) -> dict[str, int]:
        return dict(sorted(Counter(values).items()))

    return {
        "strategies": len(strategies),
        "examples": sum(len(s.examples) for s in strategies),
        "by_tier": dict(Counter(str(s.tier) for s in sorted(strategies, key=lambda s: s.tier))),
        "by_action": count(s.action.name for s in strategies),
        "by_stage": count(s.stage for s in strategies),
        "by_market": count(market for s in strategies for market in s.markets),
        "by_channel": count(channel for s in strategies for channel in s.channels),
        "without_example": [s.id for s in strategies if not s.examples],
    }


def _show(counts: dict[str, Any]) -> None:
    say(f"{counts['strategies']:,} strategies compile, and {counts['examples']:,} examples hold.")
    for by in ("tier", "action", "stage", "market", "channel"):
        table(f"By {by}", (by, "strategies"), counts[f"by_{by}"].items())
    if counts["without_example"]:
        say(f"Without an example: {', '.join(counts['without_example'])}")
