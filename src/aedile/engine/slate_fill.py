"""Who takes which place, when pins, caps and reserves speak of places?

Answered by the compiled kernel where there is one, else by slate_places.py, with the same answers.
"""

from __future__ import annotations

import numpy as np

from aedile.engine import kernel
from aedile.engine.slate_places import fill_in_python
from aedile.engine.slate_task import Filled, Notes, Task


def fill(task: Task) -> Filled:
    compiled = getattr(kernel.compiled, "slate_fill", None)
    if compiled is None:
        return fill_in_python(task)
    size, entries = task.size, len(task.cap)
    taken, pinned, reserved = np.empty(size, np.int64), np.empty(size, np.int32), np.empty(size, np.int32)
    held, broken = np.empty(entries, np.bool_), np.empty(entries, np.bool_)
    compiled(
        size, task.first, task.last, task.cap, task.key, task.start, entries,
        task.cap_strategy, task.cap_limit, task.cap_horizon, len(task.cap_strategy),
        task.reserve_strategy, task.reserve_need, task.reserve_end, task.member, len(task.member),
        task.pin_rank, task.pin_position, len(task.pin_rank),
        taken, pinned, reserved, held, broken,
    )  # fmt: skip
    pins, claims = (pinned >= 0).nonzero()[0], (reserved >= 0).nonzero()[0]
    held_back, gave_way = held.nonzero()[0], broken.nonzero()[0]
    return Filled(
        taken,
        Notes(pins, task.pin_strategy[pinned[pins]]),
        Notes(claims, reserved[claims]),
        Notes(task.rank[held_back], task.cap_strategy[task.cap[held_back]]),
        Notes(task.rank[gave_way], task.cap_strategy[task.cap[gave_way]]),
    )
