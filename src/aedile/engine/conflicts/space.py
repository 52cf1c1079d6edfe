"""What can a candidate and its request be, as far as the strategies of one kind can tell?

Features that have nothing to do with each other are *units* of their own, each with points to try. Features that
depend on each other by declaration, or because one is the id the other joins by, make one unit together. A *mode* says
which entities are known at all: the candidate's own, and those joined to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from aedile.engine.axes import Axis, Words
from aedile.engine.catalogue import Store
from aedile.engine.conflicts.kinship import aliases_of, groups_of, shared_texts
from aedile.engine.conflicts.modes import Mode, modes_of
from aedile.engine.conflicts.units import Across, Unit, UnitMaker, bits_of, literals_of
from aedile.engine.program import Program
from aedile.language.evaluation import Table
from aedile.language.lists import Lists
from aedile.language.schema import Schema


@dataclass(eq=False)
class Space:
    """All there is to try for the strategies of one program."""

    program: Program
    schema: Schema
    lists: Lists
    modes: list[Mode]
    units: list[Unit]
    across: list[Across]
    alive: Words
    unit_of: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.unit_of = {name: number for number, unit in enumerate(self.units) for name in unit.features}


def build_space(program: Program, schema: Schema, lists: Lists, store: Store | None) -> Space:
    """Units, points and modes for a program; store: where declared dependencies are read from, if there is one."""
    names = sorted({name for axis in program.axes for name in axis.features})
    aliases = aliases_of(names, program.kind, schema)
    names = sorted({*names, *aliases.values()})
    groups = groups_of(names, aliases, schema, store)
    inside: list[list[Axis]] = [[] for _ in groups]
    across_axes: list[tuple[Axis, frozenset[int]]] = []
    alive = program.alive.copy()
    place = {name: number for number, group in enumerate(groups) for name in group}
    for axis in program.axes:
        units = frozenset(place[name] for name in axis.features)
        if not units:
            alive &= bits_of([axis], Table({}, 1), program.words, lists)[0]
        elif len(units) == 1:
            inside[next(iter(units))].append(axis)
        else:
            across_axes.append((axis, units))
    across = [Across(axis, units, literals_of([axis])) for axis, units in across_axes]
    bound = frozenset(name for axis, _ in across_axes for name in axis.features)
    modes = modes_of(names, program.kind, schema)
    texts = shared_texts(names, program, aliases)
    maker = UnitMaker(program, schema, lists, store, modes, aliases, texts, across, bound)
    made = [maker.make(group, axes) for group, axes in zip(groups, inside, strict=True)]
    return Space(program, schema, lists, modes, made, across, alive)
