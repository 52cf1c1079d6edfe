"""Whose child is this process? Told by who started it: who is gone before a child has begun would not be missed."""

from __future__ import annotations

import os

#: The variable of the environment that holds the supervisor's process id.
SUPERVISOR = "SUPERVISOR_PID"


def supervisor() -> int:
    """The process id of who started this one, also where that has ended since."""
    return int(os.environ.get(SUPERVISOR) or os.getppid())
