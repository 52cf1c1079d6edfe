"""How does a strategy become the fields of a form, and these a strategy again?

`fields_of(body)` gives what a form shows, `body_of(data)` reads what it sends. What a form cannot hold (a key that does
not exist, a list within a list) makes `fields_of` give None: such a text is edited as a text. Nothing is checked here
but what no body can be made of; the engine's own reading says what is wrong, with the field's name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from aedile.console.strategies.body import ORDER, Body, from_text, plain
from aedile.documents import parse_document
from aedile.engine.strategy import ALL
from aedile.errors import AedileError, Place
from aedile.language.values import format_timestamp, parse_timestamp

#: Rows that are read; a form with more is nobody's.
MOST = 200
KINDS = ("number", "text", "truth", "duration", "time", "numbers", "texts")
_TEXTS = ("id", "title", "why", "owner", "policy", "tier", "applies_to", "condition")
_KNOWN = frozenset(ORDER) - {"stage"}
_ACTION_FIELDS: dict[str, tuple[str, ...]] = {
    "exclude": (), "demote": ("factor",), "boost": ("factor",), "pin": ("position",), "badge": ("key",),
    "refer": ("queue", "share"), "reserve": ("min", "first_n"),
    "cap": ("key", "max", "first_n", "per", "window"), "exempt": ("from",),
}  # fmt: skip
_WORDS = frozenset({"key", "per", "window", "queue"})
_INT = re.compile(r"[+-]?\d+")


class Sent(Protocol):
    """What a form sends: Django's QueryDict, or anything alike."""

    def get(self, key: str, default: Any = ...) -> Any: ...
    def getlist(self, key: str) -> list[Any]: ...


@dataclass(frozen=True, slots=True)
class Parameter:
    """A row of the table of parameters. values: market, or `default` → as written; without those not overridden."""

    name: str
    kind: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ExampleRow:
    """given: features as lines of `name: value`."""

    given: str
    market: str
    channel: str
    fires: bool


@dataclass(frozen=True, slots=True)
class Fields:
    """What the form shows. texts: plain fields by name. action: its name, and its parameters as written."""

    texts: Mapping[str, str]
    rank: str
    markets: tuple[str, ...]
    channels: tuple[str, ...]
    action: str
    acting: Mapping[str, str]
    starts: str
    expires: str
    budget: Mapping[str, str]
    unit: str
    overrides: tuple[str, ...]
    packs: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    examples: tuple[ExampleRow, ...] = ()
    errors: tuple[AedileError, ...] = field(default=(), compare=False)


# ---------------------------------------------------------------- from a body


def fields_of(body: Mapping[str, Any]) -> Fields | None:
    """The form of a body, None where a form could not give the same body back."""
    try:
        fields = _fields(body)
    except (AttributeError, TypeError, ValueError, KeyError, InvalidOperation):
        return None
    again, errors = body_of(sent_by(fields))
    return fields if not errors and _settled(again) == _settled(body) and set(body) <= _KNOWN else None


def _settled(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body without what says nothing: a rank of 0, a missing key; texts without space around them."""
    nothing: tuple[Any, ...] = (None, "", [], {})
    found = {k: v.strip() if isinstance(v, str) else v for k, v in body.items() if v not in nothing}
    if found.get("rank") == 0:
        del found["rank"]
    if found.get("canary") == {"unit": "shopper"}:
        del found["canary"]
    for name in ("starts", "expires"):
        if name in found:
            found[name] = parse_timestamp(found[name])
    return found


def _fields(body: Mapping[str, Any]) -> Fields:
    action, acting = _action_fields(body.get("action"))
    params: Mapping[str, Any] = body.get("params") or {}
    packs = tuple(market for market in params if market != "default")
    budget = body.get("budget") or {}
    return Fields(
        texts={name: _text(body.get(name)) for name in _TEXTS},
        rank=str(body.get("rank", "")),
        markets=tuple(body.get("markets") or ()),
        channels=tuple(body.get("channels") or ()),
        action=action,
        acting=acting,
        starts=_moment(body.get("starts")),
        expires=_moment(body.get("expires")),
        budget={name: _per_cent(budget[name]) for name in ("exposures", "seller") if name in budget},
        unit=(body.get("canary") or {}).get("unit", "shopper"),
        overrides=tuple(body.get("overrides") or ()),
        packs=packs,
        parameters=tuple(_parameter(name, params) for name in params.get("default", {})),
        examples=tuple(_example(entry) for entry in body.get("examples") or ()),
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        raise TypeError
    return value


def _action_fields(action: Any) -> tuple[str, dict[str, str]]:
    if action is None:
        return "", {}
    if isinstance(action, str):
        return action, {}
    ((name, said),) = action.items()
    if name == "exempt":
        source = said["from"]
        return name, {"from_tier": source["tier"]} if isinstance(source, dict) else {"from": ", ".join(source)}
    return name, {key: _written(value) for key, value in (said or {}).items()}


def _moment(value: Any) -> str:
    """As a field for date and time has it, in UTC."""
    if value is None:
        return ""
    micros = parse_timestamp(value)
    return value if micros is None else format_timestamp(micros).removesuffix("Z")


def _per_cent(share: Any) -> str:
    return format((Decimal(str(share)) * 100).normalize(), "f")


def _parameter(name: str, params: Mapping[str, Any]) -> Parameter:
    kind = _kind(params["default"][name])
    return Parameter(name, kind, {m: _written(own[name], kind) for m, own in params.items() if name in own})


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        return "texts" if value and all(isinstance(entry, str) for entry in value) else "numbers"
    ((word, _),) = value.items()
    return {"duration": "duration", "timestamp": "time"}[word]


def _written(value: Any, kind: str = "") -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(_written(entry) for entry in value)
    if isinstance(value, dict):
        return str(value["duration" if kind == "duration" else "timestamp"])
    return str(value)


def _example(entry: Mapping[str, Any]) -> ExampleRow:
    given = given_lines(entry["given"])
    return ExampleRow(given, entry["market"], entry["channel"], entry["fires"])


def given_lines(given: Mapping[str, Any]) -> str:
    """The features of an example, one a line, with values as JSON, which YAML takes for the same."""
    return "\n".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in given.items())


def sent_by(fields: Fields) -> SentByHand:
    """What a form that shows these fields sends when nothing is changed."""
    found = SentByHand()
    for name, text in fields.texts.items():
        found.add(name, text)
    for name, text in (
        ("rank", fields.rank), ("markets", ", ".join(fields.markets)), ("action", fields.action),
        ("starts", fields.starts), ("expires", fields.expires), ("unit", fields.unit),
        ("overrides", ", ".join(fields.overrides)),
    ):  # fmt: skip
        found.add(name, text)
    for channel in fields.channels:
        found.add("channels", channel)
    for name, text in fields.acting.items():
        found.add(f"{fields.action}.{name}", text)
    for name, text in fields.budget.items():
        found.add(f"budget.{name}", text)
    for market in fields.packs:
        found.add("pack", market)
    for number, parameter in enumerate(fields.parameters):
        found.add("param", str(number))
        found.add(f"param.{number}.name", parameter.name)
        found.add(f"param.{number}.kind", parameter.kind)
        for market, text in parameter.values.items():
            found.add(f"param.{number}.{market}", text)
    for number, row in enumerate(fields.examples):
        found.add("example", str(number))
        for name, text in (("given", row.given), ("market", row.market), ("channel", row.channel)):
            found.add(f"example.{number}.{name}", text)
        found.add(f"example.{number}.fires", "yes" if row.fires else "no")
    return found


class SentByHand(dict[str, list[str]]):
    """Fields and their values, read as Django's are."""

    def add(self, name: str, value: str) -> None:
        self.setdefault(name, []).append(value)

    def get(self, key: str, default: Any = "") -> Any:
        values = super().get(key)
        return values[-1] if values else default

    def getlist(self, key: str) -> list[str]:
        return super().get(key) or []


# ---------------------------------------------------------------- to a body


def body_of(data: Sent) -> tuple[Body, list[AedileError]]:
    """The body that a form says, and what keeps fields from being read; these are kept as texts, so that nothing that
    was typed is lost."""
    errors: list[AedileError] = []
    body: Body = {}
    for name in _TEXTS:
        body[name] = str(data.get(name, "")).replace("\r\n", "\n").strip()
    body["rank"] = _number(data.get("rank", ""))
    body["markets"] = names_in(data.get("markets", ""))
    body["channels"] = [str(value) for value in data.getlist("channels")]
    body["action"] = _action(data)
    body["starts"], body["expires"] = (_time(data.get(name, "")) for name in ("starts", "expires"))
    budget = {name: _share(data.get(f"budget.{name}", "")) for name in ("exposures", "seller")}
    body["budget"] = {name: value for name, value in budget.items() if value is not None}
    unit = data.get("unit", "")
    body["canary"] = {"unit": unit} if unit not in ("", "shopper") else {}
    body["overrides"] = names_in(data.get("overrides", ""), upper=False)
    body["params"] = _params(data)
    body["examples"] = _examples(data, errors)
    return {key: body[key] for key in ORDER if key in body and body[key] not in (None, "", [], {})}, errors


def read_sent(data: Sent) -> tuple[Body, list[AedileError]]:
    """The same of whatever an editor sends: its form, or under `text` a whole file."""
    text = data.get("text", None)
    if text is None:
        return body_of(data)
    try:
        return from_text(str(text).replace("\r\n", "\n"), "strategy.yaml")[0], []
    except AedileError as error:
        return {}, [error]


def names_in(text: Any, *, upper: bool = True) -> list[str]:
    """The words of a field, apart by commas or space; markets in capital letters, whatever was typed."""
    words = [word for word in re.split(r"[\s,;]+", str(text)) if word]
    if upper:
        words = [word if word.lower() == ALL else word.upper() for word in words]
    return list(dict.fromkeys(ALL if word.lower() == ALL else word for word in words))


def _number(text: Any) -> Any:
    """An int, a float, or, where it is neither, the text as it stands: the engine says that it is no number."""
    text = str(text).strip()
    if not text:
        return None
    if _INT.fullmatch(text) and len(text) < 20:
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text


def _share(text: Any) -> Any:
    """What was typed in per cent as a fraction."""
    text = str(text).strip()
    if not text:
        return None
    try:
        share = Decimal(text) / 100
        return float(share) if share.is_finite() else text
    except InvalidOperation:
        return text


def _time(text: Any) -> str | None:
    """What a field for date and time has, in UTC, as a file has it."""
    text = str(text).strip()
    if not text:
        return None
    for zoned in (f"{text}Z", f"{text}:00Z", text):
        micros = parse_timestamp(zoned)
        if micros is not None:
            return format_timestamp(micros)
    return text


def _action(data: Sent) -> Any:
    name = str(data.get("action", ""))
    if name not in _ACTION_FIELDS:
        return name or None
    if name == "exclude":
        return name
    if name == "exempt":
        tier = str(data.get("exempt.from_tier", ""))
        return {"exempt": {"from": {"tier": tier} if tier else names_in(data.get("exempt.from", ""), upper=False)}}
    said: dict[str, Any] = {}
    for key in _ACTION_FIELDS[name]:
        text = str(data.get(f"{name}.{key}", "")).strip()
        if text:
            said[key] = text if key in _WORDS else _number(text)
    return {name: said}


def _params(data: Sent) -> dict[str, dict[str, Any]]:
    packs = [market for market in dict.fromkeys(map(str, data.getlist("pack"))) if market != "default"][:MOST]
    params: dict[str, dict[str, Any]] = {"default": {}, **{market: {} for market in packs}}
    for number in data.getlist("param")[:MOST]:
        name = str(data.get(f"param.{number}.name", "")).strip()
        kind = str(data.get(f"param.{number}.kind", "number"))
        written = {market: str(data.get(f"param.{number}.{market}", "")).strip() for market in params}
        if not name and not any(written.values()):
            continue
        is_double = _is_double(kind, written.values())
        for market, text in written.items():
            if text or (market == "default" and kind in ("text", "texts", "numbers")):
                params[market][name] = _value(text, kind, is_double=is_double)
            elif market == "default":
                params[market][name] = None
    return params if params["default"] or packs else {}


def written_value(kind: str, texts: Sequence[str]) -> Any:
    """The value under `default` of a parameter, the first text; the others are those of markets."""
    return _value(texts[0], kind, is_double=_is_double(kind, texts)) if texts and texts[0] else None


def _is_double(kind: str, texts: Iterable[str]) -> bool:
    """Whether some market writes a fraction: then it is one in all."""
    return kind == "number" and not all(_INT.fullmatch(text) for text in texts if text)


def _value(text: str, kind: str, *, is_double: bool) -> Any:
    if kind == "truth":
        return {"true": True, "false": False}.get(text.lower(), text)
    if kind == "duration":
        return {"duration": text}
    if kind == "time":
        return {"timestamp": _time(text)}
    if kind in ("numbers", "texts"):
        entries = [entry.strip() for entry in text.split(",") if entry.strip()]
        return entries if kind == "texts" else [_number(entry) for entry in entries]
    if kind == "text":
        return text
    number = _number(text)
    return float(number) if is_double and isinstance(number, int) else number


def _examples(data: Sent, errors: list[AedileError]) -> list[dict[str, Any]]:
    found = []
    for place, number in enumerate(data.getlist("example")[:MOST]):
        text = str(data.get(f"example.{number}.given", "")).replace("\r\n", "\n").strip()
        market, channel = (str(data.get(f"example.{number}.{name}", "")).strip() for name in ("market", "channel"))
        if not text and not market:
            continue
        given: Any = {}
        if text:
            try:
                given = plain(parse_document(text, "example").root)
            except AedileError as error:
                errors.append(error.at(file=None, field=f"examples[{place}].given"))
                given = text
        fires = str(data.get(f"example.{number}.fires", "")) == "yes"
        found.append({"given": given, "market": market.upper(), "channel": channel, "fires": fires})
    return found


def at_field(errors: Sequence[AedileError], name: str) -> list[AedileError]:
    """Those of the errors that are about a field, or part of it."""
    return [error for error in errors if _is_about(error.place, name)]


def _is_about(place: Place, name: str) -> bool:
    said = place.field or ""
    return said == name or said.startswith((f"{name}.", f"{name}["))
