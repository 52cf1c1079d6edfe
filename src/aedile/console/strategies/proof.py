"""What is known of a version's reach? Matches in the catalogue now, and what the server counted of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from aedile.console.settings import HOME
from aedile.console.strategies import live
from aedile.console.strategies.body import read
from aedile.console.strategies.matching import Matches
from aedile.console.strategies.models import RUNNING, Stage, Version
from aedile.console.strategies.world import acting_id, current_schema, list_names
from aedile.server.gather import gathered


@dataclass(frozen=True, slots=True)
class Proof:
    """matches: in the catalogue, None while the text has an error or no entity is known. counts: what the server
    counted since it started, by the name of the column; None where no server runs, or it does not know the version."""

    matches: Matches | None
    counts: Mapping[str, int] | None

    def lines(self) -> list[str]:
        """The same in words."""
        if self.matches is None:
            said = [_("The catalogue is empty, or the text has an error: the reach is not known.")]
        else:
            found = self.matches
            share = found.share
            said = [
                _("It fires for %(count)s of %(total)s entities (%(share)s); for %(unknown)s that is not known.")
                % {
                    "count": f"{found.count:,}", "total": f"{found.total:,}", "unknown": f"{found.unknown_count:,}",
                    "share": f"{share:.2%}" if share is not None else "–",
                }
            ]  # fmt: skip
            if found.open:
                said.append(_("Only a request tells: %s.") % ", ".join(found.open))
        if self.counts is None:
            said.append(_("The server has not counted it: it does not run, or has not decided with it."))
        else:
            said.append(
                ", ".join(f"{name} {count:,}" for name, count in self.counts.items() if count) or _("Nothing yet.")
            )
        return said


def proof_of(version: Version) -> Proof:
    """What is known now; the catalogue is read on first use."""
    return Proof(_matches(version), _counts(version))


def reach_of(version: Version) -> float | None:
    """The share of the catalogue the version fires for; None where that cannot be said."""
    found = _matches(version)
    return found.share if found is not None else None


def _matches(version: Version) -> Matches | None:
    if not version.digest:
        return None
    found = live.matches(read(version.body, current_schema()[0], list_names()))
    return found if found.total else None


def _counts(version: Version) -> Mapping[str, Any] | None:
    if version.stage not in RUNNING or version.stage == Stage.PAUSED:
        return None
    told = gathered(HOME.workers)
    found = told["strategies"].get(acting_id(version))
    return dict(zip(told["columns"], found, strict=True)) if found is not None else None
