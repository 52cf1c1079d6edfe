from __future__ import annotations

import pytest

from bench.serving.processes import folder, serving, until


@pytest.fixture(scope="module")
def server():
    """A server of one worker with nothing published."""
    with folder() as root, serving(root, workers=1, log=root / "log") as one:
        until(one.answers, "the server")
        yield one
