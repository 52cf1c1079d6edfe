"""`aedile release`: make one file of all that decides, and see that such a file is still what was built."""

from __future__ import annotations

import time as clock
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aedile.cli.codes import BAD_TIME, NO_WORLD, NOT_TOGETHER
from aedile.cli.options import (
    ByOption,
    ConfigOption,
    FormatOption,
    HomeOption,
    ListsOption,
    SchemaOption,
    StrategiesOption,
)
from aedile.cli.published import database_of, opened, user
from aedile.cli.screen import Format, print_json, say, table
from aedile.errors import UsageError

if TYPE_CHECKING:
    from aedile.engine.release import Manifest

release = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Build, publish, list and inspect releases.")


@release.command("build")
def build(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The release.", show_default=False)],
    schema: SchemaOption = None,
    strategies: StrategiesOption = None,
    lists: ListsOption = None,
    number: Annotated[
        int | None,
        typer.Option("--number", min=1, help="Its number; by default the parent's + 1, or 1.", show_default=False),
    ] = None,
    parent: Annotated[
        str | None,
        typer.Option("--parent", metavar="FILE|N", help="The release before it.", show_default=False),
    ] = None,
    author: Annotated[
        str | None, typer.Option("--author", help="Who builds it; by default who runs the command.", show_default=False)
    ] = None,
    time: Annotated[
        str | None, typer.Option("--time", metavar="RFC3339", help="When; by default now.", show_default=False)
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Build a release: one file with schema, strategies, lists and a digest of each.

    It is built only if every strategy compiles and every example holds. The same inputs give the same bytes.

    \b
    Examples
      aedile release build --schema schema.yaml --strategies strategies --lists lists --out 1.release
      aedile release build --schema schema.yaml --strategies strategies --parent 1.release --out 2.release
    """
    if schema is None or strategies is None:
        missing = "--schema" if schema is None else "--strategies"
        raise UsageError(NO_WORLD, f"{missing} is missing", fix="add --schema FILE --strategies FOLDER")
    from aedile.cli.writing import written_aside
    from aedile.engine.release import build_release

    before = _number_of(parent) if parent is not None else None
    mine = number if number is not None else (before or 0) + 1
    if before is not None and mine <= before:
        raise UsageError(
            NOT_TOGETHER,
            f"release {mine} cannot follow release {before}",
            hint="numbers rise from parent to child",
            fix=f"write --number {before + 1}, or leave it out",
        )
    manifest, data = build_release(
        schema, strategies, lists, number=mine, parent=before, author=user(author), time=_time(time)
    )
    with written_aside(out) as file:
        file.write(data)
    if format_ is Format.JSON:
        print_json({"out": str(out), "digest": manifest.digest, "release": manifest.to_dict()})
        return
    say(f"Release {manifest.number} is in {out}: {len(manifest.strategies):,} strategies, digest {manifest.digest}")


@release.command("inspect")
def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The release.", show_default=False)],
    format_: FormatOption = Format.TEXT,
) -> None:
    """Compile a release anew, compare it with its digests, and say what is in it.

    \b
    Example
      aedile release inspect 7.release
    """
    from aedile.engine.release import read_release

    read = read_release(file)
    manifest = read.manifest
    if format_ is Format.JSON:
        print_json({"file": str(file), "digest": manifest.digest, "release": manifest.to_dict()})
        return
    _show(manifest)
    table(
        "Strategies, in order of precedence",
        ("strategy", "stage", "share", "version"),
        [(s.id, s.stage, s.share, s.version[:16]) for s in manifest.strategies],
    )


@release.command("publish")
def publish(
    schema: SchemaOption = None,
    strategies: StrategiesOption = None,
    lists: ListsOption = None,
    why: Annotated[str, typer.Option("--note", help="What it is for.")] = "",
    through_freeze: Annotated[
        str | None,
        typer.Option(
            "--through-freeze", metavar="WHY", help="Publish although releases are frozen.", show_default=False
        ),
    ] = None,
    by: ByOption = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Publish the release of these files: every server decides by it within a second.

    It is published only if every strategy compiles, every example holds, and no feature that active strategies use is
    dropped or retyped.

    \b
    Example
      aedile release publish --schema schema.yaml --strategies strategies --lists lists --note "before 12.12"
    """
    if schema is None or strategies is None:
        missing = "--schema" if schema is None else "--strategies"
        raise UsageError(NO_WORLD, f"{missing} is missing", fix="add --schema FILE --strategies FOLDER")
    from aedile.store.publish import Files
    from aedile.store.publish import publish as publish_files

    with database_of(config, home) as (database, _):
        manifest = publish_files(
            database, Files(schema, strategies, lists), by=user(by), note=why, through_freeze=through_freeze
        )
    _published(manifest, format_)


@release.command("rollback")
def rollback(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The release to go back to.", show_default=False)],
    why: Annotated[str, typer.Option("--note", help="What happened.")] = "",
    by: ByOption = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Publish what an earlier release said, as a new one.

    \b
    Example
      aedile release rollback 6 --note "prices of electronics are wrong"
    """
    from aedile.store.publish import rollback as publish_again

    with database_of(config, home) as (database, _):
        manifest = publish_again(database, number, by=user(by), note=why)
    _published(manifest, format_)


@release.command("history")
def history(
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, the newest first.")] = 50,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """List what was published, the newest first.

    \b
    Example
      aedile release history --limit 10
    """
    with opened(config, home) as published:
        found = published.history("release", limit)
    rows = [(one.number, one.at.strftime("%Y-%m-%d %H:%M:%SZ"), one.by, one.note, one.digest) for one in found]
    if format_ is Format.JSON:
        names = ("number", "at", "by", "note", "digest")
        print_json({"releases": [dict(zip(names, row, strict=True)) for row in rows]})
        return
    table("Releases", ("release", "at", "by", "note", "digest"), [(*row[:4], row[4][:16]) for row in rows])


def _published(manifest: Manifest, format_: Format) -> None:
    if format_ is Format.JSON:
        print_json({"digest": manifest.digest, "release": manifest.to_dict()})
        return
    say(f"Release {manifest.number} is published: {len(manifest.strategies):,} strategies, digest {manifest.digest}")


def _show(manifest: Manifest) -> None:
    facts: dict[str, Any] = asdict(manifest)
    say(f"Release {manifest.number} holds what its digests say.")
    said = {name: facts[name] for name in ("number", "parent", "author", "time")}
    said |= {"digest": manifest.digest, "schema": manifest.schema, "settings": manifest.settings}
    said |= {f"list {name}": digest for name, digest in manifest.lists.items()}
    table("Release", ("what", "is"), [(name, str(value)) for name, value in said.items() if value is not None])


def _number_of(parent: str) -> int:
    """The number of the release before: written as such, or read from its file."""
    if parent.isascii() and parent.isdigit() and not Path(parent).exists():
        return int(parent)
    from aedile.engine.release import read_release

    return read_release(Path(parent)).manifest.number


def _time(text: str | None) -> str:
    from aedile.language.values import format_timestamp, parse_timestamp

    micros = parse_timestamp(text) if text is not None else int(clock.time()) * 1_000_000
    if micros is None:
        raise UsageError(
            BAD_TIME,
            f'"{text}" is not a time',
            hint="times are written as RFC 3339 says, with their zone",
            fix="write --time 2026-11-25T08:30:00Z",
        )
    return format_timestamp(micros)
