"""`aedile config`: which settings hold, and where does each come from?"""

from __future__ import annotations

from typing import Any

from aedile.cli.options import ConfigOption, FormatOption, HomeOption
from aedile.cli.screen import Format, print_json, table


def config(file: ConfigOption = None, home: HomeOption = None, format_: FormatOption = Format.TEXT) -> None:
    """Print every setting with its value and where it comes from.

    Settings come from aedile.toml, then variables such as AEDILE_SERVER_PORT, then options; the later wins.

    \b
    Example
      AEDILE_SERVER_PORT=9000 aedile config
    """
    from aedile.settings import SETTINGS, load_settings

    settings = load_settings(file, home=str(home) if home is not None else None)

    def shown(name: str, secret: bool) -> Any:
        value = settings.value(name)
        return "(set, not shown)" if secret and value is not None else value if value is None else str(value)

    rows = [(s.name, shown(s.name, s.secret), settings.origins[s.name], s.variable, s.meaning) for s in SETTINGS]
    if format_ is Format.JSON:
        names = ("name", "value", "origin", "variable", "meaning")
        print_json({"settings": [dict(zip(names, row, strict=True)) for row in rows]})
        return
    table("Settings", ("setting", "value", "from", "variable", "meaning"), rows)
