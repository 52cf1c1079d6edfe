"""`aedile why`: why did this item appear, or not, when a shopper asked?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from aedile.cli.options import ConfigOption, FormatOption, HomeOption
from aedile.cli.screen import Format, note, print_json, say, table
from aedile.cli.show_decisions import reasons
from aedile.cli.show_explained import show_candidate, show_strategy
from aedile.errors import UsageError

if TYPE_CHECKING:
    from aedile.settings import Settings
    from aedile.store.decision_log import Logged


def why(
    request: Annotated[str, typer.Option("--request", metavar="ID", help="The request's id.", show_default=False)],
    item: Annotated[
        str | None,
        typer.Option("--item", metavar="ID", help="A candidate; by default the whole slate.", show_default=False),
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="The candidate's kind, where several share the id.", show_default=False)
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            "--strategy", metavar="ID", help="By default all that fire, would fire or are unknown.", show_default=False
        ),
    ] = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Explain a decision of the past from the log: the slate before and after, and for one candidate why.

    Where the decision was logged in full it is made again: every strategy is told with the values it read, and with
    the least change that would have turned it around. Otherwise the log says what acted, but not on which values.

    \b
    Examples
      aedile why --request r-81c2
      aedile why --request r-81c2 --item 4567968
    """
    from aedile.settings import load_settings
    from aedile.store.decision_log import DecisionLog
    from aedile.store.home import Home

    settings = load_settings(config, home=str(home) if home is not None else None)
    found = DecisionLog(Home(settings.home).prepare()).find(request)
    if not found:
        raise _not_logged(request, settings)
    if len(found) > 1:
        note(f"{request} was decided {len(found)} times; this is the last of them")
    logged = found[0]
    if item is None:
        _slate(logged, format_)
    elif logged.detail is None:
        _candidate(logged, item, kind, settings, format_)
    else:
        _explained(logged, item, kind, strategy, settings, format_)


def _not_logged(request: str, settings: Settings) -> UsageError:
    from aedile.engine.named import NO_SUCH

    share = f"; {settings.log.share:.0%} of decisions are logged" if settings.log.share < 1 else ""
    return UsageError(
        NO_SUCH,
        f'the log holds no decision of a request "{request}"',
        hint=f"decisions are kept for {settings.log.keep_days} days{share}",
        fix="name a request by the id its service sent",
    )


def _slate(logged: Logged, format_: Format) -> None:
    """The whole slate, before and after, from what is logged of every decision."""
    row = logged.row
    if format_ is Format.JSON:
        print_json({"decided_at": _moment(logged), "in_full": logged.detail is not None, "decision": _plain(row)})
        return
    query = f", “{row['query']}”" if row["query"] else ""
    title = f"{logged.request_id}: {row['market']}, {row['channel']}{query}, release {logged.release}"
    placed = sorted(row["candidates"], key=lambda c: (c["rank_after"] is None, c["rank_after"], c["rank_before"]))
    lines = [
        (c["rank_before"], c["rank_after"] or "out", f"{c['kind']} {c['id']}", c["score"], _reasons(c)) for c in placed
    ]
    table(title, ("before", "after", "candidate", "score", "why"), lines)
    say(f"Decided at {_moment(logged)}; {'logged in full' if logged.detail is not None else 'values were not logged'}.")


def _candidate(logged: Logged, item: str, kind: str | None, settings: Settings, format_: Format) -> None:
    """One candidate, where no values were logged."""
    from aedile.engine.named import NO_SUCH

    mine = [c for c in logged.row["candidates"] if c["id"] == item and kind in (None, c["kind"])]
    if len(mine) != 1:
        what = "has no candidate" if not mine else "has candidates of several kinds that are called"
        raise UsageError(NO_SUCH, f'the request {logged.request_id} {what} "{item}"', fix="name one, with its --kind")
    if format_ is Format.JSON:
        print_json({"decided_at": _moment(logged), "release": logged.release, "in_full": False, "candidate": mine[0]})
        return
    candidate = mine[0]
    after = f"place {candidate['rank_after']}" if candidate["rank_after"] else "excluded"
    say(f"{candidate['kind']} {item} in {logged.request_id}, release {logged.release}, {_moment(logged)}")
    say(f"  sent at place {candidate['rank_before']} → {after}, score {candidate['score']:.6g}")
    if told := _reasons(candidate):
        say(f"  {told}")
    note(
        f"Its values were not logged: log.full_share is {settings.log.full_share:g}, and this request was not drawn. "
        "A larger share logs more."
    )


def _explained(
    logged: Logged, item: str, kind: str | None, strategy: str | None, settings: Settings, format_: Format
) -> None:
    """One candidate of a decision that was logged in full: made again, and explained."""
    from aedile.cli.published import release_of
    from aedile.engine.inquiry import inquire
    from aedile.engine.named import place_of, strategy_named
    from aedile.store.decision_detail import read_detail
    from aedile.store.replay import Replayer

    assert logged.detail is not None
    replayer = Replayer(release_of(settings, logged.release))
    again = replayer.replay(read_detail(logged.detail), with_unknown=True)
    named = [strategy_named(strategy, replayer.engine.strategies)] if strategy is not None else None
    place = place_of(again.decision.request, item, kind)
    found = inquire(again.decider, again.decision, place, logged.release, named)
    if format_ is Format.JSON:
        told = {"decided_at": _moment(logged), "release": logged.release, "in_full": True, "is_same": again.is_same}
        print_json({**told, **found.to_json()})
        return
    show_candidate(found.row, again.decision.request)
    say(f"  decided at {_moment(logged)} by release {logged.release}")
    if not again.is_same:
        note("Made again, this decision has another answer than was logged: `aedile replay` says more.")
    for explanation, flip in found.strategies:
        show_strategy(explanation, flip)
    if not found.strategies:
        say("No strategy fires for it, and none is unknown.")


def _moment(logged: Logged) -> str:
    from aedile.language.values import format_timestamp

    return format_timestamp(logged.decided_at)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    from aedile.language.values import format_timestamp

    return {**row, **{name: format_timestamp(row[name]) for name in ("decided_at", "time")}}


def _reasons(candidate: dict[str, Any]) -> str:
    return reasons({**candidate, "unknown": None})
