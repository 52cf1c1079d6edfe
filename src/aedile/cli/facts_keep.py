"""`aedile facts compact`, `forget`, `forgotten` and `snapshot`: what is kept of facts, in which files, and for whom no
longer?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aedile.cli.codes import NOT_CONFIRMED
from aedile.cli.options import ConfigOption, FormatOption, HomeOption
from aedile.cli.screen import Format, print_json, say, table
from aedile.errors import UsageError

if TYPE_CHECKING:
    from aedile.settings import Settings
    from aedile.store.home import Home

snapshot = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Keep the facts of a moment, and list what is kept."
)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
_SHORT = 12


def compact(
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Of this kind; may be repeated.", show_default=False)
    ] = None,
    enough: Annotated[int, typer.Option("--enough", min=2, help="From so many small files of a day on.")] = 8,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Make one file of the many small ones of a day and market, and delete what facts.keep keeps no longer.

    The server does the same by itself. Whoever reads meanwhile sees every fact once.

    \b
    Example
      aedile facts compact --kind exposures
    """
    from aedile.facts import kind_of
    from aedile.facts.keeping import read_keeping
    from aedile.store.fact_compact import compact as compacting
    from aedile.store.fact_compact import delete_old

    place, settings = _home(config, home)
    kinds = [kind_of(name).name for name in kind] if kind else None
    done = list(compacting(place, kinds, enough=enough))
    old = list(delete_old(place, read_keeping(settings.facts.keep or ""), datetime.now(UTC)))
    if format_ is Format.JSON:
        print_json({
            "compacted": [{"part": one.part, "files": one.files, "rows": one.rows, "bytes_before": one.bytes_before,
                           "bytes_after": one.bytes_after} for one in done],
            "deleted": [{"part": one.part, "files": one.files, "bytes": one.bytes} for one in old],
        })  # fmt: skip
        return
    table(
        "Made one file",
        ("of", "files", "facts", "bytes before", "after"),
        [(one.part, one.files, one.rows, one.bytes_before, one.bytes_after) for one in done],
    )
    table("Deleted", ("what", "files", "bytes"), [(one.part, one.files, one.bytes) for one in old])
    say(f"{len(done):,} parts compacted, {len(old):,} deleted.")


def forget(
    shopper: Annotated[str, typer.Argument(metavar="SHOPPER", help="The shopper's own id.", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Delete all facts of a shopper: facts, decisions, snapshots and what was refused. It cannot be undone.

    Every file is named with its rows and digests before and after; the report is kept, and names the shopper by a keyed
    hash alone. Backups are not touched: restore none that is older, or do this again afterwards.

    \b
    Example
      aedile facts forget customer-4711 --yes
    """
    from aedile.store.fact_forget import forget as forgetting

    if not yes and not typer.confirm("Delete all facts of this shopper for good?", err=True):
        raise UsageError(NOT_CONFIRMED, "nothing was deleted", fix="add --yes")
    report = forgetting(_home(config, home)[0], shopper, datetime.now(UTC))
    if format_ is Format.JSON:
        print_json(report.to_dict())
    else:
        _show(report.to_dict())


def forgotten(
    shopper: Annotated[
        str | None, typer.Argument(metavar="[SHOPPER]", help="Of this shopper alone.", show_default=False)
    ] = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """List deletions that were asked for; for one shopper show what was deleted, and look whether anything is there.

    \b
    Example
      aedile facts forgotten customer-4711
    """
    from aedile.store.fact_forget import pseudonyms_of, reports, rows_of

    place, _ = _home(config, home)
    told = reports(place, shopper)
    rows = rows_of(place, frozenset(pseudonyms_of(place, shopper).values())) if shopper is not None else None
    if format_ is Format.JSON:
        print_json({"reports": told, "rows_now": rows})
        return
    if shopper is None:
        table(
            "Shoppers that were forgotten",
            ("when", "shopper (keyed hash)", "rows", "files"),
            [(one["at"], one["shopper"][:_SHORT], str(one["rows"]), str(len(one["files"]))) for one in told],
        )
    for one in told if shopper is not None else ():
        _show(one)
    if not told:
        say("There is no report of a deletion.")
    if rows is not None:
        say(f"{rows or 'No'} rows name this shopper now.")


@snapshot.command("make")
def make(
    name: NameArgument, config: ConfigOption = None, home: HomeOption = None, format_: FormatOption = Format.TEXT
) -> None:
    """Keep all facts and decisions that are sealed now, under a name. It takes no room until they are replaced.

    \b
    Example
      aedile facts snapshot make before-the-sale
    """
    from aedile.store.snapshots import Snapshots

    made = Snapshots(_home(config, home)[0]).make(name, datetime.now(UTC))
    if format_ is Format.JSON:
        print_json({"name": made.name, "made_at": made.made_at, "files": len(made.listed), "rows": made.rows})
    else:
        say(f"{made.name}: {made.rows:,} rows in {len(made.listed):,} files.")


@snapshot.command("list")
def list_(config: ConfigOption = None, home: HomeOption = None, format_: FormatOption = Format.TEXT) -> None:
    """List the snapshots there are, and whether their files are what they were.

    \b
    Example
      aedile facts snapshot list
    """
    from aedile.store.snapshots import Snapshots

    snapshots = Snapshots(_home(config, home)[0])
    found = [snapshots.open(name) for name in snapshots.names()]
    if format_ is Format.JSON:
        print_json({"snapshots": [
            {"name": one.name, "made_at": one.made_at, "files": len(one.listed), "rows": one.rows,
             "damaged": one.damaged()} for one in found
        ]})  # fmt: skip
        return
    rows = [(one.name, one.made_at, one.rows, len(one.listed), ", ".join(one.damaged()) or "whole") for one in found]
    table("Snapshots", ("name", "made", "rows", "files", "is"), rows)
    if not found:
        say("There are no snapshots.")


@snapshot.command("drop")
def drop(
    name: NameArgument, config: ConfigOption = None, home: HomeOption = None, format_: FormatOption = Format.TEXT
) -> None:
    """Delete a snapshot. The facts of now stay as they are.

    \b
    Example
      aedile facts snapshot drop before-the-sale
    """
    from aedile.store.snapshots import Snapshots

    Snapshots(_home(config, home)[0]).drop(name)
    if format_ is Format.JSON:
        print_json({"dropped": name})
    else:
        say(f"{name} is gone.")


def _show(report: dict[str, Any]) -> None:
    table(
        f"Forgotten on {report['at']}: {report['shopper'][:_SHORT]}… (keyed hash)",
        ("file", "rows before", "after", "digest before", "after"),
        [
            (one["path"], str(one["rows_before"]), str(one["rows_after"]), one["sha256_before"][:_SHORT],
             (one["sha256_after"] or "gone")[:_SHORT])
            for one in report["files"]
        ],
    )  # fmt: skip
    months = ", ".join(report["months"]) or "none"
    files, letters = len(report["files"]), report["dead_letters"]
    say(f"{report['rows']:,} rows of {files:,} files and {letters:,} refused rows are gone.")
    say(f"{report['looked_at']:,} files were read; keys were there of {months}; {report['left'] or 'nothing'} is left.")


def _home(config: Path | None, home: Path | None) -> tuple[Home, Settings]:
    from aedile.settings import load_settings
    from aedile.store.home import Home

    settings = load_settings(config, home=str(home) if home is not None else None)
    return Home(settings.home).prepare(), settings
