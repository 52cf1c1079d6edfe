"""What has happened in the demo's marketplace? One function a thing; each leaves alone what is there already.

Everything is done by the people who would do it, through the actions that pages and API call. A simulator of a whole
marketplace may take the place of any of these functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from aedile.console.accounts.actor import Actor
from aedile.console.accounts.models import Team
from aedile.console.demo import files
from aedile.console.demo.dated import at
from aedile.console.demo.files import Written
from aedile.console.demo.people import actor, writer_of
from aedile.console.lists.actions import create_list, edit_entries
from aedile.console.lists.entries import Entries
from aedile.console.lists.lines import read_lines
from aedile.console.lists.merging import Deed, Edit
from aedile.console.lists.models import NamedList, Revision
from aedile.console.strategies import actions as do
from aedile.console.strategies import releases
from aedile.console.strategies.body import Body
from aedile.console.strategies.models import RUNNING, PublishedRelease, SchemaVersion, Strategy, Version
from aedile.console.strategies.proof import reach_of

#: Days of history before today, and the strategy that is live before the catalogue is there.
DAYS = 11
FIRST_STRATEGY = "refurbished-badge"
EMERGENCY, PAUSED = "swollen-cells-contain", "flash-sale-pin"
#: Strategies that are left out of the plain history, for something else happens to them.
ELSEWHERE = (FIRST_STRATEGY, EMERGENCY)
#: Whose list each is, and what it holds.
LISTS = {
    "approved-parts-makers": ("product-safety", "Makers whose spare parts were tested."),
    "campaign-picks": ("campaigns", "What the campaign shows first."),
    "contained-models": ("incident-response", "Models that are held back while an incident is looked into."),
    "large-suppliers": ("seller-growth", "Suppliers who need no help to be found."),
    "recalled-models": ("product-safety", "Models that an authority or a maker has recalled."),
}


@dataclass(frozen=True, slots=True)
class Past:
    """Moments before now, by days and hours."""

    now: datetime

    def ago(self, days: float, hours: float = 0.0) -> datetime:
        return self.now - timedelta(days=days, hours=hours)


def enter_schema(past: Past) -> None:
    if not SchemaVersion.objects.exists():
        with at(past.ago(DAYS + 1)):
            do.enter_schema(actor("ada"), files.schema_text(), "the features of an electronics catalogue")


def fill_lists(past: Past) -> None:
    """Each list with a first revision, and one with two more."""
    for name, data in files.lists(past.now.date()):
        team, meaning = LISTS[name]
        who = writer_of(team)
        if not NamedList.objects.filter(pk=name).exists():
            with at(past.ago(DAYS + 1, -1)):
                create_list(who, name, team, meaning, "begun")
        if Revision.objects.filter(list=name).count() < 2:
            with at(past.ago(DAYS + 1, -2)):
                edit_entries(who, name, Edit(Deed.PUT, _entries(data)), "the first ones", seen=1)


def _entries(lines: bytes) -> Entries:
    return read_lines(np.frombuffer(bytearray(lines), np.uint8)).entries


def change_lists(past: Past) -> None:
    """A recall is added, and one that was wrong is taken out again."""
    if Revision.objects.filter(list="recalled-models").count() > 2:
        return
    who = writer_of("product-safety")
    added = _entries(b"swiftcard 128\nsolowave 2\n")
    with at(past.ago(4)):
        edit_entries(who, "recalled-models", Edit(Deed.PUT, added), "the maker's letter of this week", seen=2)
    with at(past.ago(3)):
        wrong = _entries(b"solowave 2\n")
        edit_entries(who, "recalled-models", Edit(Deed.REMOVE, wrong), "the letter named another model", seen=3)


def release_first(past: Past) -> None:
    """One strategy goes live, so that there is a server to tell of the catalogue."""
    found = next(one for one in files.strategies(past.now.date()) if one.body["id"] == FIRST_STRATEGY)
    _release(found, past.ago(DAYS), None)


def release_all(past: Past) -> Iterator[str]:
    """The example's strategies one after another, as they came; yields the id of each that is done."""
    rest = [one for one in files.strategies(past.now.date()) if one.body["id"] not in ELSEWHERE]
    span = (DAYS - 1.5) / len(rest)
    for number, one in enumerate(rest):
        moment = past.ago(DAYS - 0.5 - number * span)
        _release(one, moment, _step(one, number))
        yield str(one.body["id"])


def _step(one: Written, number: int) -> str | None:
    """The stage in which it was tried before it got where it is."""
    return "shadow" if one.stage in ("live", "canary") and number % 4 == 0 else None


def _release(one: Written, moment: datetime, step: str | None) -> None:
    """Written, talked about, approved by others, and released."""
    who, body = writer_of(one.body["owner"]), dict(one.body)
    if Strategy.objects.filter(pk=body["id"], versions__stage__in=RUNNING).exists():
        return
    version = Version.objects.filter(strategy=body["id"], stage__in=("draft", "proposed")).first()
    if version is None:
        with at(moment - timedelta(hours=20)):
            version = do.create_draft(who, body, "first version")
    if version.stage == "draft":
        with at(moment - timedelta(hours=16)):
            version = do.submit(who, version, reach=reach_of(version), note="ready")
    _approve(version, moment - timedelta(hours=6))
    why = f"{body['title']}: approved"
    if step is not None:
        with at(moment - timedelta(hours=5)):
            version = do.advance(who, version, step, why="see it in shadow first")
    stage = "live" if one.stage == "paused" else one.stage
    with at(moment):
        version = do.advance(who, version, stage, share=one.share if stage == "canary" else None, why=why)


def _approve(version: Version, moment: datetime, approvers: Sequence[str] = ("grace", "noah")) -> None:
    said = set(version.approvals.values_list("person__email", flat=True))
    notes = ("Read it against the policy; fine.", "The examples say what it is for.")
    for number, name in enumerate(approvers[: version.needed]):
        who = actor(name)
        if who.person.email not in said:
            with at(moment + timedelta(minutes=40 * number)):
                do.approve(who, version, notes[number % 2])


def _running(id_: str) -> Version:
    return Version.objects.filter(strategy=id_, stage__in=RUNNING).select_related("strategy").latest("number")


def pause_one(past: Past) -> None:
    """The flash sale is over."""
    version = _running(PAUSED)
    if version.stage != "paused":
        with at(past.ago(1, 3)):
            do.pause(writer_of(version.strategy.team_id), version, "the flash sale is over; the next one is in spring")


def write_next_versions(past: Past) -> None:
    """One strategy got a second version that is live; another has a challenger in shadow beside it."""
    _next(past.ago(3), "no-description-demote", "live", "a milder factor, as sellers asked")
    _next(past.ago(2), "typed-name-boost", "shadow", "would a stronger boost help?")


def _next(moment: datetime, id_: str, stage: str, note: str) -> None:
    if Strategy.objects.get(pk=id_).versions.count() > 1:
        return
    old = _running(id_)
    who = writer_of(old.strategy.team_id)
    with at(moment - timedelta(hours=20)):
        draft = do.next_draft(who, old, note)
        draft = do.save_draft(who, draft, _stronger(draft.body), draft.revision, note)
    with at(moment - timedelta(hours=16)):
        version = do.submit(who, draft, reach=reach_of(draft), note=note)
    _approve(version, moment - timedelta(hours=6))
    with at(moment):
        do.advance(who, version, stage, why=note)


def _stronger(body: Body) -> Body:
    """The same with another factor."""
    (deed, words), *_ = body["action"].items()
    return {**body, "action": {deed: {**words, "factor": round(words["factor"] * 1.1, 3)}}}


def roll_back_once(past: Past) -> None:
    """A canary was widened too far, and taken back within the hour."""
    if PublishedRelease.objects.filter(note__startswith="back to release").exists():
        return
    canary = Version.objects.filter(stage="canary").select_related("strategy").order_by("strategy").first()
    before = PublishedRelease.objects.first()
    if canary is None or before is None:
        return
    with at(past.ago(1)):
        do.advance(writer_of(canary.strategy.team_id), canary, "canary", share=0.9, why="widen it")
    with at(past.ago(1, -0.6)):
        releases.rollback(actor("jo"), before.number, "too many items lost their place at once")


def start_emergency(past: Past) -> None:
    """Cells that swell: live at once, and nobody has confirmed it yet."""
    if Strategy.objects.filter(pk=EMERGENCY).exists():
        return
    found = next(one for one in files.strategies(past.now.date()) if one.body["id"] == EMERGENCY)
    jo = actor("jo")
    draft = do.create_draft(jo, _this_week(dict(found.body), past), "two reports of swollen cells this morning")
    do.emergency(jo, draft, "two reports of swollen cells; the maker does not answer")


def _this_week(body: Body, past: Past) -> Body:
    """It began an hour ago and ends in six days; its examples speak of that week."""
    start, end = past.now - timedelta(hours=1), past.now + timedelta(days=6)
    moments = {"fires": _text(past.now), "ends": _text(end)}
    examples: list[dict[str, Any]] = [
        {**one, "given": {**one["given"], "request.time": moments["fires" if one["fires"] else "ends"]}}
        for one in body.get("examples", ())
    ]
    return {**body, "starts": _text(start), "expires": moments["ends"], "examples": examples}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def leave_work_open(past: Past) -> None:
    """A draft with an error, one that waits for approval, one that was refused, and one that is scheduled."""
    _draft(past, "tom", _with_error())
    _propose(past, "priya", _waiting())
    _refuse(past, "omar", _refused())
    _schedule(past, "tom", _scheduled(past))


def _new(id_: str, owner: str, tier: str, title: str, why: str, condition: str, action: Any, **more: Any) -> Body:
    return {
        "id": id_, "title": title, "why": why, "owner": owner, "tier": tier, "applies_to": "item", "markets": ["all"],
        "channels": ["all"], "condition": condition, "action": action, **more,
    }  # fmt: skip


def _with_error() -> Body:
    return _new(
        "dear-ads-demote", "ads", "experience", "Ads for very dear items come later",
        "Shoppers scroll past them.", "item.prize_cents > 250000 && has(request.query)",
        {"demote": {"factor": 0.7}}, channels=["shop_ads"],
    )  # fmt: skip


def _waiting() -> Body:
    return _new(
        "cables-behind-devices-demote", "search-quality", "quality", "Cables come after what they connect",
        "Who types a printer's name looks for the printer.",
        'item.title.lowerAscii().contains("cable") && has(request.query) && !request.query.contains("cable")',
        {"demote": {"factor": 0.6}}, channels=["search", "mall_search"],
    )  # fmt: skip


def _refused() -> Body:
    return _new(
        "unnamed-makers-demote", "listing-quality", "quality", "Listings without a known maker come later",
        "Returns are higher.", 'item.supplier == "Generic"', {"demote": {"factor": 0.1}},
    )  # fmt: skip


def _scheduled(past: Past) -> Body:
    return _new(
        "evening-speakers-boost", "campaigns", "growth", "Speakers for the weekend",
        "The campaign of next weekend.", 'item.title.lowerAscii().contains("speaker")', {"boost": {"factor": 1.2}},
        markets=["ID"], channels=["campaign", "shop_tab"], expires=_text(past.now + timedelta(days=20)),
    )  # fmt: skip


def _draft(past: Past, name: str, body: Body) -> Version | None:
    if Strategy.objects.filter(pk=body["id"]).exists():
        return None
    with at(past.ago(0, 7)):
        return do.create_draft(actor(name), body)


def _propose(past: Past, name: str, body: Body) -> Version | None:
    version = _draft(past, name, body)
    if version is None:
        return None
    with at(past.ago(0, 5)):
        return do.submit(actor(name), version, reach=reach_of(version), note="please look at the condition")


def _refuse(past: Past, name: str, body: Body) -> None:
    version = _propose(past, name, body)
    if version is not None:
        with at(past.ago(0, 2)):
            do.refuse(actor("grace"), version, "A factor of 0.1 hides honest sellers. Show what 0.5 would do first.")


def _schedule(past: Past, name: str, body: Body) -> None:
    version = _propose(past, name, body)
    if version is None:
        return
    _approve(version, past.ago(0, 4), ("budi", "grace"))
    when = (past.now + timedelta(days=1)).replace(hour=1, minute=0, second=0, microsecond=0)
    do.schedule(actor(name), version, "live", when, why="the campaign begins at eight in Jakarta")


def talk(past: Past) -> None:
    """Comments on what runs and on what waits."""
    cables, prices, toys = "cables-behind-devices-demote", "bait-prices-demote", "toys-late-demote"
    said: tuple[tuple[str, Actor, float, str, str], ...] = (
        (cables, actor("noah"), 0.15, "What about charging cables? People do type those.", "condition"),
        (cables, actor("priya"), 0.1, "They type “cable”, and then it does not fire.", ""),
        (prices, actor("mei"), 2.0, "Six of twenty that I looked at were honest clearance sales.", "params"),
        (prices, actor("omar"), 1.9, "Thanks. I shall try a higher bound in Indonesia.", ""),
        (toys, actor("felix"), 1.0, "Share of toys after nine in the evening is down by a third.", ""),
    )
    for id_, who, days, text, field in said:
        version = Version.objects.filter(strategy=id_).order_by("-number").first()
        if version is not None and not version.comments.filter(text=text).exists():
            with at(past.ago(days)):
                do.comment(who, version, text, field)


def plan_campaign(past: Past) -> None:
    """No release on the campaign days of next week."""
    start = (past.now + timedelta(days=9)).replace(hour=0, minute=0, second=0, microsecond=0)
    if not releases.controls().freezes:
        releases.freeze(actor("carla"), start, start + timedelta(days=2), "campaign days: nothing changes")


def tell_teams(past: Past) -> None:  # noqa: ARG001  each function of the marketplace is called alike
    """What ends soon is told as on any day."""
    from aedile.console.strategies.jobs import tell_of_ends

    if Team.objects.exists():
        tell_of_ends()
