"""Is this file a strategy, and are these files a set of strategies that fit together?

Everything is strict: a key, a name or a market that is not known is an error with its line, never ignored.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from aedile.documents import Document, Located, parse_document, read_document
from aedile.engine.action_read import TIERS, raise_if_out_of_reach, read_action
from aedile.engine.actions import Exempt, Tier
from aedile.engine.example_read import read_example
from aedile.engine.param_read import read_params
from aedile.engine.strategy import ALL, CANARY_UNITS, STAGES, Budget, Canary, Strategy
from aedile.engine.strategy_codes import (
    BAD_ID,
    BAD_TIME,
    COMPLAINTS,
    DUPLICATE_ID,
    ID,
    MISSING_KEY,
    NO_STRATEGIES,
    UNKNOWN_ENTITY,
    UNKNOWN_STRATEGY,
    bad_market,
)
from aedile.errors import AedileError, Errors, LanguageError, Place, StrategyError
from aedile.fields import Fields, listing, suggestion
from aedile.language import ir
from aedile.language.check import compile_condition, require_bool
from aedile.language.markets import CHANNELS, MARKETS
from aedile.language.schema import CANDIDATE_KINDS, Schema
from aedile.language.types import Type
from aedile.language.values import parse_timestamp

REQUIRED = ("id", "title", "why", "owner", "tier", "applies_to", "markets", "channels", "condition", "action", "stage")
OPTIONAL = ("policy", "rank", "params", "canary", "starts", "expires", "budget", "overrides", "examples")
KNOWN = (*REQUIRED, *OPTIONAL)
MAX_RANK = 1_000_000


@dataclass(frozen=True, slots=True)
class _Read:
    """A strategy with the file it came from, for errors that only the whole set shows."""

    strategy: Strategy
    fields: Fields


def read_strategy(path: Path | str, schema: Schema, lists: Collection[str] | None = None) -> Strategy:
    """The strategy in a file, or one error that says what is wrong and where.

    lists: the names of the named lists there are; None accepts any. Strategies it names are not looked up.
    """
    return _read(read_document(Path(path)), schema, lists).strategy


def parse_strategy(text: str, schema: Schema, file: str, lists: Collection[str] | None = None) -> Strategy:
    """The strategy in a text; `file` is its name in errors and must agree with the id."""
    return _read(parse_document(text, file), schema, lists).strategy


def read_strategies(folder: Path | str, schema: Schema, lists: Collection[str] | None = None) -> list[Strategy]:
    """All strategies below a folder (`*.yaml`, one each) in order of precedence.

    Raises `Errors` with one error for each bad file, in the order of the files.
    """
    paths = strategy_files(Path(folder))
    read: list[_Read] = []
    errors: list[AedileError] = []
    for path in paths:
        try:
            read.append(_read(read_document(path), schema, lists))
        except AedileError as error:
            errors.append(error)
    names = {path.stem for path in paths}
    errors += _set_errors(read, names)
    if errors:
        raise Errors(sorted(errors, key=lambda e: (e.place.file or "", e.place.line or 0)))
    return sorted((one.strategy for one in read), key=Strategy.precedence_key)


def strategy_files(folder: Path) -> list[Path]:
    """The files of strategies below a folder in order; `Errors` where it is none, or holds files of another kind."""
    if not folder.is_dir():
        raise Errors(
            [
                StrategyError(
                    NO_STRATEGIES,
                    f"{folder} is not a folder",
                    place=Place(str(folder)),
                    hint="strategies stand in a folder, one file each",
                    fix="name the folder that holds the strategies' files",
                )
            ]
        )
    paths: list[Path] = []
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths += (Path(parent, name) for name in files if not name.startswith("."))
    wrong = sorted(path for path in paths if path.suffix in (".yml", ".json"))
    if wrong:
        raise Errors([_wrong_suffix(path) for path in wrong])
    return sorted(path for path in paths if path.suffix == ".yaml")


def _wrong_suffix(path: Path) -> StrategyError:
    return StrategyError(
        BAD_ID,
        f"the file's name ends in {path.suffix}",
        place=Place(str(path)),
        hint="only files whose name ends in .yaml are strategies, and no other may look like one",
        fix=f"rename it to {path.stem}.yaml",
    )


def _read(document: Document, schema: Schema, lists: Collection[str] | None) -> _Read:
    fields = Fields(document, document.root, "", COMPLAINTS, known=KNOWN, required=REQUIRED)
    id_ = _id(fields)
    tier = Tier[fields.choice("tier", TIERS).upper()]
    kind = _kind(fields, schema)
    visible = schema.visible_for(kind)
    action = read_action(fields, tier, visible)
    markets = _markets(fields)
    params, types = read_params(fields, markets)
    condition, node = _condition(fields, schema, kind, types, lists)
    starts, expires = _times(fields)
    stage = fields.choice("stage", STAGES)
    policy = fields.text("policy", None)
    if policy is None and tier <= Tier.SAFETY:
        raise _missing(fields, "policy", f"a strategy in tier {tier} names the policy it enforces", "policy: IPR-02")
    if expires is None and isinstance(action, Exempt):
        raise _missing(fields, "expires", "an exempt ends by itself", "expires: 2027-01-31T00:00:00Z")
    if stage == "canary" and not fields.has("canary"):
        raise _missing(fields, "canary", "stage canary needs a share", "canary: {share: 0.05, unit: shopper}")
    strategy = Strategy(
        id=id_,
        title=fields.text("title"),
        why=fields.text("why"),
        owner=fields.text("owner"),
        policy=policy,
        tier=tier,
        rank=fields.integer("rank", -MAX_RANK, MAX_RANK),
        applies_to=kind,
        markets=markets,
        channels=_scope(fields, "channels", CHANNELS),
        condition=condition,
        node=node,
        params=params,
        action=action,
        stage=stage,
        canary=_canary(fields, schema, kind),
        starts=starts,
        expires=expires,
        budget=_budget(fields),
        overrides=_overrides(fields, id_),
        examples=tuple(
            read_example(fields, entry, number, visible) for number, entry in enumerate(fields.items("examples"))
        ),
        file=document.file,
        line=fields.values["id"].line,
    )
    return _Read(strategy, fields)


def _missing(fields: Fields, key: str, hint: str, line: str) -> AedileError:
    return fields.error(MISSING_KEY, f"`{key}` is missing", key=key, hint=hint, fix=f"add `{line}`")


def _id(fields: Fields) -> str:
    id_ = fields.text("id")
    node = fields.values["id"]
    if not ID.fullmatch(id_) or len(id_) > 128:
        raise fields.error(
            BAD_ID,
            f'"{id_}" is not an id',
            node,
            key="id",
            hint="an id has small letters, digits and single hyphens, at most 128",
            fix=f"write `id: {re.sub('[^a-z0-9]+', '-', id_.lower()).strip('-')[:128] or 'my-strategy'}`",
        )
    stem = Path(fields.document.file).stem
    if stem != id_:
        raise fields.error(
            BAD_ID,
            f"the id `{id_}` is not the file's name `{stem}`",
            node,
            key="id",
            hint="who reads of a strategy must find its file",
            fix=f"rename the file to {id_}.yaml or write `id: {stem}`",
        )
    return id_


def _kind(fields: Fields, schema: Schema) -> str:
    kind = fields.choice("applies_to", CANDIDATE_KINDS)
    if kind not in schema.kinds:
        raise fields.error(
            UNKNOWN_ENTITY,
            f"the schema has no entity `{kind}`",
            fields.values["applies_to"],
            key="applies_to",
            hint=f"it has {listing(kind for kind in schema.kinds if kind in CANDIDATE_KINDS)}",
            fix="correct `applies_to`, or declare the entity in the schema",
        )
    return kind


def _markets(fields: Fields) -> tuple[str, ...]:
    for entry in fields.items("markets", "a list of markets"):
        code = entry.value
        if not isinstance(code, str) or (code != ALL and code not in MARKETS):
            raise bad_market(fields, "markets", code, entry)
    return _scope(fields, "markets", MARKETS)


def _scope(fields: Fields, key: str, options: Collection[str]) -> tuple[str, ...]:
    """The entries of `markets` or `channels`: some of the options, or [all] alone."""
    entries = fields.items(key, f"a list of {key}, or [all]")
    values = tuple(fields.one_of(key, entry, (*sorted(options), ALL)) for entry in entries)
    if not values:
        raise fields.bad(
            key, f"`{key}` is an empty list, the strategy would never fire", fix=f"name the {key}, or write [all]"
        )
    if ALL in values and len(values) > 1:
        raise fields.bad(key, f"`{key}` says all and names some as well", fix="write [all], or only the names")
    for number, value in enumerate(values):
        if value in values[:number]:
            raise fields.bad(key, f"`{key}` names {value} twice", fix="delete one of them", node=entries[number])
    return values


def _condition(
    fields: Fields, schema: Schema, kind: str, params: Mapping[str, Type], lists: Collection[str] | None
) -> tuple[str, ir.Node]:
    scalar = fields.values["condition"]
    if isinstance(scalar.value, bool):  # `condition: true` is meant as the text it is
        return str(scalar.value).lower(), ir.TRUE if scalar.value else ir.FALSE
    text = fields.text("condition")
    try:
        node = compile_condition(text, schema.environment(kind, params, lists))
        require_bool(node, text)
    except LanguageError as error:
        before = len(scalar.value) - len(scalar.value.lstrip())
        offset = error.place.span[0] if error.place.span else 0
        line, column = fields.document.place_in(scalar, before + offset)
        raise error.at(file=fields.document.file, line=line, column=column, field="condition") from None
    return text, node


def _times(fields: Fields) -> tuple[int | None, int | None]:
    starts, expires = _time(fields, "starts"), _time(fields, "expires")
    if starts is not None and expires is not None and starts >= expires:
        raise fields.error(
            BAD_TIME,
            "the strategy expires before it starts",
            fields.values["expires"],
            key="expires",
            hint="`starts` is inclusive, `expires` exclusive",
            fix="write an `expires` after `starts`",
        )
    return starts, expires


def _time(fields: Fields, key: str) -> int | None:
    if not fields.has(key):
        return None
    text = fields.text(key)
    value = parse_timestamp(text)
    if value is None:
        raise fields.error(
            BAD_TIME,
            f'"{text}" is not a time',
            fields.values[key],
            key=key,
            hint="times are written as RFC 3339 says, with their zone",
            fix=f"write `{key}: {text}T00:00:00Z`"
            if re.fullmatch(r"\d{4}-\d\d-\d\d", text)
            else f"write it as `{key}: 2026-11-25T00:00:00Z`",
        )
    return value


def _canary(fields: Fields, schema: Schema, kind: str) -> Canary | None:
    if not fields.has("canary"):
        return None
    inner = fields.inner("canary", known=("share", "unit"), required=("share",))
    unit = inner.choice("unit", CANARY_UNITS, "shopper")
    if unit not in ("shopper", "request", kind, *schema.paths(kind)):
        raise inner.bad(
            "unit",
            f"a candidate of kind {kind} has no {unit}",
            hint="the draw is made by the unit's id; without one every candidate is outside",
            fix=f"write `unit: shopper`, or join {unit} in the schema",
        )
    return Canary(inner.share("share"), unit)


def _budget(fields: Fields) -> Budget | None:
    if not fields.has("budget"):
        return None
    inner = fields.inner("budget", known=("exposures", "seller"))
    if not inner.values:
        raise fields.bad("budget", "the budget is empty", fix="write {exposures: 0.02}, or delete it")
    return Budget(*(inner.share(key) if inner.has(key) else None for key in ("exposures", "seller")))


def _overrides(fields: Fields, own: str) -> tuple[str, ...]:
    values = []
    for entry in fields.items("overrides", "a list of strategies' ids"):
        if not isinstance(entry.value, str):
            raise fields.wrong("overrides", "the id of a strategy", "write [some-strategy]", node=entry)
        if entry.value == own:
            raise fields.bad("overrides", "a strategy cannot override itself", fix="delete its id", node=entry)
        values.append(entry.value)
    return tuple(values)


def _set_errors(read: list[_Read], names: Collection[str]) -> list[AedileError]:
    """What only the whole set shows: ids used twice, and names of strategies that do not exist.

    names: also those of files with errors, so that one mistake is reported once.
    """
    errors: list[AedileError] = []
    by_id: dict[str, _Read] = {}
    for one in read:
        first = by_id.setdefault(one.strategy.id, one)
        if first is not one:
            errors.append(
                one.fields.error(
                    DUPLICATE_ID,
                    f"the id `{one.strategy.id}` is used by {first.strategy.file} already",
                    one.fields.values["id"],
                    key="id",
                    hint="an id is unique for ever",
                    fix="give this strategy another id",
                )
            )
    for one in by_id.values():
        try:
            _names_exist(one, by_id, names)
        except StrategyError as error:
            errors.append(error)
    return errors


def _names_exist(one: _Read, by_id: Mapping[str, _Read], names: Collection[str]) -> None:
    fields, action = one.fields, one.strategy.action
    names = [name for name in names if name != one.strategy.id]
    for entry in fields.items("overrides"):
        _exists(fields, "overrides", entry, names)
    if not isinstance(action, Exempt) or not action.strategies:
        return
    exempt = fields.inner("action", known=("exempt",)).inner("exempt", known=("from",))
    for entry in exempt.items("from"):
        if entry.value == one.strategy.id:
            raise exempt.bad("from", "a strategy cannot exempt from itself", fix="delete its id", node=entry)
        _exists(exempt, "from", entry, names)
        if entry.value in by_id:
            tier = by_id[entry.value].strategy.tier
            raise_if_out_of_reach(exempt, entry, one.strategy.tier, tier, f"`{entry.value}` in tier {tier}")


def _exists(fields: Fields, key: str, entry: Located, names: Collection[str]) -> None:
    if entry.value not in names:
        raise fields.error(
            UNKNOWN_STRATEGY,
            f"there is no strategy `{entry.value}`",
            entry,
            key=key,
            hint=suggestion(entry.value, names) or "a strategy is named by its id",
            fix="correct the id or delete it",
        )
