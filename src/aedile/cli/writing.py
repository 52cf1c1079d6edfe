"""How is an output written so that nobody ever sees half of it?

Aside, under a temporary name in the same folder, and renamed when it is whole. Whatever goes wrong, the file that was
there stays as it was.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from aedile.cli.codes import CANNOT_WRITE
from aedile.errors import Place, UsageError


@contextmanager
def written_aside(path: Path) -> Iterator[BinaryIO]:
    """An open file that takes the place of `path` when the block ends well, and vanishes when it does not.

    A pipe or a device is written directly. Raises `UsageError` where the output cannot be written.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            with target.open("wb") as device:
                yield device
            return
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        aside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        try:
            with aside.open("xb") as file:
                if target.exists():
                    os.chmod(file.fileno(), target.stat().st_mode & 0o777)
                yield file
            aside.replace(target)
        finally:
            with suppress(FileNotFoundError):
                aside.unlink()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _cannot_write(path, error) from None


def _cannot_write(path: Path, error: OSError) -> UsageError:
    reason = os.strerror(error.errno).lower() if error.errno else str(error)
    folder = path.parent
    hint = None if folder.is_dir() else f"there is no folder {folder}"
    return UsageError(
        CANNOT_WRITE,
        f"the output cannot be written: {reason}",
        place=Place(str(path)),
        hint=hint,
        fix="name a file in a folder that exists and that you may write to; what was there before is unchanged",
    )
