"""`aedile doctor`: what is wrong with an installation, and how is it mended?"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import typer

from aedile.cli.options import ConfigOption, FormatOption, HomeOption, StrictOption
from aedile.cli.report import FINDINGS
from aedile.cli.screen import Format, print_json, say, table

if TYPE_CHECKING:
    from aedile.server.checkup import Finding
    from aedile.settings import Settings
    from aedile.store.home import Home

_MARKS = {"good": "✓", "look": "?", "bad": "✗"}


def doctor(
    config: ConfigOption = None, home: HomeOption = None, strict: StrictOption = False,
    format_: FormatOption = Format.TEXT,
) -> None:  # fmt: skip
    """Look at everything an installation needs, and say what is wrong and how to mend it. Nothing is changed.

    Settings, the kernel, the home and its disk, PostgreSQL and its tables, what is published, keys, logs, the server
    and its workers, the port, the console, its tables and its worker. With --strict the exit code is 3 where anything
    is bad.

    \b
    Example
      aedile doctor
    """
    from aedile.server.checkup import Checkup
    from aedile.settings import load_settings
    from aedile.store.home import Home

    settings = load_settings(config, home=str(home) if home is not None else None)
    home_ = Home(settings.home)
    found = [*Checkup(settings, home_).findings(), *_of_console(settings, home_)]
    counts = {state: sum(one.state == state for one in found) for state in _MARKS}
    if format_ is Format.JSON:
        print_json({**counts, "findings": [one.to_json() for one in found]})
    else:
        rows = [(_MARKS[one.state], one.what, one.told, one.fix or "") for one in found]
        table(f"Checkup of {settings.home}", ("", "what", "found", "how to mend it"), rows)
        bad, look = counts["bad"], counts["look"]
        say(f"{bad or 'nothing'} bad, {look or 'nothing'} to look at" if bad or look else "All is well.")
    if strict and counts["bad"]:
        raise typer.Exit(FINDINGS)


def _of_console(settings: Settings, home: Home) -> list[Finding]:
    """Nothing where the console is not installed: a server may run by itself."""
    if any(find_spec(name) is None for name in ("django", "psycopg")):
        return []
    from aedile.console.checkup import ConsoleCheckup

    return ConsoleCheckup(settings, home).findings()
