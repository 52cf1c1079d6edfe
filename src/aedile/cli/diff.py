"""`aedile diff`: what changes from one set of strategies to another, and which slates with it?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aedile.cli.codes import NOT_TOGETHER
from aedile.cli.options import EntitiesOption, FormatOption, ListsOption, SchemaOption, StrictOption
from aedile.cli.report import FINDINGS
from aedile.cli.screen import Format, note, print_json, progress, say, shown, table
from aedile.cli.world import World, entity_files, load_world
from aedile.errors import UsageError

if TYPE_CHECKING:
    from aedile.cli.compare import SlateChanges, StrategyChange


def diff(
    a: Annotated[Path, typer.Argument(metavar="A", help="A folder of strategies or a release.", show_default=False)],
    b: Annotated[Path, typer.Argument(metavar="B", help="What it is compared with.", show_default=False)],
    schema: SchemaOption = None,
    lists: ListsOption = None,
    entities: EntitiesOption = None,
    requests: Annotated[
        Path | None,
        typer.Option("--requests", metavar="FILE", help="Requests to decide by both (NDJSON).", show_default=False),
    ] = None,
    strict: StrictOption = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Compare two folders of strategies, or two releases: what was added, removed, changed.

    With requests, both decide them: which candidates are newly excluded, back, or moved, and what would look otherwise
    if one of the changes were left out. Folders need --schema, unless the folder holds schema.yaml, strategies/ and,
    perhaps, lists/. With --strict the exit code is 3 where anything differs.

    \b
    Examples
      aedile diff 6.release 7.release
      aedile diff strategies ../draft/strategies --schema schema.yaml --lists lists
        --entities item=products.parquet --requests requests.ndjson
    """
    if entities and requests is None:
        raise UsageError(
            NOT_TOGETHER, "--entities without --requests", hint="entities matter to slates", fix="add --requests FILE"
        )
    from aedile.cli.compare import compare_slates, compare_strategies

    files = entity_files(entities)
    before, after = _side(a, schema, lists), _side(b, schema, lists)
    changes = compare_strategies(before.strategies, after.strategies)
    same_schema = before.schema.digest() == after.schema.digest()
    lists_changed = sorted(
        name for name in {*before.lists, *after.lists} if _digest(before, name) != _digest(after, name)
    )
    slates = None
    if requests is not None:
        with progress("requests") as step:
            slates = compare_slates(before, after, files, requests, step)
    if format_ is Format.JSON:
        print_json(
            {
                "a": str(a), "b": str(b), "schema_changed": not same_schema, "lists_changed": lists_changed,
                "strategies": [change.to_json() for change in changes],
                "slates": slates.to_json() if slates is not None else None,
            }
        )  # fmt: skip
    else:
        if not same_schema:
            say("The schemas differ.")
        if lists_changed:
            say(f"Lists that differ: {', '.join(lists_changed)}")
        _show_strategies(changes)
        if slates is not None:
            show_slates(slates)
    if strict and (changes or not same_schema or lists_changed or (slates is not None and slates.requests_changed)):
        raise typer.Exit(FINDINGS)


def _side(path: Path, schema: Path | None, lists: Path | None) -> World:
    """One side: a release, a folder with all that decides, or a folder of strategies."""
    if not path.is_dir():
        return load_world(None, None, None, path)
    if schema is None and (path / "schema.yaml").is_file() and (path / "strategies").is_dir():
        own = path / "lists"
        return load_world(path / "schema.yaml", path / "strategies", own if own.is_dir() else lists, None)
    return load_world(schema, path, lists, None)


def _digest(world: World, name: str) -> str | None:
    named = world.lists.get(name)
    return named.digest if named is not None else None


def _show_strategies(changes: list[StrategyChange]) -> None:
    if not changes:
        say("The strategies are the same.")
    rows: list[tuple[Any, ...]] = []
    for change in changes:
        if not change.fields:
            rows.append((change.id, change.what, "", "", ""))
        rows += [
            (change.id, change.what, field, _short(old), _short(new)) for field, (old, new) in change.fields.items()
        ]
    table("Strategies", ("strategy", "what", "field", "before", "after"), rows)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else shown(value)
    return text if len(text) <= 120 else f"{text[:119]}…"


def show_slates(slates: SlateChanges) -> None:
    """How slates differ, by strategy and in all."""
    table(
        "By strategy that acts on the one side alone, in candidates",
        ("strategy", "newly excluded", "back", "moved"),
        [(id_, *counts) for id_, counts in slates.by_strategy()],
    )
    table(
        "If this change alone were left out, it would look otherwise",
        ("strategy", "requests", "candidates"),
        [(one.id, one.requests, one.candidates) for one in slates.left_out],
    )
    if slates.not_left_out:
        note(f"nothing was left out in turn: {slates.not_left_out}")
    say(
        f"{slates.requests_changed:,} of {slates.requests:,} requests look otherwise: "
        f"{slates.excluded:,} candidates are newly excluded, {slates.back:,} are back, {slates.moved:,} moved."
    )
