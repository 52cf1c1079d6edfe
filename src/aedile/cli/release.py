"""`aedile release`: make one file of all that decides, and see that such a file is still what was built."""

from __future__ import annotations

import getpass
import os
import time as clock
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aedile.cli.codes import BAD_TIME, NO_WORLD, NOT_TOGETHER
from aedile.cli.options import FormatOption, ListsOption, SchemaOption, StrategiesOption
from aedile.cli.screen import Format, print_json, say, table
from aedile.errors import UsageError

if TYPE_CHECKING:
    from aedile.engine.release import Manifest

release = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Build a release, or inspect one.")


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
        schema, strategies, lists, number=mine, parent=before, author=author or _user(), time=_time(time)
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


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        return f"uid {os.getuid()}"


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
