"""How does a demo have a past? While `at` holds, this process believes that it is another time.

The same actions are called as ever, and write what they would have written then. The history is PostgreSQL's own and
tells when it was really written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from django.utils import timezone

from aedile.store import publish


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """It is this moment, for Django's `timezone.now` and the times that releases carry. In a demo's process only."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return moment.astimezone(tz)

    seconds = moment.timestamp()
    clock = SimpleNamespace(time=lambda: seconds, time_ns=lambda: int(seconds * 1e9))
    with patch.object(timezone, "datetime", Then), patch.object(publish, "clock", clock):
        yield
