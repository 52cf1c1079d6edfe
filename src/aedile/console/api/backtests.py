"""Backtests of versions, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status

from aedile.console.api.calling import NUMBER, actor_in
from aedile.console.api.shapes import answers
from aedile.console.proving import actions
from aedile.console.strategies.lookup import version_seen

router = Router()


class BacktestAsked(Schema):
    """hours: how far back the log is read."""

    hours: Literal[1, 24, 168, 720] = 168


class BacktestTold(Schema):
    """release: what the version was compared with. markets: whose decisions were read. state: waiting, running, done,
    failed or cancelled; done, total: candidates. result: as `aedile backtest --format json` has it, null until then."""

    id: str
    strategy: str
    version: int
    digest: str
    release: int
    markets: list[str]
    hours: int
    by: str
    asked: datetime
    ended: datetime | None
    state: str
    done: int
    total: int | None
    problems: list[dict[str, Any]]
    result: dict[str, Any] | None


@router.post(
    "/strategies/{strategy}/versions/{number}/backtests",
    response=answers(BacktestTold, 201),
    summary="Backtest a version",
)
def begin(request: HttpRequest, strategy: str, said: BacktestAsked, number: int = NUMBER) -> Any:
    """By a job: logged requests are decided again by the running release, with the version live in it and without."""
    actor = actor_in(request)
    return Status(201, actions.told(actions.begin(actor, version_seen(actor, strategy, number), said.hours)))


@router.get(
    "/strategies/{strategy}/versions/{number}/backtests", response=answers(list[BacktestTold]),
    summary="A version's backtests",
)  # fmt: skip
def backtests(request: HttpRequest, strategy: str, number: int = NUMBER) -> Any:
    """The latest ten, without their results."""
    actor = actor_in(request)
    found = actions.of_version(actor, version_seen(actor, strategy, number))
    return [actions.told(one, in_full=False) for one in found]


@router.get("/strategies/backtests/{backtest}", response=answers(BacktestTold), summary="A backtest")
def backtest(request: HttpRequest, backtest: UUID) -> Any:
    return actions.told(actions.seen(actor_in(request), backtest))


@router.post(
    "/strategies/backtests/{backtest}/cancel", response=answers(BacktestTold), summary="End a backtest of mine"
)
def cancel(request: HttpRequest, backtest: UUID) -> Any:
    """At once where it waits, else as soon as its work looks up; nothing of it is kept."""
    return actions.told(actions.stop(actor_in(request), backtest))
