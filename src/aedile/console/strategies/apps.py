"""Under which name does Django know the app of strategies and releases?"""

from __future__ import annotations

from django.apps import AppConfig


class StrategiesConfig(AppConfig):
    name = "aedile.console.strategies"
