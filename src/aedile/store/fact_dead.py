"""What becomes of facts that were refused? Mended, and sent through the intake again; or dropped."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aedile.errors import DataError, Place, define
from aedile.facts import kind_of
from aedile.facts.reading import read_rows
from aedile.store.fact_arrival import Arrival
from aedile.store.fact_journal import Part
from aedile.store.fact_state import DeadLetter, FactState
from aedile.store.fact_writer import FactWriter
from aedile.store.home import Home
from aedile.store.pseudonyms import Pseudonyms

NO_SUCH_LETTER = define("AED-DATA-090", "There is no dead letter of this number.", "aedile facts dead show 999999")
NOT_A_ROW = define("AED-DATA-091", "What is to be put in a dead letter's place is no JSON object.", "--json '[1]'")

_SOME = 1_000


@dataclass(slots=True)
class Replayed:
    """accepted: went through. refused: are dead letters still, with what is wrong now. empty: hold no row to replay."""

    accepted: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)


class DeadLetters:
    """The dead letters of one installation."""

    def __init__(self, home: Home, zones: Mapping[str, str]) -> None:
        self.home = home
        self._state = FactState(home.facts_state)
        self._arrival = Arrival(Pseudonyms(home.secrets), zones, known=True)

    def __enter__(self) -> DeadLetters:
        return self

    def __exit__(self, *_: object) -> None:
        self._state.close()

    def counts(self) -> Mapping[tuple[str, str], int]:
        """(kind, code) → how many."""
        return self._state.count_dead()

    def letters(self, kind: str | None = None, code: str | None = None) -> Iterator[DeadLetter]:
        """All of a kind, or with an error, in the order in which they came."""
        after = 0
        while some := self._state.dead(kind, after, _SOME):
            after = some[-1].number
            yield from (one for one in some if code is None or json.loads(one.row.error)["code"] == code)

    def letter(self, number: int) -> DeadLetter:
        found = self._state.dead_letter(number)
        if found is None:
            raise DataError(
                NO_SUCH_LETTER,
                f"there is no dead letter {number}",
                place=Place(field="number"),
                hint="it may have been replayed or dropped",
                fix="see `aedile facts dead list`",
            )
        return found

    def mend(self, number: int, text: str) -> list[dict[str, Any]]:
        """Put another row in the place of a letter's; returns what is still wrong with it. A shopper's own id becomes a
        pseudonym at once."""
        letter = self.letter(number)
        try:
            row = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise _not_a_row(str(error)) from None
        if not isinstance(row, dict):
            raise _not_a_row("it is none")
        kind, now = kind_of(letter.row.kind), time.time_ns() // 1000
        hidden = self._arrival.hide(kind, row, now)
        wrong = [one.error.to_dict() for one in read_rows(kind, [hidden], now).refused]
        told = wrong[0] if wrong else {**json.loads(letter.row.error), "hint": "mended; it may be replayed"}
        self._state.mend(number, json.dumps(hidden, ensure_ascii=False), json.dumps(told, ensure_ascii=False))
        return wrong

    def drop(self, numbers: Sequence[int]) -> int:
        return self._state.drop(numbers)

    def replay(self, letters: Sequence[DeadLetter]) -> Replayed:
        """Send them through the intake again. What is accepted is on disk before its letter goes: after a crash in
        between it comes again, and counts once."""
        done = Replayed(empty=[one.number for one in letters if one.row.raw is None])
        writer = FactWriter(self.home.intake, "replay")
        try:
            for kind in dict.fromkeys(one.row.kind for one in letters):
                some = [one for one in letters if one.row.kind == kind and one.row.raw is not None]
                for start in range(0, len(some), _SOME):
                    self._replay(kind, some[start : start + _SOME], writer, done)
        finally:
            writer.close()
        return done

    def _replay(self, name: str, letters: Sequence[DeadLetter], writer: FactWriter, done: Replayed) -> None:
        kind, now = kind_of(name), time.time_ns() // 1000
        read = read_rows(kind, [json.loads(one.row.raw or "") for one in letters], now)
        wrong = {one.row: one for one in read.refused}
        if len(read.table):
            writer.put(Part(name, self._arrival.table(kind, read.table, now), [])).result()
        for row, letter in enumerate(letters, 1):
            if row in wrong:
                self._state.mend(letter.number, letter.row.raw or "", json.dumps(wrong[row].error.to_dict()))
                done.refused.append(letter.number)
            else:
                done.accepted.append(letter.number)
        self._state.drop([one.number for row, one in enumerate(letters, 1) if row not in wrong])


def _not_a_row(why: str) -> DataError:
    return DataError(
        NOT_A_ROW,
        f"the text is not a JSON object: {why[:200]}",
        hint='a row is such as {"id": "e-1", "at": "2026-11-25T08:30:00Z", …}',
        fix="correct it",
    )
