"""What can be chosen of a simulated marketplace? Its size, its markets, its honesty, and what goes wrong when.

All of it stands in one YAML file, the world; what it leaves out is as in `World()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, timedelta
from typing import Any

import yaml

from aedile.errors import Place, UsageError, define
from aedile.fields import listing, suggestion

BAD_WORLD = define("AED-USE-065", "A world cannot be simulated.", "aedile simulate marketplace --world with `auc: 1.5`")

#: Names of incidents, in the order in which they are told.
INCIDENTS = ("counterfeit_wave", "unsafe_product", "carrier_failure", "review_ring", "hot_search", "broken_strategy")
MOST_ITEMS, MOST_DAYS = 20_000_000, 366


@dataclass(frozen=True, slots=True)
class Market:
    """A market. share: of items, sellers and shoppers. rate: units of the currency for one USD. digits: of its minor
    unit. transit: days from dispatch to delivery, on average. income: how much is spent, beside that of the US."""

    code: str
    language: str
    zone: str
    currency: str
    digits: int
    rate: float
    share: float
    transit: float
    income: float


MARKETS = (
    Market("US", "en", "America/New_York", "USD", 2, 1.0, 0.31, 2.1, 1.0),
    Market("ID", "id", "Asia/Jakarta", "IDR", 2, 16_300.0, 0.33, 1.9, 0.35),
    Market("DE", "de", "Europe/Berlin", "EUR", 2, 0.87, 0.20, 1.8, 0.9),
    Market("SA", "ar", "Asia/Riyadh", "SAR", 2, 3.75, 0.16, 2.0, 0.8),
)


@dataclass(frozen=True, slots=True)
class Model:
    """A model that scores entities for a policy.

    auc: of violations that do not evade. auc_evading: of those that do. slope, shift: of its logit beside that of a
    calibrated model: 1 and 0 are calibrated, a slope above 1 is too sure of itself, a shift above 0 says too much.
    """

    auc: float
    auc_evading: float
    slope: float = 1.0
    shift: float = 0.0


@dataclass(frozen=True, slots=True)
class PolicyWorld:
    """A policy that entities of a kind break. prevalence: the share of them that does."""

    kind: str
    prevalence: float
    model: Model
    evading: float = 0.3


POLICIES: Mapping[str, PolicyWorld] = {
    "IPR-02": PolicyWorld("item", 0.02, Model(0.92, 0.75)),
    "PSF-01": PolicyWorld("item", 0.008, Model(0.86, 0.70, slope=1.3)),
    "PRO-04": PolicyWorld("item", 0.005, Model(0.95, 0.78)),
    "LST-03": PolicyWorld("item", 0.04, Model(0.83, 0.83, shift=0.5), evading=0.0),
    "CNT-06": PolicyWorld("content", 0.03, Model(0.80, 0.65)),
}


@dataclass(frozen=True, slots=True)
class Readers:
    """People who judge. sensitivity, specificity: on average; spread: how much they differ, on the logit's scale.
    share: of the items, how many are judged a day. chosen: of those, the share that the model's score chose."""

    people: int = 8
    sensitivity: float = 0.88
    specificity: float = 0.96
    spread: float = 0.35
    share: float = 0.002
    chosen: float = 0.6


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel. share: of requests. steepness: a place k is looked at with probability k ** -steepness (position-based
    model, Craswell et al. 2008). told: whether the marketplace knows that. appeal: on the logit's scale."""

    share: float
    steepness: float
    told: bool = False
    appeal: float = 0.0
    kind: str = "item"


CHANNELS: Mapping[str, Channel] = {
    "shop_tab": Channel(0.18, 0.55, appeal=-0.2),
    "campaign": Channel(0.06, 0.65),
    "shop_ads": Channel(0.08, 0.75, appeal=-0.4),
    "affiliate": Channel(0.06, 0.40, appeal=0.1),
    "video": Channel(0.10, 0.30, kind="content"),
    "live": Channel(0.07, 0.25, kind="content", appeal=0.2),
    "search": Channel(0.24, 0.85, told=True, appeal=0.5),
    "mall_search": Channel(0.07, 0.80, told=True, appeal=0.6),
    "recommendation": Channel(0.14, 0.60, told=True),
}


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that goes wrong. market: where. starts, lasts: as parts of the days simulated. strength: 1 is plain."""

    market: str
    starts: float
    lasts: float
    strength: float = 1.0


PLANTED: Mapping[str, Incident] = {
    "counterfeit_wave": Incident("ID", 0.35, 0.5),
    "unsafe_product": Incident("US", 0.2, 0.6),
    "carrier_failure": Incident("SA", 0.4, 0.25),
    "review_ring": Incident("DE", 0.5, 0.2),
    "hot_search": Incident("ID", 0.6, 0.05),
    "broken_strategy": Incident("US", 0.55, 0.1),
}


@dataclass(frozen=True, slots=True)
class World:
    """Everything that can be chosen; the seed is not part of it.

    exposures: about how many over all days; without it ten an item, and at least 200,000. The other numbers of entities
    follow from the items where they are not given.
    """

    start: date = date(2026, 10, 24)
    days: int = 7
    items: int = 20_000
    exposures: int | None = None
    sellers: int | None = None
    shoppers: int | None = None
    candidates: int = 24
    limit: int = 20
    #: Of requests: how many have the worth of every candidate told in the truth, whether shown or not.
    told: float = 0.01
    markets: tuple[Market, ...] = MARKETS
    channels: Mapping[str, Channel] = field(default_factory=lambda: dict(CHANNELS))
    policies: Mapping[str, PolicyWorld] = field(default_factory=lambda: dict(POLICIES))
    readers: Readers = Readers()
    incidents: Mapping[str, Incident] = field(default_factory=lambda: dict(PLANTED))

    def __post_init__(self) -> None:
        check(self)

    @property
    def shown(self) -> int:
        return self.exposures if self.exposures is not None else max(200_000, 10 * self.items)

    @property
    def last(self) -> date:
        """The last day."""
        return self.start + timedelta(days=self.days - 1)

    def of(self, whole: int | None, default: float, market: Market) -> int:
        """How many of something a market has."""
        total = whole if whole is not None else default
        return max(20, round(total * market.share / sum(one.share for one in self.markets)))

    def count(self, what: str, market: Market) -> int:
        """Of items, sellers, creators, contents or shoppers, how many a market has."""
        whole = {"items": self.items, "sellers": self.sellers, "shoppers": self.shoppers}.get(what)
        default = {"items": 1.0, "sellers": 0.1, "creators": 0.05, "contents": 0.15, "shoppers": 0.4}[what]
        return self.of(whole, self.items * default, market)


def check(world: World) -> None:
    """A `UsageError` where something cannot be."""
    rates = [
        (f"policies.{name}.{key}", value, low, high)
        for name, policy in world.policies.items()
        for key, value, low, high in (
            ("prevalence", policy.prevalence, 0.0, 0.5), ("model.auc", policy.model.auc, 0.5, 0.9999),
            ("model.auc_evading", policy.model.auc_evading, 0.5, 0.9999), ("evading", policy.evading, 0.0, 1.0),
            ("model.slope", policy.model.slope, 0.01, 100.0),
        )
    ]  # fmt: skip
    rates += [
        ("readers.sensitivity", world.readers.sensitivity, 0.01, 0.999),
        ("readers.specificity", world.readers.specificity, 0.01, 0.999),
        ("items", world.items, 100, MOST_ITEMS), ("days", world.days, 1, MOST_DAYS), ("told", world.told, 0.0, 1.0),
        ("candidates", world.candidates, 2, 1_000), ("limit", world.limit, 1, world.candidates),
        ("exposures", world.shown, 1_000, 10**10), ("markets", len(world.markets), 1, 50),
    ]  # fmt: skip
    rates += [(f"channels.{name}.steepness", one.steepness, 0.0, 10.0) for name, one in world.channels.items()]
    rates += [(f"channels.{name}.share", one.share, 0.0, 1.0) for name, one in world.channels.items()]
    rates += [(f"incidents.{name}.starts", one.starts, 0.0, 1.0) for name, one in world.incidents.items()]
    for name, value, low, high in rates:
        if not low <= value <= high:
            raise _bad(f"`{name}` is {value:,}", f"from {low:g} to {high:,}", name)


def _bad(what: str, hint: str, field_: str) -> UsageError:
    return UsageError(
        BAD_WORLD, what, place=Place(field=field_), hint=f"it may be {hint}", fix="see `aedile simulate world`"
    )


def to_yaml(world: World) -> str:
    """The world as a file."""
    return str(yaml.safe_dump(_plain(world), sort_keys=False, allow_unicode=True))


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value


def from_yaml(text: str) -> World:
    """The world of a file: `World()` with what the file says otherwise. Raises `UsageError`."""
    try:
        said = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _bad(f"the world is no YAML: {str(error).splitlines()[0]}", "a mapping", "world") from None
    merged = _merged(World(), said if said is not None else {}, "world")
    assert isinstance(merged, World)
    return merged


def _merged(known: Any, said: Any, place: str) -> Any:
    """What is known, with what was said in its place."""
    if is_dataclass(known) and not isinstance(known, type):
        names = [one.name for one in fields(known)]
        changes = {key: _merged(getattr(known, key), value, key) for key, value in _mapping(said, names, place)}
        return replace(known, **changes)
    if isinstance(known, Mapping):
        changed = {key: _merged(known[key], value, key) for key, value in _mapping(said, list(known), place)}
        return {**known, **changed}
    if isinstance(known, tuple):
        if not isinstance(said, list):
            raise _bad(f"`{place}` is {said!r}", "a list", place)
        return tuple(_market(one) for one in said)
    return _value(known, said, place)


def _mapping(said: Any, names: list[str], place: str) -> list[tuple[str, Any]]:
    if not isinstance(said, Mapping):
        raise _bad(f"`{place}` is {said!r}", f"a mapping of {listing(names)}", place)
    for key in said:
        if key not in names:
            near = suggestion(str(key), names) or f"one of {listing(names, 20)}"
            raise _bad(f"`{key}` is nothing that can be chosen of `{place}`", near, str(key))
    return list(said.items())


def _market(said: Any) -> Market:
    names = [one.name for one in fields(Market)]
    given = dict(_mapping(said, names, "markets"))
    base = next((one for one in MARKETS if one.code == given.get("code")), None)
    if base is None:
        raise _bad(f"the market {given.get('code')!r} has no calendar", listing([m.code for m in MARKETS]), "markets")
    return replace(base, **{key: _value(getattr(base, key), value, key) for key, value in given.items()})


def _value(known: Any, said: Any, place: str) -> Any:
    if known is None or type(known) is int:
        right = said is None if known is None and said is None else type(said) is int
    elif isinstance(known, float):
        right = type(said) in (int, float)
    else:
        right = type(said) is type(known)
    if not right:
        raise _bad(f"`{place}` is {said!r}", f"a value such as {known!r}", place)
    return float(said) if isinstance(known, float) else said
