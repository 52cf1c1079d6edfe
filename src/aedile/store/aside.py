"""How is a file replaced so that it is whole at every moment? Written aside, then renamed, in its owner's folders."""

from __future__ import annotations

import os
from pathlib import Path


def write_aside(path: Path, data: bytes, *, sync: bool = True, mode: int = 0o600) -> None:
    """Put the data in the place of the file at once: readers see all of the old or all of the new.

    sync: on disk before it returns, so that a power cut loses neither. Raises OSError; the old file then stays.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(data)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        os.replace(aside, path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    if sync:
        sync_folder(path.parent)


def make_private(folder: Path) -> None:
    """Make a folder, and those above it that are missing, which nobody but their owner enters."""
    for one in reversed((folder, *folder.parents)):
        one.mkdir(mode=0o700, exist_ok=True)


def sync_folder(folder: Path) -> None:
    """Make what was renamed or made in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
