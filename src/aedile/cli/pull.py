"""`aedile pull`: which strategies run in a console, as files?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from aedile.cli.consoles import Asking, ConsoleKeyOption, ConsoleOption, asking
from aedile.cli.options import FormatOption
from aedile.cli.screen import Format, note, print_json, say, table

#: Names that a console gives to files; another one would be written elsewhere.
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def pull(
    key_file: ConsoleKeyOption,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where the files go.", show_default=False)],
    url: ConsoleOption = "http://localhost:8320",
    lists: Annotated[bool, typer.Option("--lists", help="The named lists, too.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Remove files of strategies that run no more.")] = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Write what runs in a console as files: schema.yaml, and each strategy in strategies/.

    Only what you may see: strategies of your markets. A file that says what it should is not touched.

    \b
    Example
      aedile pull --url https://console.example.com --key-file key --out shop
    """
    with asking(url, key_file) as console:
        wanted = {
            f"strategies/{_checked(name, '.yaml')}": text for name, text in console.get("/files")["files"].items()
        }
        wanted["schema.yaml"] = console.get("/schema")["text"]
        if lists:
            wanted |= _lists(console)
    done = _write(out, wanted, prune=prune)
    if format_ is Format.JSON:
        print_json(done)
        return
    told = [(what, name) for what in ("new", "changed", "removed") for name in done[what]]
    table(f"Pulled to {out}", ("", "file"), told)
    say(f"{len(wanted):,} files, {len(done['same']):,} of them as they were.")
    if done["left"]:
        note(
            f"{len(done['left']):,} files are of nothing that runs: {', '.join(done['left'][:5])}; --prune removes them"
        )


def _lists(console: Asking) -> dict[str, str]:
    found: dict[str, str] = {}
    after: str | None = ""
    while after is not None:
        page = console.get("/lists", limit=200, after=after)
        for one in page["items"]:
            name = _checked(one["name"], "")
            found[f"lists/{name}.txt"] = console.text(f"/lists/{name}/revisions/{int(one['revision'])}/file")
        after = page["after"]
    return found


def _checked(name: str, ending: str) -> str:
    """A file's name, as no console would send it to write outside of its folder."""
    from aedile.console.api.codes import STRANGE_ANSWER
    from aedile.errors import ConsoleError

    if name.endswith(ending) and _NAME.fullmatch(name.removesuffix(ending)):
        return name
    raise ConsoleError(STRANGE_ANSWER, f"{name[:80]!r} is no name of a file of a console", fix="check --url")


def _write(out: Path, wanted: Mapping[str, str], *, prune: bool) -> dict[str, list[str]]:
    from aedile.cli.writing import written_aside

    done: dict[str, list[str]] = {"new": [], "changed": [], "same": [], "removed": [], "left": []}
    for name, text in sorted(wanted.items()):
        path, data = out / name, text.encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        state = "new" if not path.exists() else "same" if path.read_bytes() == data else "changed"
        if state != "same":
            with written_aside(path) as file:
                file.write(data)
        done[state].append(name)
    for path in sorted((out / "strategies").glob("*.yaml")):
        name = f"strategies/{path.name}"
        if name not in wanted:
            if prune:
                path.unlink()
            done["removed" if prune else "left"].append(name)
    return done
