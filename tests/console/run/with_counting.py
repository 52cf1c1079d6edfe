"""The console's settings, with a desk for tests."""

from __future__ import annotations

from aedile.console.settings import *  # noqa: F403
from aedile.console.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.console.run.counting"]
