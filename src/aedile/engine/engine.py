"""Which strategies fire for these candidates, and what becomes of them?

An `Engine` is a set of strategies compiled over the entities it knows. `classify` gives verdicts for ids (and
features sent along); `replace` makes an engine with other strategies that shares all that did not change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.engine import kernel
from aedile.engine.actions import Boost, Demote, Exclude, Exempt
from aedile.engine.axes import Words, words_for
from aedile.engine.axis_bits import pack_bits
from aedile.engine.catalogue import CandidateRows, Store
from aedile.engine.index import Index
from aedile.engine.kernel import ActionBook
from aedile.engine.layer import Layer
from aedile.engine.program import compile_program
from aedile.engine.strategy import Strategy
from aedile.engine.verdicts import Verdicts
from aedile.language.columns import Column
from aedile.language.ir import InList, walk
from aedile.language.lists import Lists
from aedile.language.schema import Schema

#: Small layers added by `replace` before they are compiled together.
LAYERS_BEFORE_MERGE = 4

_NOTHING: Mapping[str, Any] = {}


class Engine:
    """Strategies in precedence order, compiled for every kind of candidate they apply to.

    strategies: all that are not paused; the number of a strategy is its place among them.
    """

    def __init__(
        self,
        schema: Schema,
        strategies: Iterable[Strategy],
        lists: Lists | None = None,
        *,
        is_blinded: bool = False,
    ) -> None:
        """is_blinded: how literals that read the shopper's id come out is told by each request (`engine/blind.py`)."""
        self.is_blinded = is_blinded
        self._setup(schema, strategies, lists or {}, Store(schema))
        for kind in schema.kinds:
            self._layers[kind] = self._compiled(kind, self.strategies)

    def _setup(self, schema: Schema, strategies: Iterable[Strategy], lists: Lists, store: Store) -> None:
        self.schema = schema
        self.lists = lists
        self.store = store
        active = (strategy for strategy in strategies if strategy.stage != "paused")
        self.strategies = tuple(sorted(active, key=Strategy.precedence_key))
        self.words = words_for(len(self.strategies))
        self.book = action_book(self.strategies)
        self._layers: dict[str, list[Layer]] = {}

    def _compiled(self, kind: str, strategies: Sequence[Strategy]) -> list[Layer]:
        mine = [strategy for strategy in strategies if strategy.applies_to == kind]
        if not mine:
            return []
        program = compile_program(kind, mine, self.schema, self.lists, is_blinded=self.is_blinded)
        return [Layer(Index(program, self.store, self.lists), self._numbers(mine), self.lists)]

    def _numbers(self, strategies: Sequence[Strategy]) -> npt.NDArray[np.int32]:
        """The numbers, in this engine, of strategies that may be another's; -1 for those it does not have."""
        places = {_identity(strategy): number for number, strategy in enumerate(self.strategies)}
        return np.array([places.get(_identity(strategy), -1) for strategy in strategies], np.int32)

    # ------------------------------------------------------------ entities

    def load(self, kind: str, ids: pa.LargeStringArray, columns: Mapping[str, Column]) -> None:
        """Take the entities of one kind in place of all there were. columns: by full feature name, as long as ids."""
        self.store.load(kind, ids, columns)

    def put(self, kind: str, ids: pa.LargeStringArray, columns: Mapping[str, Column]) -> None:
        """Change or add entities; cost ∝ their number, and the number of entities joined to them."""
        self.store.put(kind, ids, columns)

    def withdraw(self, kind: str, ids: Sequence[str]) -> None:
        """Forget entities: nothing is known of them from now on."""
        self.store.withdraw(kind, ids)

    # ------------------------------------------------------------ strategies

    def replace(self, strategies: Iterable[Strategy], lists: Lists | None = None) -> Engine:
        """An engine with these strategies and lists over the same entities. This engine stays as it is.

        Strategies that did not change keep their tables. What is new is compiled into a small layer of its own; a
        strategy that uses a list with another digest counts as new.
        """
        new = Engine.__new__(Engine)
        new.is_blinded = self.is_blinded
        new._setup(self.schema, strategies, lists if lists is not None else self.lists, self.store)
        changed_lists = {name for name in {*self.lists, *new.lists} if self.lists.get(name) != new.lists.get(name)}
        for kind in self.schema.kinds:
            kept, covered = [], set()
            for layer in self._layers.get(kind, ()):
                stale = {_identity(s) for s in layer.program.strategies if lists_used(s) & changed_lists}
                numbers = new._numbers(layer.program.strategies)
                numbers = np.where([_identity(s) in stale for s in layer.program.strategies], np.int32(-1), numbers)
                kept.append(layer.renumbered(numbers, new.lists))
                covered |= {_identity(s) for s in layer.program.strategies} - stale
            fresh = [s for s in new.strategies if s.applies_to == kind and _identity(s) not in covered]
            if len(kept) > LAYERS_BEFORE_MERGE:
                fresh += [new.strategies[n] for layer in kept[1:] for n in layer.numbers if n >= 0]
                kept = kept[:1]
            new._layers[kind] = kept + new._compiled(kind, sorted(fresh, key=Strategy.precedence_key))
        return new

    # ------------------------------------------------------------ requests

    def values(
        self,
        market: str,
        channel: str,
        time: int,
        *,
        id: str = "",
        shopper: str | None = None,
        query: str | None = None,
        context: Mapping[str, Any] = _NOTHING,
    ) -> dict[str, Any]:
        """The values of a request's features by full name, those of its query entity included; None is unknown."""
        values: dict[str, Any] = {
            "request.id": id, "request.market": market, "request.channel": channel, "request.time": time,
            "request.shopper": shopper, "request.query": query, **context,
        }  # fmt: skip
        catalogue = self.store.catalogues.get("query")
        if query is not None and catalogue is not None:
            values["query.id"] = query
            row = catalogue.index.find([query])
            for name in catalogue.types:
                values[name] = catalogue.column(name).take(row).to_python()[0]
        return values

    def classify(
        self,
        kind: str,
        ids: list[str],
        values: Mapping[str, Any],
        sent: Mapping[str, Column] = _NOTHING,
        book: ActionBook | None = None,
        rows: npt.NDArray[np.int32] | None = None,
    ) -> Verdicts:
        """The verdicts of candidates of one kind.

        ids: n entity ids. values: of the request, from `values`. sent: features that came with the candidates, by
        full name, n rows each. book: what strategies do, where it is not `self.book`. rows: the ids' rows of the
        catalogue, where they have been found already.
        """
        layers, book = self._layers.get(kind, ()), book or self.book
        if rows is None:
            rows = self.store.rows(kind, ids)
        if len(layers) == 1 and layers[0].is_listed:
            return layers[0].decide(values, rows, book)
        return kernel.resolve(self._fire(kind, ids, values, sent, rows), book)

    def layers(self, kind: str) -> Sequence[Layer]:
        """The layers that decide candidates of a kind."""
        return self._layers.get(kind, ())

    def fire(
        self, kind: str, ids: list[str], values: Mapping[str, Any], sent: Mapping[str, Column] = _NOTHING
    ) -> Words:
        """The strategies that fire for each candidate, live, canary and shadow: uint64 (n, words)."""
        return self._fire(kind, ids, values, sent, self.store.rows(kind, ids))

    def _fire(
        self,
        kind: str,
        ids: list[str],
        values: Mapping[str, Any],
        sent: Mapping[str, Column],
        rows: npt.NDArray[np.int32],
    ) -> Words:
        out = np.zeros((len(ids), self.words), np.uint64)
        for layer in self._layers.get(kind, ()):
            layer.fire(values, CandidateRows(self.store, kind, rows, ids, values, sent), rows, sent, out)
        return out

    def unknowns(
        self, kind: str, ids: list[str], values: Mapping[str, Any], sent: Mapping[str, Column] = _NOTHING
    ) -> Words:
        """The strategies that are unknown for each candidate: not true, and not false either. uint64 (n, words)."""
        rows = self.store.rows(kind, ids)
        fired = np.zeros((len(ids), self.words), np.uint64)
        possible = np.zeros_like(fired)
        for layer in self._layers.get(kind, ()):
            true, open_ = layer.decide_fully(CandidateRows(self.store, kind, rows, ids, values, sent))
            _by_strategy(true, layer.clause_numbers, fired)
            _by_strategy(open_, layer.clause_numbers, possible)
        return possible & ~fired

    def candidate_rows(
        self,
        kind: str,
        ids: list[str],
        values: Mapping[str, Any],
        sent: Mapping[str, Column] = _NOTHING,
        rows: npt.NDArray[np.int32] | None = None,
    ) -> CandidateRows:
        """Every feature a strategy on this kind may read, for these candidates. rows: as in `classify`."""
        return CandidateRows(self.store, kind, self.store.rows(kind, ids) if rows is None else rows, ids, values, sent)

    @property
    def nbytes(self) -> int:
        """Bytes held for entities beside their features: posting lists, codes of late literals, id indices."""
        layers = sum(layer.index.nbytes for layers in self._layers.values() for layer in layers)
        return layers + sum(catalogue.index.nbytes for catalogue in self.store.catalogues.values())


def _identity(strategy: Strategy) -> tuple[str, str, str, float | None]:
    """What a strategy is compiled from: its version, and what a release carries beside it."""
    share = strategy.canary.share if strategy.stage == "canary" and strategy.canary else None
    return strategy.id, strategy.version, strategy.stage, share


def lists_used(strategy: Strategy) -> set[str]:
    """The names of the named lists that the strategy's condition asks."""
    return {node.list_name for node in walk(strategy.node) if isinstance(node, InList)}


def _by_strategy(clauses: Words, numbers: npt.NDArray[np.int32], out: Words) -> None:
    """Set in `out` (n, strategy words) the strategies any of whose clauses is set in `clauses` (n, clause words)."""
    flags = np.unpackbits(clauses.view(np.uint8), axis=1, bitorder="little", count=len(numbers)).astype(np.bool_)
    candidates, found = np.nonzero(flags)
    strategies = numbers[found].astype(np.int64)
    held = strategies >= 0
    candidates, strategies = candidates[held], strategies[held]
    np.bitwise_or.at(out, (candidates, strategies >> 6), np.uint64(1) << (strategies & 63).astype(np.uint64))


def action_book(strategies: Sequence[Strategy]) -> ActionBook:
    """What resolving needs to know of strategies in precedence order."""
    words = words_for(len(strategies))
    kind = np.zeros(len(strategies), np.uint8)
    factor = np.ones(len(strategies), np.float64)
    exempt_row = np.zeros(len(strategies), np.int32)
    exempts: list[Words] = []
    for number, strategy in enumerate(strategies):
        action = strategy.action
        if isinstance(action, Exclude):
            kind[number] = 1
        elif isinstance(action, Demote | Boost):
            kind[number], factor[number] = 2, action.factor
        elif isinstance(action, Exempt):
            kind[number], exempt_row[number] = 3, len(exempts)
            exempts.append(pack_bits(_exempted(number, action, strategies), words))
    shadow = [number for number, strategy in enumerate(strategies) if strategy.stage == "shadow"]
    live = [number for number, strategy in enumerate(strategies) if strategy.stage != "shadow"]
    matrix = np.stack(exempts) if exempts else np.zeros((0, words), np.uint64)
    return ActionBook(pack_bits(live, words), pack_bits(shadow, words), kind, factor, exempt_row, matrix)


def muted_book(book: ActionBook, strategies: Sequence[Strategy], muted: Collection[str]) -> ActionBook:
    """The book where these strategies, by id, are as in shadow; cost ∝ strategies ÷ 64."""
    off = pack_bits(
        [number for number, strategy in enumerate(strategies) if strategy.id in muted], words_for(len(strategies))
    )
    return replace(book, live=book.live & ~off, shadow=book.shadow | (book.live & off))


def _exempted(number: int, action: Exempt, strategies: Sequence[Strategy]) -> list[int]:
    """The numbers an exempt switches off: never itself, never tier legal, never a tier above its own."""
    own = strategies[number].tier
    return [
        other
        for other, strategy in enumerate(strategies)
        if other != number
        and strategy.tier > 0
        and strategy.tier >= own
        and (strategy.id in action.strategies or (action.tier is not None and strategy.tier >= action.tier))
    ]
