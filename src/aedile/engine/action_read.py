"""Is the action of a strategy's file one that can be carried out?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aedile.documents import Located
from aedile.engine.actions import (
    Action,
    Amount,
    Badge,
    Boost,
    Cap,
    Demote,
    Exclude,
    Exempt,
    Pin,
    Refer,
    Reserve,
    Tier,
    WindowCap,
)
from aedile.engine.strategy_codes import BAD_ACTION, EXEMPT_REACH, ID
from aedile.errors import AedileError
from aedile.fields import Fields, listing, suggestion
from aedile.language.types import Type
from aedile.language.values import parse_duration

ACTIONS = ("exclude", "demote", "boost", "pin", "cap", "reserve", "badge", "refer", "exempt")
TIERS = tuple(str(tier) for tier in Tier)
#: A slate's first places; no screen shows more.
MAX_PLACES = 10_000
#: The most exposures a cap over a window can count.
MAX_WINDOW = 1_000_000_000


def read_action(top: Fields, tier: Tier, visible: Mapping[str, Type]) -> Action:
    """The action under the key `action`; the strategies an exempt names are checked when all are read."""
    node = top.values["action"]
    if isinstance(node.value, str):
        name = top.one_of("action", node, ACTIONS)
        if name != "exclude":
            raise top.error(
                BAD_ACTION, f"`{name}` needs its parameters", node, key="action", fix=f"write {_EXAMPLES[name]}"
            )
        return Exclude()
    action = top.inner("action", known=ACTIONS)
    if len(action.values) != 1:
        raise action.error(
            BAD_ACTION,
            f"a strategy has exactly one action, here are {len(action.values)}",
            node,
            hint=f"actions: {listing(ACTIONS)}",
            fix="write one strategy for each action",
        )
    (name,) = action.values
    if name == "exclude":
        if action.values[name].value is not None:
            action.inner(name, known=())
        return Exclude()
    required, known = _KEYS[name]
    fields = action.inner(name, known=known, required=required)
    if name == "exempt":
        return _exempt(fields, tier)
    return _READERS[name](fields, visible)


def _wrong(fields: Fields, key: str, message: str, name: str, hint: str | None = None) -> AedileError:
    return fields.error(BAD_ACTION, message, fields.values[key], key=key, hint=hint, fix=f"write {_EXAMPLES[name]}")


def _demote(fields: Fields, _: Mapping[str, Type]) -> Action:
    factor = fields.number("factor")
    if not 0 < factor < 1:
        hint = "a factor above 1 is a boost" if factor > 1 else "to keep it out altogether, use exclude"
        raise _wrong(fields, "factor", f"a demote's factor lies between 0 and 1, not {factor:g}", "demote", hint)
    return Demote(factor)


def _boost(fields: Fields, _: Mapping[str, Type]) -> Action:
    factor = fields.number("factor")
    if not 1 < factor <= 10:
        hint = "a factor below 1 is a demote" if factor < 1 else None
        raise _wrong(
            fields, "factor", f"a boost's factor lies above 1 and is at most 10, not {factor:g}", "boost", hint
        )
    return Boost(factor)


def _pin(fields: Fields, _: Mapping[str, Type]) -> Action:
    return Pin(fields.integer("position", 1, MAX_PLACES))


def _cap(fields: Fields, visible: Mapping[str, Type]) -> Action:
    if fields.has("per") or fields.has("window"):
        return _window_cap(fields)
    for key in ("key", "first_n"):
        if not fields.has(key):
            raise fields.error(
                BAD_ACTION,
                f"`{key}` is missing in the cap",
                key=key,
                hint="a cap counts by a feature among the first places, or by shopper or entity over a window",
                fix=f"write {_EXAMPLES['cap']} or {_WINDOW_EXAMPLE}",
            )
    key = fields.text("key")
    if key not in visible:
        raise _wrong(
            fields,
            "key",
            f"`{key}` is not a feature this strategy can see",
            "cap",
            suggestion(key, visible) or f"features: {listing(sorted(visible))}",
        )
    if visible[key].element is not None:
        raise _wrong(fields, "key", f"`{key}` is a list and cannot be a cap's key", "cap")
    first_n = fields.integer("first_n", 1, MAX_PLACES)
    amount = _amount(fields, "max", first_n, "cap", least=0)
    if amount.at_most(first_n) >= first_n:
        raise _wrong(
            fields,
            "max",
            f"a cap of {fields.values['max'].value} of the first {first_n} places never binds",
            "cap",
            "a whole number is a count of places, a number with a point a share of them",
        )
    return Cap(key, amount, first_n)


def _window_cap(fields: Fields) -> Action:
    for key in ("key", "first_n"):
        if fields.has(key):
            raise _wrong(
                fields,
                key,
                f"a cap over a window has no `{key}`",
                "cap",
                f"either {_EXAMPLES['cap']} or {_WINDOW_EXAMPLE}",
            )
    for key in ("per", "window"):
        if not fields.has(key):
            raise fields.error(
                BAD_ACTION, f"`{key}` is missing in the cap over a window", key=key, fix=f"write {_WINDOW_EXAMPLE}"
            )
    text = fields.text("window")
    window = parse_duration(text)
    if window is None or window <= 0:
        raise fields.error(
            BAD_ACTION,
            f'"{text}" is not a time span above zero',
            fields.values["window"],
            key="window",
            hint="units: h, m, s, ms, us",
            fix="write it as `24h`",
        )
    return WindowCap(fields.choice("per", ("shopper", "entity")), fields.integer("max", 1, MAX_WINDOW), window)


def _reserve(fields: Fields, _: Mapping[str, Type]) -> Action:
    first_n = fields.integer("first_n", 1, MAX_PLACES)
    return Reserve(_amount(fields, "min", first_n, "reserve", least=1), first_n)


def _amount(fields: Fields, key: str, first_n: int, name: str, least: int) -> Amount:
    value = fields.values[key].value
    hint = "a whole number is a count of places, a number with a point a share of them"
    if type(value) is int:
        if not least <= value <= first_n:
            raise _wrong(fields, key, f"`{key}` is {value}, of {first_n} places", name, hint)
        return Amount(count=value)
    share = fields.number(key)
    if not 0 < share <= 1:
        raise _wrong(fields, key, f"`{key}` is {share:g}, neither a count nor a share", name, hint)
    return Amount(share=share)


def _badge(fields: Fields, _: Mapping[str, Type]) -> Action:
    return Badge(_id(fields, "key", "badge"))


def _refer(fields: Fields, _: Mapping[str, Type]) -> Action:
    return Refer(_id(fields, "queue", "refer"), fields.share("share"))


def _id(fields: Fields, key: str, name: str) -> str:
    text = fields.text(key)
    if not ID.fullmatch(text) or len(text) > 128:
        raise _wrong(fields, key, f'"{text}" is not a key: small letters, digits and single hyphens', name)
    return text


def _exempt(fields: Fields, own: Tier) -> Action:
    node = fields.values["from"]
    if isinstance(node.value, dict):
        inner = fields.inner("from", known=("tier",), required=("tier",))
        tier = Tier[inner.choice("tier", TIERS).upper()]
        raise_if_out_of_reach(fields, node, own, tier, f"tier {tier}")
        return Exempt(tier=tier)
    if node.value in TIERS:
        raise _wrong(fields, "from", f'"{node.value}" is a tier, not a list of strategies', "exempt")
    names = tuple(_strategy_id(fields, entry) for entry in fields.items("from", "a list of strategies, or {tier: …}"))
    if not names:
        raise _wrong(fields, "from", "an exempt from nothing", "exempt")
    return Exempt(strategies=names)


def _strategy_id(fields: Fields, entry: Located) -> str:
    if not isinstance(entry.value, str):
        raise fields.wrong("from", "the id of a strategy", f"write {_EXAMPLES['exempt']}", node=entry)
    return entry.value


def raise_if_out_of_reach(fields: Fields, node: Located, own: Tier, other: Tier, what: str) -> None:
    """Nothing is exempt from tier legal, nor from a tier above the exempt's own."""
    if other is Tier.LEGAL or other < own:
        why = "nothing is ever exempt from tier legal" if other is Tier.LEGAL else f"it stands above tier {own}"
        raise fields.error(
            EXEMPT_REACH,
            f"a strategy in tier {own} cannot exempt from {what}",
            node,
            key="from",
            hint=why,
            fix=f"exempt from tier {max(own, Tier.SAFETY)} or below, or change this strategy's tier",
        )


_READERS: dict[str, Callable[[Fields, Mapping[str, Type]], Action]] = {
    "demote": _demote,
    "boost": _boost,
    "pin": _pin,
    "cap": _cap,
    "reserve": _reserve,
    "badge": _badge,
    "refer": _refer,
}
#: For each action its required and its known keys.
_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "demote": (("factor",), ("factor",)),
    "boost": (("factor",), ("factor",)),
    "pin": (("position",), ("position",)),
    "cap": (("max",), ("key", "max", "first_n", "per", "window")),
    "reserve": (("min", "first_n"), ("min", "first_n")),
    "badge": (("key",), ("key",)),
    "refer": (("queue", "share"), ("queue", "share")),
    "exempt": (("from",), ("from",)),
}
_EXAMPLES = {
    "demote": "{demote: {factor: 0.5}}",
    "boost": "{boost: {factor: 1.5}}",
    "pin": "{pin: {position: 1}}",
    "cap": "{cap: {key: item.seller_id, max: 2, first_n: 10}}",
    "reserve": "{reserve: {min: 0.2, first_n: 10}}",
    "badge": "{badge: {key: official-shop}}",
    "refer": "{refer: {queue: brand-protection, share: 0.1}}",
    "exempt": "{exempt: {from: [some-strategy]}} or {exempt: {from: {tier: growth}}}",
}
_WINDOW_EXAMPLE = "{cap: {per: shopper, max: 3, window: 24h}}"
