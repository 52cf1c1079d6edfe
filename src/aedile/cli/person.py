"""`aedile person`: who may sign in to the console?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from aedile.cli.options import ByOption, ConfigOption, FormatOption, HomeOption
from aedile.cli.published import user
from aedile.cli.screen import Format, note, print_json, say, table

person = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Add and list the console's people.")


@person.command("add")
def add(
    email: Annotated[str, typer.Argument(metavar="EMAIL", show_default=False)],
    name: Annotated[str, typer.Option("--name", help="What the person is called.", show_default=False)],
    role: Annotated[str | None, typer.Option("--role", help="A first role, such as admin.", show_default=False)] = None,
    markets: Annotated[str, typer.Option("--markets", help="Where the role holds: all, or codes as ID,VN.")] = "all",
    team: Annotated[
        str | None, typer.Option("--team", help="The team it is for; by default all.", show_default=False)
    ] = None,
    by: ByOption = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Add a person and print the link by which they set a password: once, within a day.

    The first on an empty installation is an admin. A team that is not there yet is made.

    \b
    Example
      aedile person add ayu@example.com --name "Ayu Lestari" --role strategist --markets ID --team brand-protection
    """
    from aedile.console.boot import console
    from aedile.settings import load_settings

    settings = load_settings(config, home=str(home) if home is not None else None)
    with console(settings):
        from aedile.console.accounts import people
        from aedile.console.accounts.actions import MANAGE
        from aedile.console.accounts.markets import markets_in
        from aedile.console.accounts.models import Person, Team
        from aedile.console.accounts.permissions import Role
        from aedile.console.base.acting import noted

        with noted(user(by), "cli", MANAGE):
            given = role or (None if Person.objects.exists() else Role.ADMIN.value)
            made = people.add_person(email, name)
            if given is not None:
                owner = None
                if team is not None:
                    owner = Team.objects.filter(slug=team).first() or people.add_team(team, team)
                people.grant(made, given, markets_in(markets), owner)
            link = people.make_link(made)
    if format_ is Format.JSON:
        print_json({"email": made.email, "role": given, "link": link})
        return
    note(f"{made.email} was added as {given or 'somebody without a role'}. The link to set a password, for a day:")
    say(link)


@person.command("list")
def list_(config: ConfigOption = None, home: HomeOption = None, format_: FormatOption = Format.TEXT) -> None:
    """List the people there are, with their roles.

    \b
    Example
      aedile person list
    """
    from aedile.console.boot import console
    from aedile.settings import load_settings

    settings = load_settings(config, home=str(home) if home is not None else None)
    with console(settings):
        from aedile.console.accounts.models import Person

        people: list[dict[str, Any]] = [
            {
                "email": one.email,
                "name": one.name,
                "active": one.is_active,
                "roles": [
                    {"role": grant.role, "markets": grant.markets, "team": grant.team_id} for grant in one.grants.all()
                ],
                "last_login": one.last_login.isoformat() if one.last_login else None,
            }
            for one in Person.objects.prefetch_related("grants")
        ]
    if format_ is Format.JSON:
        print_json({"people": people})
        return
    table(
        "People",
        ("e-mail", "name", "roles", "last signed in", "state"),
        [
            (
                one["email"],
                one["name"],
                ", ".join(_in_words(given) for given in one["roles"]),
                (one["last_login"] or "never")[:16],
                "" if one["active"] else "deactivated",
            )
            for one in people
        ],
    )


def _in_words(given: Mapping[str, Any]) -> str:
    team = f" of {given['team']}" if given["team"] else ""
    return f"{given['role']}{team} ({', '.join(given['markets'])})"
