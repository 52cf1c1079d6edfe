"""By what name are shoppers kept, so that nobody who reads it knows them?

A pseudonym is an HMAC of the id under the key of a calendar month (UTC), and begins with the month. The key lives as
long as anything that was kept in its month; without it nobody finds a shopper's traces, and nobody follows one from
month to month.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from aedile.errors import Place, StoreError, define
from aedile.store.aside import sync_folder

BAD_KEY = define("AED-STORE-080", "The key of pseudonyms cannot be read or written.", "a key of 3 bytes")
BYTES = 32


class _Keyed:
    """HMAC-SHA-256 (RFC 2104) of many texts by one key, which is hashed once: OpenSSL looks the algorithm up with each
    HMAC, which takes longer than all the rest."""

    def __init__(self, key: bytes) -> None:
        padded = key.ljust(64, b"\0")  # keys have no more bytes than a block of the hash
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def digest(self, text: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text)
        outer.update(inner.digest())
        return outer.digest()


class _Epoch(NamedTuple):
    start: int
    end: int
    name: str
    keyed: _Keyed


class Pseudonyms:
    """The pseudonyms of one installation. Keys are made when they are first needed, by whichever process is first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._epochs: list[_Epoch] = []

    def of(self, shopper: str, now: int) -> str:
        """The shopper's pseudonym at a time, in microseconds since 1970; a `StoreError` where there can be no key."""
        epoch = next((e for e in self._epochs if e.start <= now < e.end), None) or self._open(now)
        return f"{epoch.name}.{epoch.keyed.digest(shopper.encode())[:16].hex()}"

    def make_ahead(self, now: int) -> None:
        """Make the next month's key while there is room for it: when the month comes, decisions need it at once."""
        self._key((datetime.fromtimestamp(now / 1e6, UTC).replace(day=1) + timedelta(days=32)).strftime("%Y-%m"))

    def all_of(self, shopper: str) -> dict[str, str]:
        """month → the shopper's pseudonym in it, of all months whose key is left."""
        months = sorted(path.stem.removeprefix("shopper-") for path in self._folder.glob("shopper-*.key"))
        return {month: f"{month}.{_Keyed(self._key(month)).digest(shopper.encode())[:16].hex()}" for month in months}

    def forget(self, before: int) -> int:
        """Delete the keys of months that ended before a time; returns how many."""
        month = datetime.fromtimestamp(before / 1e6, UTC).strftime("%Y-%m")
        old = [path for path in self._folder.glob("shopper-*.key") if path.stem.removeprefix("shopper-") < month]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _open(self, now: int) -> _Epoch:
        first = datetime.fromtimestamp(now / 1e6, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        following = (first + timedelta(days=32)).replace(day=1)
        name = first.strftime("%Y-%m")
        epoch = _Epoch(
            int(first.timestamp()) * 10**6, int(following.timestamp()) * 10**6, name, _Keyed(self._key(name))
        )
        self._epochs.insert(0, epoch)
        return epoch

    def _key(self, name: str) -> bytes:
        path = self._folder / f"shopper-{name}.key"
        try:
            if not path.exists():
                self._make(path)
            key = path.read_bytes()
        except OSError as error:
            raise _trouble(path, str(error)) from None
        if len(key) != BYTES:
            raise _trouble(path, f"it has {len(key)} bytes, not {BYTES}")
        return key

    def _make(self, path: Path) -> None:
        """Written aside and linked, so that of two processes or threads one is first and nobody reads half a key."""
        aside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(secrets.token_bytes(BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(aside, path)
        aside.unlink()
        sync_folder(self._folder)


def _trouble(path: Path, why: str) -> StoreError:
    return StoreError(
        BAD_KEY,
        f"the key of pseudonyms cannot be used: {why}",
        place=Place(str(path)),
        hint="without it shoppers of its month cannot be told apart",
        fix="restore it from a backup, or mend the permissions of its folder",
    )
