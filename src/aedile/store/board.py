"""Where does a process say how it stands, so that others can read it, even on a full disk?

A file of its own that is written over again and again. Its room is taken once, with as much to spare: from then on no
disk can be too full for it. A check sum tells what is whole from what is being written.
"""

from __future__ import annotations

import os
import struct
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

_HEADER = struct.Struct(">QI")
_TRIES, _PAUSE = 20, 0.001


class Board:
    """The file of one process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._room = 0

    def post(self, told: Mapping[str, Any]) -> None:
        """Say this, in the place of what was said before. Raises OSError where that needs room and there is none; what
        was said before then stays."""
        data = msgspec.json.encode(told)
        data = _HEADER.pack(len(data), zlib.crc32(data)) + data
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            if len(data) > self._room:
                os.posix_fallocate(file, 0, 2 * len(data))
                self._room = 2 * len(data)
            os.pwrite(file, data, 0)
        finally:
            os.close(file)


def read_board(path: Path) -> dict[str, Any] | None:
    """What was last said there; None where nothing was, or it was broken off."""
    for _ in range(_TRIES):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        if len(data) >= _HEADER.size:
            length, check = _HEADER.unpack_from(data)
            said = data[_HEADER.size : _HEADER.size + length]
            if len(said) == length and zlib.crc32(said) == check:
                told: dict[str, Any] = msgspec.json.decode(said)
                return told
        time.sleep(_PAUSE)
    return None
