"""`aedile simulate marketplace` and `aedile simulate world`: a whole marketplace whose truth is known."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aedile.cli.codes import NOT_TOGETHER
from aedile.cli.options import FormatOption, KeyOption, UrlOption
from aedile.cli.screen import Format, note, print_json, say, table
from aedile.errors import UsageError

if TYPE_CHECKING:
    from aedile.simulator.bulk import Made
    from aedile.simulator.parameters import World

WorldOption = Annotated[
    Path | None,
    typer.Option("--world", metavar="FILE", help="What to simulate; see `simulate world`.", show_default=False),
]


def world(file: WorldOption = None, format_: FormatOption = Format.TEXT) -> None:
    """Print all that can be chosen of a marketplace, as a file to change: with its defaults, or as a file says.

    \b
    Example
      aedile simulate world > world.yaml
    """
    import yaml

    from aedile.simulator.parameters import to_yaml

    told = to_yaml(read_world_file(file))
    if format_ is Format.JSON:
        print_json(yaml.safe_load(told))
    else:
        print(told, end="")


def marketplace(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FOLDER", help="Where catalogue, facts, decisions and truth go.", show_default=False
        ),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(
            "--into", metavar="HOME", help="An installation that gets facts and decisions instead.", show_default=False
        ),
    ] = None,
    world: WorldOption = None,
    items: Annotated[int | None, typer.Option("--items", help="How many items.", show_default=False)] = None,
    days: Annotated[int | None, typer.Option("--days", help="How many days.", show_default=False)] = None,
    start: Annotated[
        str | None, typer.Option("--start", metavar="DATE", help="The first day.", show_default=False)
    ] = None,
    exposures: Annotated[
        int | None, typer.Option("--exposures", help="About how many, over all days.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same bytes.")] = 1,
    processes: Annotated[int, typer.Option("--processes", min=1, help="At most one a market.")] = 2,
    live: Annotated[bool, typer.Option("--live", help="Play against a server, from now on.")] = False,
    url: UrlOption = "http://localhost:8321",
    key_file: KeyOption = None,
    rate: Annotated[float, typer.Option("--rate", min=0.01, help="With --live: requests a second.")] = 10.0,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", min=0.0, help="With --live: by default until stopped.", show_default=False),
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Make up a marketplace: who sells, shops, breaks policies, and what goes wrong; with the truth in a folder apart.

    With --live nothing is written but the truth, where --out is given: entities are put, decisions asked for and facts
    sent when they are due. The server must decide by a release with the schema of `examples/marketplace`; the key needs
    the scopes entities, decide and facts.

    \b
    Examples
      aedile simulate marketplace --out mall --items 2000 --days 7 --seed 1
      aedile simulate marketplace --out mall --world world.yaml --into /var/lib/aedile
      aedile simulate marketplace --live --items 2000 --key-file key --rate 20
    """
    if (out is None and not live) or (into is not None and live):
        raise UsageError(
            NOT_TOGETHER,
            "it is not said where to write" if out is None and not live else "--into and --live are given",
            hint="what is made goes into folders, into an installation, or to a server",
            fix="give --out FOLDER, with --into HOME or without it, or --live",
        )
    chosen = changed(read_world_file(world), items=items, days=days, start=start, exposures=exposures)
    if live:
        from aedile.cli.live import live as play

        play(chosen, seed, out, url, key_file, rate, seconds, format_)
        return
    assert out is not None
    _write(chosen, seed, out, into, processes, format_)


def _write(world: World, seed: int, out: Path, into: Path | None, processes: int, format_: Format) -> None:
    from aedile.simulator.bulk import make_marketplace
    from aedile.simulator.days import Folders
    from aedile.simulator.naming import Pseudonyms, SeededPseudonyms
    from aedile.store.decision_batch import Batch
    from aedile.store.fact_place import note_files, sealing_alone
    from aedile.store.home import Home
    from aedile.store.pseudonyms import Pseudonyms as Kept

    began = time.monotonic()
    home = Home(into if into is not None else out)
    pseudonyms: Pseudonyms = SeededPseudonyms(seed)
    if into is not None:
        pseudonyms = Kept(home.prepare().secrets)
    made = make_marketplace(
        world, seed, Folders(home.facts, home.decisions, out / "truth"), out / "catalogue", make_log=Batch,
        pseudonyms=pseudonyms, processes=processes,
        tell=lambda market: note(f"{market} is done after {time.monotonic() - began:.0f} s"),
    )  # fmt: skip
    if into is not None:
        with sealing_alone(home):
            note_files(home, made=sorted(home.facts.rglob("sim-*.parquet")))
    _told(made, out, home, time.monotonic() - began, format_)


def read_world_file(path: Path | None) -> World:
    """The world of a file, or the default one."""
    from aedile.documents import unreadable
    from aedile.simulator.parameters import World, from_yaml

    if path is None:
        return World()
    try:
        return from_yaml(path.read_text("utf-8"))
    except OSError as error:
        raise unreadable(path, error) from None
    except UsageError as error:
        raise error.at(file=str(path)) from None


def changed(world: World, **said: Any) -> World:
    """The world with what the command line says otherwise."""
    from dataclasses import replace

    from aedile.simulator.parameters import BAD_WORLD

    given = {name: value for name, value in said.items() if value is not None}
    if "start" in given:
        try:
            given["start"] = date.fromisoformat(given["start"])
        except ValueError:
            raise UsageError(
                BAD_WORLD, f"{given['start']!r} is no day", fix="write it as 2026-10-24, year, month and day"
            ) from None
    return replace(world, **given)


def _told(made: Made, out: Path, home: Any, seconds: float, format_: Format) -> None:
    incidents = [f"{one['incident']} in {one['market']}" for one in made.incidents]
    figures = {
        "seconds": round(seconds, 1), "entities": made.entities, "decisions": made.decisions,
        "candidates": made.candidates, "facts": made.facts,
        "incidents": incidents,
        "facts_in": str(home.facts), "decisions_in": str(home.decisions), "catalogue_in": str(out / "catalogue"),
        "truth_in": str(out / "truth"),
    }  # fmt: skip
    if format_ is Format.JSON:
        print_json(figures)
        return
    counts = {**made.entities, "decisions": made.decisions, "candidates": made.candidates, **made.facts}
    table("Made", ["what", "how many"], counts.items())
    say(f"Facts are in {home.facts}, decisions in {home.decisions}, the catalogue in {out / 'catalogue'}.")
    say(f"The truth is in {out / 'truth'}: {', '.join(incidents)}.")
