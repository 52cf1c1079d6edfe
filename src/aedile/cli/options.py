"""Which options do several verbs share, and what do they mean?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aedile.cli.screen import Format

SchemaOption = Annotated[
    Path | None, typer.Option("--schema", metavar="FILE", help="The feature schema (schema.yaml).", show_default=False)
]
StrategiesOption = Annotated[
    Path | None,
    typer.Option("--strategies", metavar="FOLDER", help="The strategies, one file each.", show_default=False),
]
ListsOption = Annotated[
    Path | None,
    typer.Option("--lists", metavar="FOLDER", help="Named lists, NAME.txt each.", show_default=False),
]
ReleaseOption = Annotated[
    Path | None,
    typer.Option(
        "--release", metavar="FILE", help="A release instead of schema, strategies and lists.", show_default=False
    ),
]
EntitiesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--entities",
        metavar="KIND=FILE",
        help="Entities of a kind: Parquet, Arrow, CSV or NDJSON. Once for each kind.",
        show_default=False,
    ),
]
RequestsOption = Annotated[
    Path, typer.Option("--requests", metavar="FILE", help="Requests, one a line (NDJSON).", show_default=False)
]
CountersOption = Annotated[
    Path | None,
    typer.Option(
        "--counters",
        metavar="FILE",
        help="Exposures counted so far, for caps over a window: NDJSON of strategy, id, count.",
        show_default=False,
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", help="Tables for people, or one JSON document.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit with 3 where anything was found.")]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The settings; by default aedile.toml.", show_default=False),
]
HomeOption = Annotated[
    Path | None,
    typer.Option("--home", metavar="FOLDER", help="The installation; by default the settings'.", show_default=False),
]
UrlOption = Annotated[str, typer.Option("--url", help="Where the server is.")]
KeyOption = Annotated[
    Path | None,
    typer.Option("--key-file", metavar="FILE", help="The file that holds an API key.", show_default=False),
]
ByOption = Annotated[
    str | None, typer.Option("--by", help="Who does it; by default who runs the command.", show_default=False)
]
