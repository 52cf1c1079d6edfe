"""How is a backtest told to people? The whole first, then where, then for whom, then what to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aedile.cli.screen import note, say, table

#: Rows of a table on a terminal.
MOST_SHOWN = 10


def show_result(told: Mapping[str, Any]) -> None:
    """The report of a result, from its JSON."""
    requests, total = told["requests"], told["total"]
    say(f"{told['after']} against {told['before']}: {requests['requests']:,} requests.")
    for line in told["limits"]["notes"]:
        note(line)
    if not total:
        return
    _whole(requests, total)
    _places("Market by market", "market", told["by_market"])
    _places("Channel by channel", "channel", told["by_channel"])
    for by, group in told["groups"].items():
        _group(by, group)
    _strategies(told["strategies"])
    table(
        "Strategies that fire together, in candidates looked at closely", ("one", "other", "candidates"),
        [(row["one"], row["other"], row["candidates"]) for row in told["pairs"][:MOST_SHOWN]],
    )  # fmt: skip
    _items(told["items"])


def _whole(requests: Mapping[str, Any], total: Mapping[str, Any]) -> None:
    overlap = requests["overlap"]
    say(
        f"{requests['requests_changed']:,} look otherwise, {requests['answers_changed']:,} would answer others, "
        f"{requests['first_changed']:,} another first one"
        + (
            f"; of the first {requests['first_places']} places {overlap:.1%} are shared."
            if overlap is not None
            else "."
        )
    )
    table(
        "Candidates",
        ("all", "newly excluded", "freed", "demoted", "boosted", "moved", "no longer shown", "newly shown"),
        [tuple(total[name] for name in (
            "candidates", "newly_excluded", "freed", "demoted", "boosted", "moved", "lost", "gained"))],
    )  # fmt: skip
    replay, estimate = total["replay"], total["off_policy"]
    rows = [
        (what, total[what], replay[f"{what}_at_stake"], *_estimated(estimate, what))
        for what in ("exposures", "clicks", "orders")
    ]
    rows += [
        (f"GMV, minor units of {currency}", amount, replay["gmv_at_stake"][currency],
         *_estimated(estimate, "gmv", currency))
        for currency, amount in sorted(replay["gmv"].items())
    ]  # fmt: skip
    table("At stake", ("what", "there was", "at stake (replay)", "before (off-policy)", "after (off-policy)"), rows)
    if estimate["refused"]:
        note(f"off-policy: {estimate['refused']}")
    else:
        error = estimate.get("clicks_difference_error")
        spread = f" ± {1.96 * error:,.1f}" if error is not None else ""
        say(
            f"Off-policy, clicks would differ by {estimate['clicks_difference']:,.1f}{spread} (95 %; effective sample "
            f"size {estimate['effective_size']:,.0f}); {estimate['uncovered']:,} candidates that were never shown are "
            "not covered."
        )


def _estimated(estimate: Mapping[str, Any], what: str, currency: str | None = None) -> tuple[Any, Any]:
    found = estimate.get(what)
    found = found.get(currency) if found is not None and currency is not None else found
    return (found["before"], found["after"]) if found is not None else (None, None)


def _places(title: str, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    ordered = sorted(rows, key=lambda row: (-row["requests"], row[name]))
    table(
        title,
        (name, "requests", "changed", "newly excluded", "freed", "no longer shown", "exposures at stake",
         "clicks at stake", "clicks before", "clicks after"),
        [
            (row[name], row["requests"], row["requests_changed"], row["newly_excluded"], row["freed"], row["lost"],
             row["exposures_at_stake"], row["clicks_at_stake"], *_estimated(row["off_policy"], "clicks"))
            for row in ordered[:MOST_SHOWN]
        ],
    )  # fmt: skip


def _group(by: str, group: Mapping[str, Any]) -> None:
    header = (by, "attention before", "after", "change", "newly excluded", "exposures at stake", "clicks at stake")
    for title, rows in (("lose", group["losers"]), ("win", group["winners"])):
        table(
            f"Who would {title} attention, by {by}",
            header,
            [
                (row["key"] or "unknown", row["attention_before"], row["attention_after"],
                 row["attention_after"] - row["attention_before"], row["newly_excluded"], row["exposures_at_stake"],
                 row["clicks_at_stake"])
                for row in rows[:MOST_SHOWN]
            ],
        )  # fmt: skip
    fair = group["fairness"]
    if fair is not None and fair["before"]["gini"] is not None and fair["after"]["gini"] is not None:
        distances = fair["before"]["distance_from_relevance"], fair["after"]["distance_from_relevance"]
        apart = (
            f"; {distances[0]:.2%} → {distances[1]:.2%} of attention is not where relevance is"
            if None not in distances
            else ""
        )
        say(
            f"Attention among {fair['groups']:,} by {by}: Gini {fair['before']['gini']:.3f} → "
            f"{fair['after']['gini']:.3f}{apart}."
        )


def _strategies(rows: Sequence[Mapping[str, Any]]) -> None:
    table(
        "Strategies, in candidates; and what would be otherwise without each, in what was looked at closely",
        ("strategy", "acts before", "acts after", "excludes after", "requests otherwise", "only it excludes",
         "places", "clicks lost"),
        [
            (row["strategy"], row["acted_before"], row["acted_after"], row["excluded_after"], row["requests_changed"],
             row["only_it_excludes"], row["places_changed"], row["clicks_lost"])
            for row in rows[:MOST_SHOWN]
        ],
    )  # fmt: skip


def _items(rows: Sequence[Mapping[str, Any]]) -> None:
    table(
        "To look at (`aedile why REQUEST ENTITY`)",
        ("change", "request", "entity", "place before", "after", "acting before", "acting after"),
        [
            (row["change"], row["request"], f"{row['kind']} {row['entity']}", row["rank_before"] or "excluded",
             row["rank_after"] or "excluded", ", ".join(row["acting_before"] or ()), ", ".join(row["acting_after"]))
            for row in rows
        ],
    )  # fmt: skip
