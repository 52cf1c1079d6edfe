"""How are releases read one after another, when little changes from one to the next?"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from aedile.engine.release import MANIFEST, NOT_A_RELEASE, Release, manifest_of
from aedile.engine.strategy import Strategy
from aedile.engine.strategy_read import parse_strategy
from aedile.errors import Place, ReleaseError
from aedile.language.lists import NamedList, read_list
from aedile.language.schema import Schema, parse_schema


class ReleaseReader:
    """Reads releases that have been proven by whoever published them: digests are compared, examples are not run.

    What is the same as in the release before is not read again: cost ∝ the bytes, and what changed.
    """

    def __init__(self) -> None:
        self._schemas: dict[bytes, Schema] = {}
        self._strategies: dict[tuple[bytes, str, frozenset[str]], Strategy] = {}
        self._lists: dict[bytes, NamedList] = {}

    def read(self, data: bytes, place: str) -> Release:
        """The release; `place` is named in errors. A `ReleaseError` where it is none, or not what its digests say."""
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                files = {info.filename: archive.read(info) for info in archive.infolist()}
            said = json.loads(files[MANIFEST])
            schema = self._schema(files["schema.yaml"])
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise ReleaseError(
                NOT_A_RELEASE,
                f"{place} is not a release: {error}",
                place=Place(place),
                fix="publish it again",
            ) from None
        lists = self._read_lists(files)
        strategies = self._read_strategies(files, schema, frozenset(lists))
        return Release(manifest_of(said, schema, strategies, lists, place), schema, tuple(strategies), lists)

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

    def _read_lists(self, files: Mapping[str, bytes]) -> dict[str, NamedList]:
        found, lists = {}, {}
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                if name.startswith("lists/"):
                    key = hashlib.sha256(name.encode() + b"\0" + text).digest()
                    if key not in self._lists:
                        path = Path(folder) / Path(name).name
                        path.write_bytes(text)
                        self._lists[key] = read_list(path)
                    found[key] = self._lists[key]
                    lists[found[key].name] = found[key]
        self._lists = found
        return lists
