"""Which clauses does each value of a feature leave possible?

An *axis* sorts the values of one feature (or the outcomes of a few literals) into buckets and gives each bucket a row
of bits, one for each clause: set where the value makes all of the clause's literals on this axis true. The clauses
that hold for a candidate are the AND of one row from each axis (Lakshman & Stiliadis, SIGCOMM 1998).

Every row is found by evaluating the literals themselves on one value of the bucket, so that tables and evaluator
cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence

from aedile.engine.axis_bits import (
    FALSE,
    TRUE,
    UNKNOWN,
    Assignment,
    Outcomes,
    Use,
    Words,
    clause_bits,
    outcomes,
    words_for,
)
from aedile.engine.axis_outcomes import MembershipAxis, OutcomeAxis, TextAxis, is_membership
from aedile.engine.axis_tables import ConstantAxis, OrderedAxis, constant_axis, ordered_axis
from aedile.engine.draw import Draw
from aedile.language.ir import Call, Const, Feature, Has, InList, Node, features_of, walk
from aedile.language.lists import Lists
from aedile.language.types import BOOL, STRING, Type

__all__ = [
    "FALSE", "TRUE", "UNKNOWN", "Assignment", "Axis", "ConstantAxis", "MembershipAxis", "OrderedAxis", "OutcomeAxis",
    "Outcomes", "TextAxis", "Use", "Words", "build_axes", "clause_bits", "features_read", "outcomes", "words_for",
]  # fmt: skip

Axis = OrderedAxis | ConstantAxis | TextAxis | MembershipAxis | OutcomeAxis

_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))


def features_read(atom: Node, lists: Lists) -> frozenset[str]:
    """The features that decide the atom, request.time among them where it asks a list whose entries expire."""
    timed = any(isinstance(n, InList) and n.list_name in lists and lists[n.list_name].has_expiry for n in walk(atom))
    return features_of(atom) | {"request.time"} if timed else features_of(atom)


def build_axes(
    uses_by_atom: dict[Node, list[tuple[int, bool]]], types: dict[str, Type], words: int, lists: Lists
) -> list[Axis]:
    """The axes for a set of atoms, each given with the clauses (and signs) that use it."""
    ordered: dict[str, list[Node]] = {}
    constant: dict[str, list[Node]] = {}
    text: dict[str, list[Node]] = {}
    member: dict[str, list[Node]] = {}
    other: dict[tuple[bool, frozenset[str]], list[Node]] = {}
    for atom in uses_by_atom:
        names = features_read(atom, lists)
        single = next(iter(names)) if len(names) == 1 else None
        is_draw = isinstance(atom, Draw)
        if single is None or is_draw:  # ids are all distinct: a draw goes through those in use, not a dictionary
            other.setdefault((is_draw, names), []).append(atom)
        elif _is_piecewise(atom, types[single]):
            (constant if types[single] in (STRING, BOOL) else ordered).setdefault(single, []).append(atom)
        elif types[single] == STRING:
            text.setdefault(single, []).append(atom)
        elif is_membership(atom):
            member.setdefault(single, []).append(atom)
        else:
            other.setdefault((is_draw, names), []).append(atom)

    def used(atoms: list[Node]) -> tuple[Use, ...]:
        return _uses(atoms, uses_by_atom)

    return [
        *(ordered_axis(name, types[name], atoms, used(atoms), words) for name, atoms in ordered.items()),
        *(constant_axis(name, types[name], atoms, used(atoms), words) for name, atoms in constant.items()),
        *(TextAxis(tuple(atoms), used(atoms), words, name) for name, atoms in text.items()),
        *(MembershipAxis(tuple(atoms), used(atoms), words, name) for name, atoms in member.items()),
        *(OutcomeAxis(tuple(atoms), used(atoms), words, names) for (_, names), atoms in other.items()),
    ]


def _uses(atoms: Sequence[Node], uses_by_atom: dict[Node, list[tuple[int, bool]]]) -> tuple[Use, ...]:
    return tuple(Use(i, negated, clause) for i, atom in enumerate(atoms) for clause, negated in uses_by_atom[atom])


def _is_piecewise(atom: Node, type_: Type) -> bool:
    """Whether the atom's value changes only at constants that stand in it: every use of the feature is a comparison
    with a constant, membership in a constant list, or `has`; a bool feature has no other uses.
    """
    if isinstance(atom, Draw) or type_.element is not None:
        return False
    if isinstance(atom, Feature | Has | Const):
        return True
    if isinstance(atom, Call) and isinstance(atom.args[0], Feature):
        against = len(atom.args) == 2 and isinstance(atom.args[1], Const)
        if atom.function in ("==", "!=", "in") and against:
            return True
        return atom.function in _COMPARISONS and against and type_ not in (STRING, BOOL)
    return False
