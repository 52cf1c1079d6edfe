"""Under which name does Django know the app of the decision log?"""

from __future__ import annotations

from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    name = "aedile.console.decisions"
