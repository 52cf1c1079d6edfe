"""Which schema, strategies, lists and entities does a call speak of? Read from files, or from a release."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from aedile.cli.codes import BAD_ENTITIES, NO_WORLD, TWO_WORLDS
from aedile.cli.screen import note
from aedile.errors import AedileError, Errors, UsageError

if TYPE_CHECKING:
    from aedile.engine.engine import Engine
    from aedile.engine.entities import Entities
    from aedile.engine.strategy import Strategy
    from aedile.language.lists import NamedList
    from aedile.language.schema import Schema


@dataclass(slots=True)
class Stopwatch:
    """Seconds by step, in the order of the steps."""

    seconds: dict[str, float] = field(default_factory=dict)
    _last: float = field(default_factory=time.perf_counter)

    def lap(self, step: str) -> None:
        """What went by since the last lap belongs to this step."""
        now = time.perf_counter()
        self.seconds[step] = self.seconds.get(step, 0.0) + now - self._last
        self._last = now


@dataclass(frozen=True, slots=True)
class World:
    """What decides, apart from entities and requests. `release` is the number of the release it was read from."""

    schema: Schema
    strategies: Sequence[Strategy]
    lists: Mapping[str, NamedList]
    release: int | None = None


def load_world(schema: Path | None, strategies: Path | None, lists: Path | None, release: Path | None) -> World:
    """The world of these options; `Errors` unless every strategy compiles and its examples hold."""
    if release is not None:
        if schema is not None or strategies is not None or lists is not None:
            raise UsageError(
                TWO_WORLDS,
                "--release and --schema, --strategies or --lists are given",
                hint="a release holds all three",
                fix="name the release alone, or the files alone",
            )
        from aedile.engine.release import read_release

        read = read_release(release)
        return World(read.schema, read.strategies, read.lists, read.manifest.number)
    if schema is None or strategies is None:
        missing = "--schema" if schema is None else "--strategies"
        raise UsageError(
            NO_WORLD,
            f"{missing} is missing",
            hint="strategies are read together with the schema that declares their features",
            fix="add --schema FILE --strategies FOLDER, or --release FILE",
        )
    from aedile.engine.release import read_world

    read_schema, read_strategies, read_lists = read_world(schema, strategies, lists)
    return World(read_schema, read_strategies, read_lists)


def entity_files(options: Sequence[str] | None) -> dict[str, Path]:
    """Kind → file, from options written as kind=path."""
    files: dict[str, Path] = {}
    for option in options or ():
        kind, equals, path = option.partition("=")
        if not equals or not kind or not path:
            raise UsageError(
                BAD_ENTITIES,
                f'"{option}" does not say of which kind the entities are',
                fix=f"write --entities item={path or kind or 'products.parquet'}",
            )
        if kind in files:
            raise UsageError(
                BAD_ENTITIES,
                f"two files of the kind {kind} are given: {files[kind]} and {path}",
                hint="an entity has one row, so a kind has one file",
                fix="put both into one file",
            )
        files[kind] = Path(path)
    return files


def read_all_entities(files: Mapping[str, Path], schema: Schema) -> list[Entities]:
    """The entities of every file; `Errors` with what is wrong in any of them."""
    from aedile.engine.entities import read_entities

    read: list[Entities] = []
    errors: list[AedileError] = []
    for kind, path in files.items():
        try:
            read.append(read_entities(path, kind, schema))
        except AedileError as error:
            errors.append(error)
    if errors:
        raise Errors(errors)
    return read


def make_engine(world: World, entities: Sequence[Entities], watch: Stopwatch | None = None) -> Engine:
    """The world's strategies, compiled, over these entities."""
    from aedile.engine.engine import Engine

    watch = watch or Stopwatch()
    engine = Engine(world.schema, world.strategies, world.lists)
    watch.lap("compile")
    for some in entities:
        engine.load(some.kind, some.ids, some.columns)
    watch.lap("load")
    return engine


def note_ignored(entities: Sequence[Entities]) -> None:
    """Say which columns of files no feature is declared for."""
    for some in entities:
        if some.ignored:
            note(f"{some.file}: columns without a feature in the schema are ignored: {', '.join(some.ignored)}")


def note_kinds_without_file(world: World, files: Mapping[str, Path]) -> None:
    """Say which kinds of entity strategies speak of without any entities given."""
    from aedile.language.ir import features_of

    used = {name.partition(".")[0] for s in world.strategies for name in features_of(s.node)}
    declared = {spec.kind for spec in world.schema.features.values() if spec.source == "entity"}
    for kind in sorted((used & declared) - set(files)):
        note(f"no file of entities of the kind {kind} is given: what conditions ask of them is unknown")
