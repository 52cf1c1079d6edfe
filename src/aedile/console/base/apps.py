"""Under which name does Django know the app of what all desks share?"""

from __future__ import annotations

from django.apps import AppConfig


class BaseConfig(AppConfig):
    name = "aedile.console.base"

    def ready(self) -> None:
        from aedile.console.base import chores  # noqa: F401  it registers what the console does by itself
