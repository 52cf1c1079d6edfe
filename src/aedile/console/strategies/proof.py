"""How far does a version reach, and what did the server count of it?"""

from __future__ import annotations

from collections.abc import Mapping

from aedile.console.settings import HOME
from aedile.console.strategies import live
from aedile.console.strategies.body import read
from aedile.console.strategies.models import RUNNING, Stage, Version
from aedile.console.strategies.world import acting_id, current_schema, list_names
from aedile.server.gather import gathered


def reach_of(version: Version) -> float | None:
    """The share of the catalogue the version fires for now; None where that cannot be said."""
    if not version.digest:
        return None
    return live.matches(read(version.body, current_schema()[0], list_names())).share


def counts_of(version: Version) -> Mapping[str, int] | None:
    """What the running server counted since it started, by name; None where it does not know the version."""
    if version.stage not in RUNNING or version.stage == Stage.PAUSED:
        return None
    told = gathered(HOME.workers)
    found = told["strategies"].get(acting_id(version))
    return dict(zip(told["columns"], found, strict=True)) if found is not None else None
