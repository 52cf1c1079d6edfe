"""Which files hold the rows of a kind of facts now, each row once? Whoever reads facts asks here, and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def live_files(folder: Path) -> list[Path]:
    """The files of a kind (its folder), or of a part of it, in order of their names; none where there is no folder."""
    return sorted(path for part in _parts(folder) for path in _files(part))


def _files(part: Path) -> Iterator[Path]:
    for name in os.listdir(part):
        if name.endswith(".parquet") and not name.startswith((".", "_")):
            yield part / name


def _parts(folder: Path) -> Iterator[Path]:
    """The folders below `folder` in which files can be: it, `date=…`, `date=…/market=…`."""
    try:
        inner = sorted(os.scandir(folder), key=lambda one: one.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    yield folder
    for one in inner:
        if one.is_dir() and one.name.startswith(("date=", "market=")):
            yield from _parts(Path(one.path))
