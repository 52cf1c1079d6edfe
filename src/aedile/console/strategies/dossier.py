"""What speaks for a change, and what against it? All of it on one page, for whoever approves and whoever asks later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from aedile.console.strategies.body import ORDER
from aedile.console.strategies.debt import conflicts_of
from aedile.console.strategies.lookup import acting_version
from aedile.console.strategies.models import Approval, Comment, Version
from aedile.console.strategies.proof import Proof, proof_of
from aedile.console.strategies.world import challenger, running_versions, text_of
from aedile.engine.conflicts import Conflict


@dataclass(frozen=True, slots=True)
class Difference:
    """A part of the text that is otherwise than in the version that acts; None where it is not there."""

    key: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Dossier:
    """A change with its evidence, as at a moment. acting: what it would replace. missing: approvals still needed."""

    version: Version
    text: str
    acting: Version | None
    differences: Sequence[Difference]
    proof: Proof
    conflicts: Sequence[Conflict]
    approvals: Sequence[Approval]
    comments: Sequence[Comment]
    missing: int
    at: datetime


def dossier_of(version: Version) -> Dossier:
    """Compiled from what is known now; conflicts and matches are computed, the rest is read."""
    acting = acting_version(version.strategy_id)
    if acting is not None and acting.pk == version.pk:
        acting = None
    said = list(version.approvals.select_related("person"))
    counted = [one for one in said if one.approves and one.digest == version.digest]
    return Dossier(
        version, text_of(version), acting, differences(acting.body if acting else {}, version.body), proof_of(version),
        conflicts_with(version), said, list(version.comments.select_related("person")),
        max(0, version.needed - len(counted)), timezone.now(),
    )  # fmt: skip


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """The keys whose values are otherwise, in the order of a file."""
    return [Difference(key, before.get(key), after.get(key)) for key in ORDER if before.get(key) != after.get(key)]


def conflicts_with(version: Version) -> list[Conflict]:
    """The conflicts that the version has, or would have if it ran in place of the one that acts."""
    if not version.digest:
        return []
    running = [one for one in running_versions() if one.strategy_id != version.strategy_id]
    names = {version.strategy_id, challenger(version.strategy_id, version.number)}
    found = conflicts_of([*running, version])
    return [conflict for conflict in found if conflict.first in names or conflict.second in names]
