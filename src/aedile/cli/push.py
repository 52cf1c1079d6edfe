"""`aedile push`: what would files change in a console, and shall it be done?"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aedile.cli.codes import NO_WORLD, NOT_CONFIRMED
from aedile.cli.consoles import Asking, ConsoleKeyOption, ConsoleOption, asking
from aedile.cli.options import FormatOption, SchemaOption, StrategiesOption
from aedile.cli.report import REFUSED
from aedile.cli.screen import Format, note, print_json, say, table
from aedile.errors import AedileError, Errors, UsageError

if TYPE_CHECKING:
    from aedile.language.schema import Schema

#: Of files so many bytes go in one call; a console takes 4 MiB, and text grows where JSON escapes it.
_TOGETHER = 1 << 20
_SAYS = {
    "new": "a new strategy, as a draft", "version": "a new version, as a draft", "draft": "its open draft is changed",
    "same": "nothing",
}  # fmt: skip


def push(
    key_file: ConsoleKeyOption,
    strategies: StrategiesOption = None,
    schema: SchemaOption = None,
    url: ConsoleOption = "http://localhost:8320",
    message: Annotated[str, typer.Option("--note", help="What changes, and why; kept with each version.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Show what would be done, and end.")] = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Make drafts of files: show the plan first, then do what it says, or nothing.

    A schema that differs is entered before the plan is made. Drafts are submitted, approved and released in the console
    as any other; a stage in a file is no order. Where nobody can be asked, --yes or --plan is needed.

    \b
    Examples
      aedile push --url https://console.example.com --key-file key
        --schema shop/schema.yaml --strategies shop/strategies
      aedile push --key-file key --strategies strategies --note "Thresholds of November" --yes
    """
    if strategies is None and schema is None:
        raise UsageError(NO_WORLD, "--strategies is missing", fix="add --strategies FOLDER, --schema FILE, or both")
    if not (yes or plan or sys.stdin.isatty()):
        raise UsageError(
            NOT_CONFIRMED, "nobody can be asked whether the plan is right",
            hint="input is not a terminal", fix="add --yes to do it, or --plan to see it",
        )  # fmt: skip
    files = _files(strategies) if strategies is not None else {}
    with asking(url, key_file) as console:
        done: dict[str, Any] = {"schema": _schema(console, schema, message, yes=yes, plan=plan), "pushed": []}
        shown = _planned(console, files)
        steps = [step for part in shown for step in part["steps"]]
        done |= {"steps": steps, "here_only": _here_only(shown)}
        if format_ is Format.TEXT:
            _show(steps, done["here_only"])
        if not plan and any(step["does"] != "same" for step in steps):
            _confirm("Push this?", yes=yes)
            done["pushed"] = [one for part in _pushed(console, files, shown, message) for one in part]
    if format_ is Format.JSON:
        print_json(done)
    elif not plan:
        say(f"{len(done['pushed']):,} drafts are in the console.")


def _schema(console: Asking, file: Path | None, message: str, *, yes: bool, plan: bool) -> str:
    """Enter the schema where the console has another: `none` was given, `same`, `changed`, or `differs` in a plan."""
    if file is None:
        return "none"
    from aedile.documents import decode, unreadable
    from aedile.language.schema import parse_schema

    try:
        text = decode(file.read_bytes(), str(file))
    except OSError as error:
        raise unreadable(file, error) from None
    mine: Schema = parse_schema(text, str(file))
    if _digest_there(console) == mine.digest():
        return "same"
    if plan:
        note("The schema differs and would be entered first; the plan below is by the console's own.")
        return "differs"
    _confirm(f"The schema differs from the console's. Enter {file}?", yes=yes)
    console.put("/schema", {"text": text, "note": message[:300]})
    note(f"The schema of {file} was entered.")
    return "changed"


def _digest_there(console: Asking) -> str | None:
    """The digest of the console's schema, None where it has none yet."""
    try:
        found: str = console.get("/schema")["digest"]
    except AedileError as error:
        if error.code.name != "AED-CON-047":
            raise
        return None
    return found


def _files(folder: Path) -> dict[Path, str]:
    """The strategies' files below a folder, wherever they lie."""
    from aedile.documents import decode, unreadable
    from aedile.engine.strategy_read import strategy_files

    found: dict[Path, str] = {}
    for path in strategy_files(folder):
        try:
            found[path] = decode(path.read_bytes(), str(path))
        except OSError as error:
            raise unreadable(path, error) from None
    _check_names(found)
    return found


def _check_names(files: Mapping[Path, str]) -> None:
    from aedile.cli.codes import SAME_NAME
    from aedile.errors import Place

    known: dict[str, Path] = {}
    for path in files:
        if path.name in known:
            raise UsageError(
                SAME_NAME, f"{path.name} is there twice: {known[path.name]} and {path}", place=Place(str(path)),
                fix="keep one of them",
            )  # fmt: skip
        known[path.name] = path


def _parts(files: Mapping[Path, str]) -> Iterator[dict[str, str]]:
    """Files by the names that a console knows, as many together as one call brings."""
    part: dict[str, str] = {}
    size = 0
    for path, text in files.items():
        if part and size + len(text.encode()) > _TOGETHER:
            yield part
            part, size = {}, 0
        part[path.name] = text
        size += len(text.encode())
    if part:
        yield part


def _planned(console: Asking, files: Mapping[Path, str]) -> list[dict[str, Any]]:
    try:
        return [console.post("/files/plan", {"files": part}) for part in _parts(files)]
    except (AedileError, Errors) as error:
        raise _at_home(error, files) from None


def _pushed(
    console: Asking, files: Mapping[Path, str], shown: Sequence[Mapping[str, Any]], message: str
) -> Iterator[list[Any]]:
    """Push part by part. What one part changes makes the plan of the next anew: it has to say the same as before."""
    from aedile.console.api.codes import OTHER_PLAN
    from aedile.errors import ConsoleError

    for number, (part, plan) in enumerate(zip(_parts(files), shown, strict=True)):
        stamp = plan["stamp"]
        if number:
            again = console.post("/files/plan", {"files": part})
            if again["steps"] != plan["steps"]:
                raise ConsoleError(
                    OTHER_PLAN, "something changed in the console since the plan was shown",
                    hint=f"{number} of {len(shown)} parts were pushed", fix="push again, and look at the plan",
                )  # fmt: skip
            stamp = again["stamp"]
        yield console.post("/files/push", {"files": part, "stamp": stamp, "note": message[:500]})


def _here_only(shown: Sequence[Mapping[str, Any]]) -> list[str]:
    """What runs in the console and stands in no file of any part."""
    sets = [set(part["here_only"]) for part in shown]
    return sorted(set.intersection(*sets)) if sets else []


def _show(steps: Sequence[Mapping[str, Any]], here_only: Sequence[str]) -> None:
    changing = [step for step in steps if step["does"] != "same" or step["told"]]
    rows = [(step["id"], _SAYS[step["does"]], step["stage"] or "", step["told"]) for step in changing]
    table("Plan", ("strategy", "what becomes of it", "runs as", "note"), rows)
    say(f"{len(steps):,} files; {sum(step['does'] == 'same' for step in steps):,} say what the console says already.")
    if here_only:
        note(f"In no file, and left as they are: {', '.join(here_only[:10])}" + (" …" if len(here_only) > 10 else ""))


def _confirm(question: str, *, yes: bool) -> None:
    if not yes and not typer.confirm(question, err=True):
        note("Nothing was done.")
        raise typer.Exit(REFUSED)


def _at_home(error: AedileError | Errors, files: Mapping[Path, str]) -> AedileError | Errors:
    """The same errors, at the files' places here: a console knows their names alone."""
    paths = {path.name: str(path) for path in files}
    if isinstance(error, Errors):
        return Errors([one.at(file=paths.get(one.place.file or "", one.place.file)) for one in error.errors])
    return error.at(file=paths.get(error.place.file or "", error.place.file))
