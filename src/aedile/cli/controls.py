"""`aedile kill`, `aedile freeze`: what holds for all strategies at once?"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from aedile.cli.codes import BAD_TIME, NO_SUCH_TIER, NOT_TOGETHER
from aedile.cli.options import ByOption, ConfigOption, FormatOption, HomeOption
from aedile.cli.published import opened, user
from aedile.cli.screen import Format, print_json, say, table
from aedile.errors import UsageError

if TYPE_CHECKING:
    from aedile.store.controls import Controls

freeze = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Spans in which no release is published.")
TIERS = ("safety", "quality", "experience", "growth")


def kill(
    below: Annotated[
        str | None, typer.Option("--below", metavar="TIER", help="This tier and all below it.", show_default=False)
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Let all strategies act again.")] = False,
    why: Annotated[str, typer.Option("--why", help="What happened; shown to everybody.")] = "",
    by: ByOption = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """The kill switch: turn all strategies of a tier and below off at once. Tier legal stays.

    They are still evaluated, and stand in the log as what they would have done.

    \b
    Examples
      aedile kill --below quality --why "prices of electronics are wrong"
      aedile kill --off
    """
    from aedile.engine.actions import Tier
    from aedile.fields import listing
    from aedile.store.publish import current_controls, publish_controls

    if off == (below is not None):
        raise UsageError(NOT_TOGETHER, "either --below or --off is needed", fix="write --below growth, or --off")
    if below is not None and below not in TIERS:
        raise UsageError(
            NO_SUCH_TIER,
            f'"{below}" is not a tier that can be off',
            hint="tier legal stays",
            fix=f"name {listing(TIERS)}",
        )
    with opened(config, home) as published:
        published.lock()
        controls, number = current_controls(published)
        controls = replace(controls, kill_below=Tier[below.upper()] if below else None, why=why if below else "")
        note = f"kill below {below}: {why}" if below else "kill switch off"
        publish_controls(published, controls, by=user(by), note=note, expect_current=number)
    _tell(controls, f"Off: tier {below} and all below it." if below else "All strategies act again.", format_)


@freeze.command("add")
def add(
    start: Annotated[str, typer.Option("--from", metavar="RFC3339", show_default=False)],
    until: Annotated[str, typer.Option("--until", metavar="RFC3339", show_default=False)],
    why: Annotated[str, typer.Option("--why", help="Such as a campaign's name.", show_default=False)],
    by: ByOption = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Let no release be published in a span of time; the kill switch and rollbacks work all the same.

    \b
    Example
      aedile freeze add --from 2026-12-11T17:00:00Z --until 2026-12-12T17:00:00Z --why "12.12"
    """
    from aedile.store.controls import Freeze
    from aedile.store.publish import current_controls, publish_controls

    span = Freeze(_moment(start), _moment(until), why)
    if span.start >= span.end:
        raise UsageError(BAD_TIME, "the freeze ends before it begins", fix="--from is the earlier time")
    with opened(config, home) as published:
        published.lock()
        controls, number = current_controls(published)
        kept = [one for one in controls.freezes if one.end > time.time_ns() // 1000]
        controls = replace(controls, freezes=tuple(sorted([*kept, span], key=lambda one: one.start)))
        publish_controls(published, controls, by=user(by), note=f"freeze: {why}", expect_current=number)
    _tell(controls, f"Frozen from {start} until {until}: {why}", format_)


@freeze.command("list")
def list_(config: ConfigOption = None, home: HomeOption = None, format_: FormatOption = Format.TEXT) -> None:
    """List the freezes there are.

    \b
    Example
      aedile freeze list
    """
    from aedile.store.publish import current_controls

    with opened(config, home) as published:
        controls, _ = current_controls(published)
    if format_ is Format.JSON:
        print_json(controls.to_json())
        return
    table("Freezes", ("from", "until", "why"), [tuple(one.to_json().values()) for one in controls.freezes])


@freeze.command("clear")
def clear(
    by: ByOption = None, config: ConfigOption = None, home: HomeOption = None, format_: FormatOption = Format.TEXT
) -> None:
    """End all freezes.

    \b
    Example
      aedile freeze clear
    """
    from aedile.store.publish import current_controls, publish_controls

    with opened(config, home) as published:
        published.lock()
        controls, number = current_controls(published)
        controls = replace(controls, freezes=())
        publish_controls(published, controls, by=user(by), note="freezes cleared", expect_current=number)
    _tell(controls, "Releases may be published again.", format_)


def _tell(controls: Controls, done: str, format_: Format) -> None:
    if format_ is Format.JSON:
        print_json(controls.to_json())
    else:
        say(done)


def _moment(text: str) -> int:
    from aedile.language.values import parse_timestamp

    micros = parse_timestamp(text)
    if micros is None:
        raise UsageError(BAD_TIME, f'"{text}" is not a time', fix="write 2026-12-11T17:00:00Z")
    return micros
