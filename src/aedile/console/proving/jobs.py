"""How is a backtest done? By the worker, over what the log holds, with the release that ran when it was asked for."""

from __future__ import annotations

from dataclasses import replace

from django.urls import reverse
from django.utils import timezone

from aedile.backtest import Side, usual_features
from aedile.console.base.acting import noted
from aedile.console.base.jobs import does
from aedile.console.base.running import Running
from aedile.console.proving.models import Backtest
from aedile.console.settings import HOME
from aedile.console.strategies.body import read
from aedile.console.strategies.releases import raw_connection
from aedile.console.strategies.world import list_names, lists_held
from aedile.engine.engine import lists_used
from aedile.engine.entities import Entities
from aedile.engine.release_reader import ReleaseReader
from aedile.engine.strategy import ALL
from aedile.language.schema import Schema
from aedile.server.entities import entities_now
from aedile.store.backtest_local import Asked, run_local
from aedile.store.entity_log import EntityLog
from aedile.store.live_files import live_files
from aedile.store.publish import lists_in
from aedile.store.published import Published

_HOUR = 3_600_000_000
#: Changed candidates that are kept to be looked at, of each kind of change.
SAMPLE = 8


@does("proving.backtest")
def backtest(running: Running, backtest: str) -> str:
    """Decide what was logged by the running release without and with the version, and keep what differs."""
    found = Backtest.objects.select_related("version").get(pk=backtest)
    page = reverse("backtest", args=[found.pk])
    before, after = _sides(found)
    until = int(found.asked.timestamp() * 1_000_000)
    asked = Asked(
        before, after, by=usual_features(after.schema), since=until - found.hours * _HOUR, until=until, sample=SAMPLE,
        at_the_time=bool(live_files(HOME.facts / "feature_updates")),
        markets=frozenset() if ALL in found.markets else frozenset(found.markets),
    )  # fmt: skip
    known = iter(_known(after.schema))
    result = run_local(HOME, asked, known, lambda done, total: running.progress(min(done, total), total)).to_json()
    with noted("aedile", "job", "backtest.finish"):
        running.finish(page)
        Backtest.objects.filter(pk=found.pk).update(result=result, ended=timezone.now())
    return page


def _known(schema: Schema) -> list[Entities]:
    log = EntityLog(HOME.entities_log)
    try:
        return entities_now(log, schema)
    finally:
        log.close()


def _sides(found: Backtest) -> tuple[Side, Side]:
    """The release, and the release with the version's text live in it."""
    published = Published(raw_connection())
    artefact = published.get("release", found.release)
    assert artefact is not None
    before = Side.of(ReleaseReader().read(artefact.data, f"release {found.release}", lists_in(published)))
    draft = replace(read(found.body, before.schema, list_names(), stage="live"), canary=None)
    lists = {**before.lists, **lists_held(lists_used(draft))}
    rest = tuple(strategy for strategy in before.strategies if strategy.id != draft.id)
    name = f"release {found.release} with {found.version}"
    return before, replace(before, name=name, strategies=(*rest, draft), lists=lists, release=None)
