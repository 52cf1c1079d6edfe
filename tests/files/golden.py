"""Golden cases as text pairs: an input, then the very text a person sees.

A file holds cases of this form; `AEDILE_UPDATE_GOLDEN=1 pytest tests/files` writes the second part anew, for review::

    ==== a tier that does not exist
    tier: urgent
    ----
    hold.yaml:6:7 (tier): "urgent" is not a value of `tier` [AED-STRAT-004]
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aedile.errors import AedileError, Errors

HERE = Path(__file__).parent
UPDATE = bool(os.environ.get("AEDILE_UPDATE_GOLDEN"))


@dataclass(frozen=True)
class Case:
    name: str
    given: str
    expected: str


def read_cases(path: Path) -> list[Case]:
    """The cases of a file, in its order; names are unique."""
    cases = []
    for block in path.read_text(encoding="utf-8").split("==== ")[1:]:
        head, _, rest = block.partition("\n")
        given, _, expected = ("\n" + rest).partition("\n----\n")
        cases.append(Case(head.strip(), given[1:], expected.strip("\n")))
    assert len({case.name for case in cases}) == len(cases)
    return cases


def rewrite(path: Path, name: str, expected: str) -> None:
    """Puts a case's expected text into its file."""
    cases = [Case(c.name, c.given, expected if c.name == name else c.expected) for c in read_cases(path)]
    text = "\n".join(f"==== {c.name}\n{c.given}\n----\n{c.expected}\n" for c in cases)
    path.write_text(text, encoding="utf-8")


def error_text(act: Callable[[], object], folder: Path) -> str:
    """What a person sees of the error that `act` raises; the folder's name is left out."""
    try:
        act()
    except (AedileError, Errors) as error:
        return str(error).replace(f"{folder}/", "").replace(str(folder), "<folder>").replace(f"{HERE}/", "")
    return "no error"


def refusal(act: Callable[[], object]) -> AedileError | None:
    """The error that `act` raises for bad input, None where it takes it; any other exception passes through."""
    try:
        act()
    except AedileError as error:
        return error
    return None


def check(path: Path, case: Case, act: Callable[[], object], folder: Path) -> None:
    """Compares the error with the golden text, or writes that anew."""
    text = error_text(act, folder)
    if UPDATE:
        rewrite(path, case.name, text)
    else:
        assert text == case.expected


def patched(base: str, patch: str) -> str:
    """A YAML text with some of its top-level keys replaced, added or (`-key`) left out."""
    blocks: dict[str, str] = {}
    key = ""
    for line in [*base.splitlines(), *patch.splitlines()]:
        if line.startswith("-"):
            del blocks[line[1:].strip()]
        elif line[:1].isspace() or not line:
            blocks[key] += line + "\n"
        else:
            key = line.partition(":")[0]
            blocks[key] = line + "\n"
    return "".join(blocks.values())
