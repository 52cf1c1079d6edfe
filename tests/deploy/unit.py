"""Reads a unit of systemd as far as the tests need it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

DEPLOY = Path(__file__).parents[2] / "deploy"
SERVICE = DEPLOY / "systemd" / "aedile.service"
EXAMPLE = DEPLOY / "systemd" / "environment.example"


@dataclass(frozen=True, slots=True)
class Unit:
    """Its lines in order: (section, name, value)."""

    lines: tuple[tuple[str, str, str], ...]

    def all(self, name: str) -> list[str]:
        return [value for _, own, value in self.lines if own == name]

    def one(self, name: str) -> str:
        (value,) = self.all(name)
        return value

    @property
    def command(self) -> list[str]:
        return shlex.split(self.one("ExecStart"))

    @property
    def environment(self) -> dict[str, str]:
        """What `Environment=` sets."""
        pairs = [pair for value in self.all("Environment") for pair in shlex.split(value)]
        return dict(pair.split("=", 1) for pair in pairs)


def read_unit(path: Path) -> Unit:
    section, lines = "", []
    for line in path.read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            lines.append((section, name, value))
    return Unit(tuple(lines))


def read_environment(path: Path) -> dict[str, str]:
    """A file of variables; lines that are commented out count as well, for they are there to be used."""
    found = {}
    for line in path.read_text().splitlines():
        if line.lstrip("#").startswith("AEDILE_"):
            name, _, value = line.lstrip("#").partition("=")
            found[name] = value
    return found
