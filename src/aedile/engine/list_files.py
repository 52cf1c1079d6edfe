"""Which named lists are there?"""

from __future__ import annotations

from pathlib import Path

from aedile.errors import AedileError, DataError, Errors, Place, define
from aedile.language.lists import NamedList, read_list

NO_FOLDER = define("AED-DATA-030", "The folder of named lists cannot be read.", "--lists no-such-folder")
WRONG_NAME = define("AED-DATA-031", "A file in the folder of lists is not called <name>.txt.", "lists/recalled.csv")


def read_lists(folder: Path | str) -> dict[str, NamedList]:
    """The lists in a folder (`<name>.txt`, one entry a line), by name; `Errors` with what is wrong in any of them."""
    folder = Path(folder)
    if not folder.is_dir():
        raise Errors(
            [
                DataError(
                    NO_FOLDER,
                    f"{folder} is not a folder",
                    place=Place(str(folder)),
                    fix="name the folder that holds the lists",
                )
            ]
        )
    lists: dict[str, NamedList] = {}
    errors: list[AedileError] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.suffix != ".txt" or not path.is_file():
            errors.append(_wrong_name(path))
            continue
        try:
            lists[path.stem] = read_list(path)
        except Errors as found:
            errors += found.errors
    if errors:
        raise Errors(errors)
    return lists


def _wrong_name(path: Path) -> DataError:
    return DataError(
        WRONG_NAME,
        f"`{path.name}` is not the file of a list",
        place=Place(str(path)),
        hint="a list is a text file <name>.txt, one entry a line",
        fix=f"rename it to {path.stem}.txt, or move it elsewhere",
    )
