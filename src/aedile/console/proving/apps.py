"""Under which name does Django know the app of backtests?"""

from __future__ import annotations

from django.apps import AppConfig


class ProvingConfig(AppConfig):
    name = "aedile.console.proving"
