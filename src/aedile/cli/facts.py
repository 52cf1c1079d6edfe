"""`aedile facts`: are the files of facts whole, and what becomes of what was refused?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aedile.cli.codes import NOT_TOGETHER
from aedile.cli.options import ConfigOption, FormatOption, HomeOption, StrictOption
from aedile.cli.report import FINDINGS
from aedile.cli.screen import Format, note, print_json, say, table
from aedile.errors import UsageError

if TYPE_CHECKING:
    from aedile.store.fact_dead import DeadLetters
    from aedile.store.fact_state import DeadLetter

facts = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Look after the facts that are kept.")
dead = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="See, mend, replay and drop what was refused.")
facts.add_typer(dead, name="dead")

KindOption = Annotated[str | None, typer.Option("--kind", help="Of this kind alone.", show_default=False)]
CodeOption = Annotated[
    str | None, typer.Option("--code", metavar="AED-…", help="With this error alone.", show_default=False)
]
NumbersArgument = Annotated[list[int] | None, typer.Argument(metavar="[NUMBER]…", show_default=False)]
NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", show_default=False)]
AllOption = Annotated[bool, typer.Option("--all", help="All there are, of that kind and error.")]


@facts.command("verify")
def verify(
    take_in: Annotated[bool, typer.Option("--take-in", help="Note files that are unknown as they are.")] = False,
    config: ConfigOption = None, home: HomeOption = None, strict: StrictOption = False,
    format_: FormatOption = Format.TEXT,
) -> None:  # fmt: skip
    """Compare every file of facts with the digest that was noted when it was sealed.

    A file with a changed byte, one that is missing, and one that nobody noted are named; with --strict the exit code is
    then 3. Files may come and go meanwhile.

    \b
    Example
      aedile facts verify --strict
    """
    from aedile.settings import load_settings
    from aedile.store import fact_verify
    from aedile.store.home import Home

    place = Home(load_settings(config, home=str(home) if home is not None else None).home)
    taken = fact_verify.take_in(place) if take_in else []
    found = fact_verify.verify(place)
    if format_ is Format.JSON:
        damage = [{"path": one.path, "what": one.what} for one in found.damage]
        print_json({"files": found.files, "bytes": found.bytes, "damage": damage, "taken_in": taken})
    else:
        for path in taken:
            say(f"taken in: {path}")
        for one in found.damage:
            say(f"{one.what}: {one.path}")
        say(f"{found.files:,} files, {found.bytes / 2**20:,.1f} MiB, {len(found.damage) or 'nothing'} wrong.")
    if strict and found.damage:
        raise typer.Exit(FINDINGS)


@facts.command("reindex")
def reindex(config: ConfigOption = None, home: HomeOption = None, format_: FormatOption = Format.TEXT) -> None:
    """Make the ids by which facts are known anew, from the facts that there are.

    Where a file of ids is lost or damaged, where facts were put there in bulk, or where many were deleted. Facts that
    come in meanwhile wait.

    \b
    Example
      aedile facts reindex
    """
    from aedile.settings import load_settings
    from aedile.store.fact_reindex import reindex as make_anew
    from aedile.store.home import Home

    settings = load_settings(config, home=str(home) if home is not None else None)
    count = make_anew(Home(settings.home).prepare())
    if format_ is Format.JSON:
        print_json({"ids": count})
    else:
        say(f"{count:,} ids were made anew.")


@dead.command("list")
def list_(
    kind: KindOption = None, code: CodeOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many at most, the oldest.")] = 50,
    config: ConfigOption = None, home: HomeOption = None, format_: FormatOption = Format.TEXT,
) -> None:  # fmt: skip
    """Show how many facts were refused and why, and the oldest of them.

    \b
    Example
      aedile facts dead list --kind orders
    """
    from itertools import islice

    with _letters(config, home) as letters:
        counts = letters.counts()
        shown = list(islice(letters.letters(kind, code), limit))
    if format_ is Format.JSON:
        told = [{"kind": key[0], "code": key[1], "count": count} for key, count in counts.items()]
        print_json({"counts": told, "letters": [_told(one) for one in shown]})
        return
    table("Dead letters", ("kind", "error", "how many"), [(*key, count) for key, count in counts.items()])
    rows = [(str(one.number), one.row.kind, _moment(one.row.at), _message(one), one.row.source) for one in shown]
    if rows:
        table("The oldest", ("number", "kind", "came", "what is wrong", "from"), rows)


@dead.command("show")
def show(
    number: NumberArgument, config: ConfigOption = None, home: HomeOption = None, format_: FormatOption = Format.TEXT
) -> None:
    """Show one dead letter: its row, and what is wrong with it.

    \b
    Example
      aedile facts dead show 17
    """
    with _letters(config, home) as letters:
        letter = letters.letter(number)
    if format_ is Format.JSON:
        print_json(_told(letter))
        return
    error = json.loads(letter.row.error)
    say(f"{letter.row.kind}, came {_moment(letter.row.at)} from {letter.row.source}")
    say(f"{error['message']} [{error['code']}]")
    for word in ("hint", "fix"):
        if error.get(word):
            say(f"  {word}: {error[word]}")
    say(letter.row.raw if letter.row.raw is not None else "What was sent was no JSON object, and is not kept.")


@dead.command("mend")
def mend(
    number: NumberArgument,
    text: Annotated[str | None, typer.Option("--json", metavar="ROW", help="The row.", show_default=False)] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="A file that holds the row.", show_default=False)
    ] = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Put a mended row in the place of a dead letter's. It goes in once it is replayed.

    A shopper's own id in the row becomes a pseudonym at once; a pseudonym stays as it is.

    \b
    Example
      aedile facts dead mend 17 --json '{"id": "e-1", "at": "2026-11-25T08:30:00Z", "market": "GB", …}'
    """
    from aedile.documents import unreadable

    if (text is None) == (file is None):
        raise UsageError(NOT_TOGETHER, "the row comes by --json or by --file", fix="give one of them")
    if file is not None:
        try:
            text = file.read_bytes().decode("utf-8", "replace")
        except OSError as error:
            raise unreadable(file, error) from None
    with _letters(config, home) as letters:
        wrong = letters.mend(number, text or "")
    if format_ is Format.JSON:
        print_json({"number": number, "wrong": wrong})
    else:
        say(f"{number} is mended." if not wrong else f"{number} is still wrong: {wrong[0]['message']}")


@dead.command("replay")
def replay(
    numbers: NumbersArgument = None, all_: AllOption = False, kind: KindOption = None, code: CodeOption = None,
    config: ConfigOption = None, home: HomeOption = None, format_: FormatOption = Format.TEXT,
) -> None:  # fmt: skip
    """Send dead letters through the intake again. Those that are accepted go; the others stay, with what is wrong now.

    \b
    Examples
      aedile facts dead replay 17 18
      aedile facts dead replay --all --kind orders
    """
    from aedile.store.fact_seal import seal_facts

    with _letters(config, home) as letters:
        done = letters.replay(_chosen(letters, numbers, all_, kind, code))
    seal_facts(letters.home)
    if format_ is Format.JSON:
        print_json({"accepted": done.accepted, "refused": done.refused, "empty": done.empty})
        return
    say(f"{len(done.accepted):,} went in, {len(done.refused):,} are still refused.")
    if done.empty:
        note(f"{len(done.empty):,} hold no row, since what was sent was no JSON object; they can only be dropped.")


@dead.command("drop")
def drop(
    numbers: NumbersArgument = None, all_: AllOption = False, kind: KindOption = None, code: CodeOption = None,
    config: ConfigOption = None, home: HomeOption = None, format_: FormatOption = Format.TEXT,
) -> None:  # fmt: skip
    """Delete dead letters for good.

    \b
    Example
      aedile facts dead drop --all --code AED-DATA-089
    """
    with _letters(config, home) as letters:
        dropped = letters.drop([one.number for one in _chosen(letters, numbers, all_, kind, code)])
    if format_ is Format.JSON:
        print_json({"dropped": dropped})
    else:
        say(f"{dropped:,} dead letters are gone.")


def _letters(config: Path | None, home: Path | None) -> DeadLetters:
    from aedile.settings import load_settings
    from aedile.store.fact_dead import DeadLetters
    from aedile.store.home import Home

    settings = load_settings(config, home=str(home) if home is not None else None)
    return DeadLetters(Home(settings.home).prepare(), settings.facts.by_market)


def _chosen(
    letters: DeadLetters, numbers: list[int] | None, all_: bool, kind: str | None, code: str | None
) -> list[DeadLetter]:
    if bool(numbers) == all_:
        raise UsageError(NOT_TOGETHER, "letters are named by number, or with --all", fix="give numbers, or --all")
    return [letters.letter(number) for number in numbers] if numbers else list(letters.letters(kind, code))


def _told(letter: DeadLetter) -> dict[str, object]:
    row = letter.row
    return {
        "number": letter.number, "kind": row.kind, "at": _moment(row.at), "source": row.source,
        "error": json.loads(row.error), "row": None if row.raw is None else json.loads(row.raw),
    }  # fmt: skip


def _message(letter: DeadLetter) -> str:
    return str(json.loads(letter.row.error)["message"])


def _moment(micros: int) -> str:
    from aedile.language.values import format_timestamp

    return format_timestamp(micros)
