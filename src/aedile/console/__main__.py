"""Django's commands on this installation: `python -m aedile.console makemigrations`, for who builds the console."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aedile.console.settings")
    execute_from_command_line(["aedile.console", *sys.argv[1:]])


if __name__ == "__main__":
    main()
