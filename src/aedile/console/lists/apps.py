"""Under which name does Django know the app of named lists?"""

from __future__ import annotations

from django.apps import AppConfig


class ListsConfig(AppConfig):
    name = "aedile.console.lists"
