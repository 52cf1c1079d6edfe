from __future__ import annotations

from django.apps import AppConfig


class ProvingConfig(AppConfig):
    name = "aedile.console.proving"
