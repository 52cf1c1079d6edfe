"""How do several processes work on one backtest in the memory of one?

A process of its own reads the catalogue and compiles both sides; then it is forked, so that all who work see the same
pages of memory and each holds only what it sums. It does nothing else but watch over them: whoever started the backtest
may have threads, which a fork would leave without their locks. What each has summed is written aside.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import queue
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import FrameType
from typing import Any

import pyarrow as pa

from aedile.backtest import PARTIALS, Partial, Plan, Worker, from_table
from aedile.errors import AedileError, DataError, define
from aedile.store.backtest_facts import batches_of
from aedile.store.backtest_tasks import Piece, count_candidates
from aedile.store.home import Home

DIED = define("AED-DATA-124", "A process of a backtest ended before it was done.", "a process that the system killed")
#: Seconds after which it is looked at whether the others still live.
_LOOK = 1.0


class Crew:
    """Processes that work on pieces. They start at once, and learn later what there is to do."""

    def __init__(self, scratch: Path, size: int) -> None:
        """scratch: where what is summed is written."""
        context = multiprocessing.get_context("spawn")
        self._tasks, self._told = context.Queue(), context.Queue()
        self._scratch, self._size = scratch, size
        theirs, self._job = context.Pipe(duplex=False)
        self._master = context.Process(target=_master, args=(theirs, self._tasks, self._told, str(scratch), size))
        self._master.start()
        theirs.close()

    def work(self, home: Home, plan: Plan, details: pa.Table, pieces: Sequence[Piece]) -> Iterator[int]:
        """Let them work on these pieces: how many candidates are done, a batch at a time. Raises what stopped one."""
        for piece in sorted(pieces, key=lambda piece: -piece.candidates):  # the large ones first: all end together
            self._tasks.put(piece)
        for _ in range(self._size):
            self._tasks.put(None)
        try:
            self._job.send((home.root, plan, details, min((piece.first for piece in pieces), default=0)))
        except OSError:
            raise _died() from None
        working = self._size
        while working:
            try:
                message = self._told.get(timeout=_LOOK)
            except queue.Empty:
                if self._master.exitcode is not None:
                    raise _died() from None
                yield 0
                continue
            if isinstance(message, AedileError):
                raise message
            if message is None:
                working -= 1
            else:
                yield message

    def partials(self, most: int) -> Iterator[Partial]:
        """What they have summed."""
        for path in sorted(self._scratch.glob("partial-*.arrow")):
            with pa.memory_map(str(path)) as file:
                yield from from_table(pa.ipc.open_file(file).read_all(), most)

    def end(self) -> None:
        """Stop whoever works still."""
        self._job.close()
        if self._master.is_alive():
            self._master.terminate()
        self._master.join()
        for channel in (self._tasks, self._told):
            channel.cancel_join_thread()
            channel.close()


@contextmanager
def crew(scratch: Path, size: int) -> Iterator[Crew]:
    """A crew that ends with the block, whatever happens."""
    made = Crew(scratch, size)
    try:
        yield made
    finally:
        made.end()


def _died() -> DataError:
    return DataError(
        DIED, "a process of the backtest ended before it was done",
        hint="maybe the system killed it for want of memory", fix="run it again, for a shorter time",
    )  # fmt: skip


# ---------------------------------------------------------------- in processes of their own


def _master(job: Connection, tasks: Any, told: Any, scratch: str, size: int) -> None:
    """Make all that is shared, and fork; ends with 0 where all who worked did."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C stops whoever asked, who then stops this process
    pa.set_cpu_count(1)
    try:
        root, plan, details, moment = job.recv()
    except EOFError:
        return
    try:
        worker = Worker(plan, details)
        worker.settle(moment)
    except AedileError as error:
        told.put(error)
        return
    gc.collect()
    gc.freeze()  # or looking for garbage would copy every page it looks at
    context = multiprocessing.get_context("fork")
    workers = [
        context.Process(
            target=_work, args=(worker, Home(root), tasks, told, Path(scratch), number, os.getpid()), daemon=True
        )
        for number in range(size)
    ]
    try:
        for one in workers:
            one.start()
        while any(one.is_alive() for one in workers):
            wait([one.sentinel for one in workers if one.is_alive()], timeout=_LOOK)
            if any(one.exitcode not in (None, 0) for one in workers) or not _parent_lives():
                sys.exit(1)
    finally:
        for one in workers:
            if one.is_alive():
                one.kill()


def _leave(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(1)


def _parent_lives() -> bool:
    parent = multiprocessing.parent_process()
    return parent is not None and parent.is_alive()


def _work(worker: Worker, home: Home, tasks: Any, told: Any, scratch: Path, number: int, master: int) -> None:
    """What one of them does."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    written = 0
    try:
        while (piece := tasks.get()) is not None:
            for table in batches_of(home, piece):
                worker.add(table)
                told.put(count_candidates(table))
                for partial in worker.overflow():
                    _write(partial, scratch / f"partial-{number}-{written:06d}.arrow")
                    written += 1
                if os.getppid() != master:  # nobody waits for it any more
                    return
        _write(worker.taken(), scratch / f"partial-{number}-{written:06d}.arrow")
        told.put(None)
    except AedileError as error:
        told.put(error)


def _write(partial: Partial, path: Path) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, PARTIALS) as writer:
        for batch in partial.to_batches():
            writer.write_batch(batch)
