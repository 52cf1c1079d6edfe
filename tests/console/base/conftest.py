"""Rows for the desks: strategies with one version each, made as the software makes them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

_numbers = count(1)


@pytest.fixture
def make_version(make_person: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a strategy with one version: `make_version(stage="live", share=0.1, markets=["ID"])`."""

    def make(id: str = "", *, author: Any = None, team: str = "quality", **fields: Any) -> Any:
        from aedile.console.accounts.models import Person, Team
        from aedile.console.base.acting import noted
        from aedile.console.strategies.models import Approval, Strategy, Version

        id = id or f"strategy-{next(_numbers)}"
        author = author or make_person("strategist", team=team)
        told = {"digest": "d" * 64, "markets": ["all"], "tier": "quality", "title": f"Title of {id}", **fields}
        told.setdefault("words", f"{id} {told['title']}".lower())
        ways = {"draft": (), "paused": ("proposed", "shadow", "paused"), "proposed": ("proposed",)}
        stage = told.pop("stage", "draft")
        with noted("aedile", "cli", "strategy.import"):
            Team.objects.get_or_create(slug=team, defaults={"name": team.title()})
            strategy, _ = Strategy.objects.get_or_create(id=id, defaults={"team_id": team})
            version = Version.objects.create(strategy=strategy, number=1, body={}, author=author, **told)
            if stage not in ("draft", "proposed") and version.emergency_until is None:
                approver = Person.objects.create(email=f"approver{next(_numbers)}@example.com", name="Approver")
                Approval.objects.create(version=version, person=approver, approves=True, digest=version.digest)
            for version.stage in ways.get(stage, ("proposed", stage)):
                version.save()
        return version

    return make
