"""`aedile history`: who wrote what in the console, and is what stands there still as it was written?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from aedile.cli.options import ConfigOption, FormatOption, HomeOption
from aedile.cli.screen import Format, print_json, say, table

if TYPE_CHECKING:
    from aedile.console.base.models import Entry

history = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Show and verify the console's history.")


@history.command("verify")
def verify(
    expect: Annotated[
        str | None, typer.Option("--expect", help="A hash noted earlier, which must be there.", show_default=False)
    ] = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Compute the hash of every entry anew, and say whether the chain is whole.

    Note the hash it prints somewhere else. With --expect an earlier one shows that nothing before it was replaced.

    \b
    Example
      aedile history verify
    """
    from aedile.cli.published import database_of
    from aedile.console.base.history import verify as verified

    with database_of(config, home) as (database, _), database.connect() as connection:
        found = verified(connection, expect)
    if format_ is Format.JSON:
        print_json({"entries": found.entries, "head": found.head})
        return
    say(f"The history is whole: {found.entries:,} entries, the last with the hash")
    say(found.head)


@history.command("show")
def show(
    actor: Annotated[str, typer.Option("--actor", help="Of one person only, by e-mail.")] = "",
    action: Annotated[str, typer.Option("--action", help="Of one action only, such as strategy.approve.")] = "",
    kind: Annotated[str, typer.Option("--table", help="Of one table only, such as accounts_grant.")] = "",
    since: Annotated[str, typer.Option("--since", help="From a day on, in UTC: 2027-01-31.")] = "",
    until: Annotated[str, typer.Option("--until", help="Up to a day, included.")] = "",
    before: Annotated[str, typer.Option("--before", help="Older than the entry of this number.")] = "",
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Show the newest writes, fifty at most, the newest first.

    \b
    Example
      aedile history show --action person.manage --since 2027-01-01
    """
    from aedile.console.boot import console
    from aedile.settings import load_settings

    settings = load_settings(config, home=str(home) if home is not None else None)
    with console(settings):
        from aedile.console.accounts.history import Filter, page_of

        asked = Filter(actor=actor, action=action, table=kind, since=since, until=until, before=before)
        page = page_of(asked)
    if format_ is Format.JSON:
        print_json(
            {
                "entries": [_document(entry) for entry in page.entries],
                "more_before": page.more or None,
            }
        )
        return
    rows = [
        (
            str(entry.seq),
            entry.at.strftime("%Y-%m-%d %H:%M:%SZ"),
            entry.actor,
            entry.via,
            entry.action,
            f"{entry.subject} {entry.pk_of_row}",
            entry.op if entry.op != "update" else ", ".join(name for name, _, _ in entry.changed),
        )
        for entry in page.entries
    ]
    if not rows:
        say("Nothing was written that fits.")
    table("History", ("no.", "when", "who", "via", "action", "what", "changes"), rows)
    if page.more:
        say(f"Older ones: --before {page.more}")


def _document(entry: Entry) -> dict[str, Any]:
    names = ("seq", "actor", "via", "action", "why", "subject", "op", "before", "after", "hash")
    return {"at": entry.at.isoformat(), "key": entry.pk_of_row, **{name: getattr(entry, name) for name in names}}
