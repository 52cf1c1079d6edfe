"""By which secret are sessions and links signed? One a home, made on first use, read by its owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

NAME = "console.key"
_BYTES = 48


def secret_in(folder: Path) -> str:
    """The console's secret; two who make it at once end with the same one."""
    path = folder / NAME
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(_BYTES))
    except FileExistsError:
        pass
    text = path.read_text()
    if len(text) < _BYTES:  # somebody is just writing it, or was stopped while writing
        raise RuntimeError(f"{path} is cut off; remove it, and everybody signs in again")
    return text
