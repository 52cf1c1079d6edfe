"""`aedile serve`: run the decision server."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from aedile.cli.extras import require
from aedile.cli.options import ConfigOption, FormatOption, HomeOption
from aedile.cli.screen import Format, note, print_json


def serve(
    config: ConfigOption = None,
    home: HomeOption = None,
    host: Annotated[str | None, typer.Option("--host", help="The address to listen at.", show_default=False)] = None,
    port: Annotated[int | None, typer.Option("--port", help="The port to listen at.", show_default=False)] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes that decide; by default one a core.", show_default=False)
    ] = None,
    open_: Annotated[
        bool | None, typer.Option("--open", help="Answer without API keys; on loopback only.", show_default=False)
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Decide for services over HTTP, until stopped: workers that decide, and a keeper that brings what is published.

    It starts PostgreSQL, unless AEDILE_DATABASE_URL names one, and decides by the last good release without it.

    \b
    Example
      aedile serve --port 8321
    """
    require("msgspec", "psycopg", "starlette", "uvicorn", "uvloop")
    from aedile.server.serve import serve as run
    from aedile.settings import load_settings

    settings = load_settings(
        config, home=str(home) if home is not None else None, server_host=host, server_port=port,
        server_workers=workers, server_open=open_,
    )  # fmt: skip
    logging.basicConfig(level=logging.INFO, format="aedile: %(message)s")
    where = settings.server.host if settings.server.host != "127.0.0.1" else "localhost"
    url, number = f"http://{where}:{settings.server.port}", settings.server.workers
    if format_ is Format.JSON:
        print_json({"url": url, "workers": number, "home": str(settings.home)})
        sys.stdout.flush()
    else:
        note(f"Deciding at {url} with {number} workers; home {settings.home}")
    run(settings)
