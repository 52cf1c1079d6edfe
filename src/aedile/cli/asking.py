"""How do verbs reach a server?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aedile.cli.codes import NO_KEY_FILE
from aedile.errors import Place, UsageError

if TYPE_CHECKING:
    from aedile.client.http import Client


def connected(url: str, key_file: Path | None, *, deadline: float) -> Client:
    """A client of the server, with the key in the file; deadline: seconds for a decision."""
    from aedile.client.http import Client

    return Client(url, key_in(key_file) if key_file is not None else None, deadline=deadline)


def key_in(file: Path) -> str:
    """The API key in a file; it is never shown."""
    try:
        text = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            NO_KEY_FILE, f"the key cannot be read: {error}", place=Place(str(file)), fix="aedile key create … > FILE"
        ) from None
    if not text or any(character.isspace() for character in text):
        raise UsageError(
            NO_KEY_FILE, "the file does not hold a key alone", place=Place(str(file)), fix="aedile key create … > FILE"
        )
    return text
