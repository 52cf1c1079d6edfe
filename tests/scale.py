"""How much of a long run is done? All of it where `SOAK` is set, a tenth of it otherwise."""

from __future__ import annotations

import os


def tenth_of(number: int) -> int:
    return number if os.environ.get("SOAK") else number // 10
