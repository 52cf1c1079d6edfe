"""Under which name does Django know the app of people, teams and what they may?"""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "aedile.console.accounts"
