"""`aedile key`: who may call the server?"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from aedile.cli.codes import BAD_TIME, NO_SCOPE, NO_SUCH_KEY
from aedile.cli.options import ByOption, ConfigOption, FormatOption, HomeOption
from aedile.cli.published import opened, user
from aedile.cli.screen import Format, note, print_json, say, table
from aedile.errors import UsageError

key = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Make, list and revoke API keys.")
_UNITS = {"m": 60, "h": 3600, "d": 86_400}


@key.command("create")
def create(
    scope: Annotated[list[str], typer.Option("--scope", help="What it is for; may be repeated.", show_default=False)],
    expires: Annotated[str, typer.Option("--expires", help="When it ends: 90d, 12h, or a date.")] = "90d",
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Calls a second it may make.", show_default=False)
    ] = None,
    why: Annotated[str, typer.Option("--note", help="Whose it is, and for what.")] = "",
    by: ByOption = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Make an API key and print it: this once, for only its hash is kept.

    Scopes: decide, explain, entities (put and withdraw), observe (counts and metrics).

    \b
    Example
      aedile key create --scope decide --expires 90d --limit 500 --note "search team"
    """
    from aedile.fields import listing, suggestion
    from aedile.store.keys import SCOPES, new_key
    from aedile.store.published_keys import add_key

    for one in scope:
        if one not in SCOPES:
            raise UsageError(
                NO_SCOPE, f'"{one}" is not a scope', hint=suggestion(one, SCOPES), fix=f"name one of {listing(SCOPES)}"
            )
    text, record = new_key(scope, _end(expires), limit, why)
    with opened(config, home) as published:
        add_key(published, record, by=user(by))
    if format_ is Format.JSON:
        print_json({"key": text, "id": record.id, "scopes": record.scopes, "expires": _date(record.expires)})
        return
    note(f"Key {record.id} for {', '.join(scope)}, until {_date(record.expires)}. It is shown this once:")
    say(text)


@key.command("list")
def list_(config: ConfigOption = None, home: HomeOption = None, format_: FormatOption = Format.TEXT) -> None:
    """List the keys there are; their secrets are not kept.

    \b
    Example
      aedile key list
    """
    from aedile.store.published_keys import current_ring

    with opened(config, home) as published:
        ring = current_ring(published)
    rows = [
        (r.id, ", ".join(r.scopes), _date(r.expires), r.limit, r.note, "expired" if r.expires <= time.time() else "")
        for r in ring.keys.values()
    ]
    if format_ is Format.JSON:
        names = ("id", "scopes", "expires", "limit", "note", "state")
        print_json({"keys": [dict(zip(names, row, strict=True)) for row in rows]})
        return
    table("API keys", ("id", "scopes", "until", "calls a second", "note", "state"), rows)


@key.command("revoke")
def revoke(
    id_: Annotated[str, typer.Argument(metavar="ID", show_default=False)],
    by: ByOption = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """End a key at once.

    \b
    Example
      aedile key revoke ccu64hajqd2n4mzy
    """
    from aedile.fields import suggestion
    from aedile.store.published_keys import current_ring, revoke_key

    with opened(config, home) as published:
        ring = current_ring(published)
        if id_ not in ring.keys:
            raise UsageError(
                NO_SUCH_KEY, f'there is no key "{id_}"', hint=suggestion(id_, ring.keys), fix="see the list"
            )
        revoke_key(published, id_, by=user(by))
    if format_ is Format.JSON:
        print_json({"revoked": id_})
    else:
        say(f"Key {id_} works no more.")


def _end(text: str) -> float:
    from aedile.language.values import parse_timestamp

    span = re.fullmatch(r"(\d{1,6})([mhd])", text)
    if span is not None:
        return time.time() + int(span[1]) * _UNITS[span[2]]
    moment = parse_timestamp(text if "T" in text else f"{text}T00:00:00Z")
    if moment is None:
        raise UsageError(BAD_TIME, f'"{text}" is not a time', fix="write --expires 90d, 12h, or 2027-01-31")
    return moment / 1_000_000


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%MZ")
