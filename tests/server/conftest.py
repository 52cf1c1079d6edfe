from __future__ import annotations

import pytest

from tests.server.marked import shop


@pytest.fixture(scope="session")
def server():
    """A server of two workers with a release, for whoever does it no harm."""
    with shop(workers=2) as one:
        yield one.server
