"""`aedile up`: run everything of an installation."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from aedile.cli.extras import require
from aedile.cli.options import ConfigOption, FormatOption, HomeOption
from aedile.cli.screen import Format, print_json, say


def up(
    config: ConfigOption = None,
    home: HomeOption = None,
    host: Annotated[
        str | None, typer.Option("--host", help="The address the console listens at.", show_default=False)
    ] = None,
    port: Annotated[int | None, typer.Option("--port", help="The console's port.", show_default=False)] = None,
    server_port: Annotated[
        int | None, typer.Option("--server-port", help="The decision server's port.", show_default=False)
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes that decide; by default one a core.", show_default=False)
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Set up a small marketplace, and let its shoppers ask.")] = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Run everything until stopped: PostgreSQL, the console, the decision server, and the worker for jobs.

    Tables are made and brought up to date. Only this machine reaches the console, unless console.url is an https
    address. With --demo an installation where nobody is yet becomes a small marketplace with teams, people and history;
    their logins are printed.

    \b
    Example
      aedile up --demo
    """
    require("django", "granian", "procrastinate", "psycopg", "uvicorn", "uvloop")
    from aedile.console.up import up as run
    from aedile.settings import load_settings

    settings = load_settings(
        config, home=str(home) if home is not None else None, console_host=host, console_port=port,
        server_port=server_port, server_workers=workers,
    )  # fmt: skip
    logging.basicConfig(level=logging.INFO, format="aedile: %(message)s")
    where = settings.server.host if settings.server.host != "127.0.0.1" else "localhost"
    addresses = {"console": f"{settings.console.address}/", "server": f"http://{where}:{settings.server.port}/"}

    def tell(seconds: float) -> None:
        if format_ is Format.JSON:
            print_json({**addresses, "seconds": round(seconds, 2), "home": str(settings.home)})
        else:
            say(f"\n  Console     {addresses['console']}\n  Decisions   {addresses['server']}")
            say(f"  Ready after {seconds:.1f} s. Ctrl-C stops everything; what is in {settings.home} stays.\n")
        sys.stdout.flush()

    run(settings, demo=demo, tell=tell)
