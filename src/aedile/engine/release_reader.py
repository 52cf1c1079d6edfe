"""How are releases read one after another, when little changes from one to the next?"""

from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from aedile.engine.release import NOT_A_RELEASE, Release, looked_through, manifest_of
from aedile.engine.strategy import Strategy
from aedile.engine.strategy_read import parse_strategy
from aedile.errors import Place, ReleaseError
from aedile.language.lists import NamedList, read_list
from aedile.language.schema import Schema, parse_schema

#: Gives the entries of a list, by its name and the digest of its revision.
ListOf = Callable[[str, str], bytes]


class ReleaseReader:
    """Reads releases that have been proven by whoever published them: digests are compared, examples are not run.

    What is the same as in the release before is not read again: cost ∝ the bytes, and what changed.
    """

    def __init__(self) -> None:
        self._schemas: dict[bytes, Schema] = {}
        self._strategies: dict[tuple[bytes, str, frozenset[str]], Strategy] = {}
        self._lists: dict[tuple[str, str], NamedList] = {}

    def read(self, data: bytes, place: str, list_of: ListOf | None = None) -> Release:
        """The release; `place` is named in errors. A `ReleaseError` where it is none, or not what its digests say.

        list_of: for a release that is kept without its lists' entries.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                said, names = looked_through(archive, place)
                files = {name: archive.read(name) for name in names}
            schema = self._schema(files["schema.yaml"])
            wanted = {str(name): str(digest) for name, digest in said["lists"].items()}
            lists = self._read_lists(wanted, files, list_of)
            strategies = self._read_strategies(files, schema, frozenset(lists))
            manifest = manifest_of(said, schema, strategies, lists, place)
        except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError) as error:
            raise ReleaseError(
                NOT_A_RELEASE,
                f"{place} is not a release: {error}",
                place=Place(place),
                fix="publish it again",
            ) from None
        return Release(manifest, schema, tuple(strategies), lists)

    def _schema(self, text: bytes) -> Schema:
        key = hashlib.sha256(text).digest()
        if key not in self._schemas:
            self._schemas = {key: parse_schema(text.decode())}
        return self._schemas[key]

    def _read_strategies(self, files: Mapping[str, bytes], schema: Schema, lists: frozenset[str]) -> list[Strategy]:
        digest, found = schema.digest(), {}
        for name, text in files.items():
            if name.startswith("strategies/"):
                key = (hashlib.sha256(text).digest(), digest, lists)
                known = self._strategies.get(key)
                found[key] = known or parse_strategy(text.decode(), schema, Path(name).name, lists)
        self._strategies = found
        return sorted(found.values(), key=Strategy.precedence_key)

    def _read_lists(
        self, wanted: Mapping[str, str], files: Mapping[str, bytes], list_of: ListOf | None
    ) -> dict[str, NamedList]:
        """The lists that strategies use; one that the release does not bring along is asked for."""
        found: dict[tuple[str, str], NamedList] = {}
        for name, digest in wanted.items():
            known = self._lists.get((name, digest))
            if known is None:
                text = files.get(f"lists/{name}.txt")
                if text is None and list_of is not None:
                    text = list_of(name, digest)
                if text is None:
                    raise KeyError(f"its list {name!r} is missing")
                known = list_in(name, text)
            found[name, digest] = known
        self._lists = found
        return {name: one for (name, _), one in found.items()}


def list_in(name: str, text: bytes) -> NamedList:
    """The list in the bytes of its file; `Errors` where it is none."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.txt"
        path.write_bytes(text)
        return read_list(path)
