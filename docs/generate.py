"""What does the code offer? Writes docs/reference/ from it.

`python -m docs.generate` writes every page; a test compares the files with `PAGES`, so that none can grow old.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_args

import aedile
from aedile.engine.actions import (
    MULTIPLIER_MAX,
    MULTIPLIER_MIN,
    Action,
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
from aedile.engine.json_schemas import write_json_schemas
from aedile.errors import CODES
from aedile.facts import KINDS, Field
from aedile.facts.portable_dialect import STANDARD
from aedile.facts.portable_functions import OWN
from aedile.facts.portable_rules import MENDS
from aedile.facts.portable_types import sql_type
from aedile.facts.trouble import MAX_ID_BYTES, MAX_TEXT_BYTES
from aedile.language import types as language_types
from aedile.language.functions import FUNCTIONS, Example, Function
from aedile.language.types import SCALARS
from aedile.language.values import format_timestamp
from aedile.server.metrics import METRICS
from aedile.settings import FILE, SETTINGS, Setting
from aedile.store.tables import CANDIDATES, DECIDED, TABLES

FOLDER = Path(__file__).parent / "reference"
_NOTE = "<!-- Written by `python -m docs.generate`; change the code instead. -->\n"

#: For each type: what it holds, how a constant of it is written in a condition, and as JSON.
TYPES = {
    "bool": ("true or false; false comes before true", "`true`", "`true`"),
    "int": ("a whole number of 64 bits; beyond them the result is unknown", "`42`, `-7`, `0xff`", "`42`"),
    "double": ("a number of IEEE 754, with NaN, infinities and -0", "`4.5`, `1e-3`", '`4.5`, `"NaN"`, `"-Infinity"`'),
    "string": ("a text; compared and counted by code points", '`"text"`, `r"no \\ escapes"`', '`"text"`'),
    "timestamp": (
        f"an instant with microseconds, from {format_timestamp(language_types.TIMESTAMP_MIN)} to "
        f"{format_timestamp(language_types.TIMESTAMP_MAX)}",
        '`timestamp("2026-11-25T08:30:00+07:00")`',
        '`"2026-11-25T01:30:00Z"`',
    ),
    "duration": ("a length of time with microseconds, either direction", '`duration("2160h")`', '`"7776000s"`'),
    "list(T)": ("values of one type; a feature can be a `list(string)`", '`["a", "b"]`', '`["a", "b"]`'),
}

#: For each action: its parameters as written, what happens, and a file's line.
ACTIONS: dict[type, tuple[str, str]] = {
    Exclude: ("The candidate is not in the slate; precedence picks the reason.", "action: exclude"),
    Demote: ("The score is multiplied by the factor, in (0, 1).", "action: {demote: {factor: 0.5}}"),
    Boost: ("The score is multiplied by the factor, in (1, 10].", "action: {boost: {factor: 1.5}}"),
    Pin: (
        "The candidate takes the place. Of two, precedence wins and the other takes the next free place; an excluded "
        "candidate is never pinned.",
        "action: {pin: {position: 1}}",
    ),
    Cap: (
        "Of the candidates it fires for that have the same key, at most `max` stand among the `first_n`; the surplus "
        "moves behind them and is never dropped. `key` is a feature, `max` a count or, with a point, a share.",
        "action: {cap: {key: item.seller_id, max: 2, first_n: 10}}",
    ),
    WindowCap: (
        "At most `max` exposures `per` shopper, or per entity, in a window of time; what is above stands behind all "
        "that is not capped.",
        "action: {cap: {per: shopper, max: 3, window: 24h}}",
    ),
    Reserve: (
        "At least `min` of the `first_n` places are for candidates it fires for, as far as there are any, best first. "
        "`min` is a count or, with a point, a share.",
        "action: {reserve: {min: 0.2, first_n: 10}}",
    ),
    Badge: ("The key is added to the candidate for the caller to show.", "action: {badge: {key: official-shop}}"),
    Refer: (
        "The candidate is sent to people's queue, a share of them, once per entity and version; the slate is "
        "untouched.",
        "action: {refer: {queue: brand-protection, share: 0.1}}",
    ),
    Exempt: (
        "The named strategies, or a tier and all below it, do not act on the candidate. Never from tier legal, nor "
        "from a tier above its own. Needs `expires`.",
        "action: {exempt: {from: [some-strategy]}}  # or {exempt: {from: {tier: growth}}}",
    ),
}

#: Families of errors in the order in which one meets them.
_FAMILIES = {
    "AED-USE": "How a command or function was called",
    "AED-SCHEMA": "A feature schema",
    "AED-LANG": "A condition",
    "AED-STRAT": "A strategy, or strategies that do not fit together",
    "AED-DATA": "Files, entities, lists, requests",
    "AED-REL": "A release",
    "AED-CONF": "A setting",
    "AED-STORE": "What is kept: PostgreSQL, logs, journals, files",
    "AED-CON": "The console",
    "AED-SRV": "A call of the server",
}


def types_page() -> str:
    """The types of features and conditions."""
    assert {*SCALARS, "list(T)"} == set(TYPES)
    rows = [(f"`{name}`", *columns) for name, columns in TYPES.items()]
    return _page(
        "Types",
        "A feature has one of these types, and so has every part of a condition. There is no null: what is missing is "
        "*unknown*, whatever its type.",
        _table(("type", "holds", "in a condition", "as JSON"), rows),
        "In files of entities a column of the same kind of Arrow, a text in the form of JSON's, or (for times) a text "
        "in RFC 3339 or CEL's form serves. A parameter of a strategy is written as YAML; a duration as "
        "`{duration: 2160h}`, a timestamp as `{timestamp: 2026-11-25T00:00:00Z}`.",
        "Int and double compare by mathematical value. In arithmetic an int literal becomes a double where the other "
        "side is one; otherwise write `double(x)`.",
    )


def functions_page() -> str:
    """All operators, functions and macros, with the examples that tests run."""
    index = " · ".join(f"[`{name}`](#{_anchor(name)})" for name in FUNCTIONS)
    return _page(
        "Operators, functions, macros",
        "Whatever gets an unknown argument is unknown, unless said otherwise.",
        index,
        *(_function(function) for function in FUNCTIONS.values()),
    )


def _function(function: Function) -> str:
    signatures = dict.fromkeys(
        f"({', '.join(map(str, overload.arguments))}) → {overload.result}" for overload in function.overloads
    )
    lines = [
        f'<a id="{_anchor(function.name)}"></a>',
        "",
        f"## `{function.written}`",
        "",
        function.meaning,
        "",
        *(f"- `{signature}`" for signature in signatures),
        "",
        "```",
        *(_example(example) for example in function.examples),
        "```",
    ]
    return "\n".join(lines)


def _example(example: Example) -> str:
    given = ", ".join(f"{name} = {_json(value)}" for name, (_, value) in example.given.items())
    return f"{example.condition}  →  {_json(example.value)}" + (f"    where {given}" if given else "")


def actions_page() -> str:
    """The nine actions and the five tiers."""
    assert set(ACTIONS) == set(get_args(Action))
    parts = []
    for action, (meaning, line) in ACTIONS.items():
        name = action.name if action is not WindowCap else "cap over a window"  # type: ignore[attr-defined]
        required = [f"`{field.name}`" for field in fields(action) if field.default is MISSING]
        parameters = f"Parameters: {', '.join(required)}.\n\n" if required else ""
        parts.append(f"## {name}\n\n{meaning}\n\n{parameters}```yaml\n{line}\n```")
    tiers = " > ".join(f"`{tier}`" for tier in Tier)
    return _page(
        "Actions",
        "A strategy has exactly one. How they meet on one slate is in "
        "[semantics](../semantics.md#precedence-and-slate).",
        f"Tiers, the strongest first: {tiers}. Inside a tier `rank` decides, the lower first, then the id. Demotes and "
        f"boosts multiply; their product is kept from {MULTIPLIER_MIN:g} to {MULTIPLIER_MAX:g}.",
        *parts,
    )


def errors_page() -> str:
    """Every error code, with an input that provokes it."""
    import_all()
    parts = []
    for family, title in _FAMILIES.items():
        codes = [CODES[name] for name in sorted(CODES) if name.startswith(f"{family}-")]
        if codes:
            rows = [(f"`{code.name}`", code.meaning, _code(code.example)) for code in codes]
            parts.append(f"## {title}\n\n" + _table(("code", "meaning", "for example"), rows))
    return _page(
        "Errors",
        "Each error says what is wrong, where, why and how to mend it. Its code never changes its meaning; with "
        "`--format json` it comes as `{code, message, file, line, column, field, span, hint, fix}`.",
        *parts,
    )


def import_all() -> list[str]:
    """Import every module of aedile, so that all codes are defined; their names.

    Of the console those that define codes: the others want an installation to be set up on.
    """
    names = [module.name for module in pkgutil.walk_packages(aedile.__path__, "aedile.")]
    for name in names:
        if not name.endswith("._kernel") and (not name.startswith("aedile.console.") or name.endswith("codes")):
            importlib.import_module(name)
    return names


def cli_page() -> str:
    """Every command with its arguments and options, as its help says."""
    from typer.main import get_command

    from aedile.cli.app import app

    commands = list(_commands(get_command(app), ("aedile",)))
    return _page(
        "Command line",
        _plain(get_command(app).help),
        *(_command(path, command) for path, command in commands if not hasattr(command, "commands")),
    )


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        if not inner.hidden:
            yield from _commands(inner, (*path, name))


def _command(path: Sequence[str], command: Any) -> str:
    shown = [option for option in command.params if not getattr(option, "hidden", False) and option.name != "help"]
    rows = [_option(option) for option in shown]
    table = _table(("option", "", "meaning"), rows) if rows else "No options."
    return f"## {' '.join(path)}\n\n{_plain(command.help)}\n\n{table}"


def _option(option: Any) -> tuple[str, str, str]:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    if option.param_type_name == "argument":
        names = f"`{(option.metavar or option.name).upper()}`"
    default = getattr(option.default, "value", option.default)  # of an enumeration, as it is typed
    is_shown = isinstance(default, str | int | float) and not isinstance(default, bool) and not option.required
    state = "required" if option.required else f"`{default}`" if is_shown else ""
    return names, state, _plain(getattr(option, "help", None))


def _plain(text: str | None) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (text or "").replace("\b", "").split("\n\n")).strip()


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((f"{_NOTE}\n# {title}", *(part for part in parts if part))) + "\n"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _code(text: str) -> str:
    """As code, also where the text has a backquote itself."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _anchor(name: str) -> str:
    if name.isidentifier():
        return name
    return "op-" + "-".join(f"{ord(character):x}" for character in name)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


#: Defaults that depend on the machine, in words.
_DEFAULTS = {"home": "`~/.local/share/aedile`", "server.workers": "one a core", "server.page": "on loopback alone"}
#: What Prometheus' text format appends to the name of a metric.
_SUFFIX = {"counter": "_total"}


def permissions_page() -> str:
    """The table of permissions."""
    from aedile.console.accounts.permissions import PERMISSIONS, Role

    reaches = {"anywhere": "everywhere", "touches": "a market", "covers": "all markets", "owns": "markets and team"}
    rows = [
        (
            f"`{one.name}`",
            _in_english(one.does),
            reaches[one.reach],
            *("✓" if role in one.roles else "" for role in Role),
        )
        for one in PERMISSIONS.values()
    ]
    return _page(
        "Permissions",
        "What each role may do. What reaches mean: [people](../people.md#roles).",
        _table(("permission", "may", "reach", *(role.value for role in Role)), rows),
    )


def _in_english(text: Any) -> str:
    """A text of the console as it stands in the code: no language needs to be set up."""
    words: str = text._args[0]
    return words


def settings_page() -> str:
    """Every setting of an installation."""
    rows = [(f"`{one.name}`", f"`{one.variable}`", _default(one), one.meaning) for one in SETTINGS]
    return _page(
        "Settings",
        f"They come from `{FILE}` in the working folder (or the file that `--config` names), then from variables, then "
        "from options of the command line: the later wins. A key that is not known is an error. `aedile config` prints "
        "every value that holds, and where it comes from; a secret is never shown.",
        'In the file a point makes a table:\n\n```toml\nhome = "/var/lib/aedile"\n\n[server]\nport = 8321\n```',
        _table(("setting", "variable", "default", "meaning"), rows),
    )


def _default(setting: Setting) -> str:
    if setting.name in _DEFAULTS:
        return _DEFAULTS[setting.name]
    assert not callable(setting.default), setting.name
    return "none" if setting.default is None else f"`{_json(setting.default)}`"


def metrics_page() -> str:
    """Every metric that `/metrics` exposes."""
    rows = []
    for name, (kind, labels, text) in METRICS.items():
        own = () if name.startswith("aedile_keeper") else ("worker",)
        rows.append((f"`{name}{_SUFFIX.get(kind, '')}`", kind, ", ".join(f"`{one}`" for one in (*own, *labels)), text))
    return _page(
        "Metrics",
        "`GET /metrics`, in Prometheus' text format. Each worker counts from its own start under its own label: sum "
        "over `worker`, after `rate`. Any worker tells of all of them.",
        _table(("metric", "kind", "labels", "meaning"), rows),
    )


def facts_page() -> str:
    """Every kind of fact with its columns."""
    parts = []
    for kind in KINDS.values():
        own = {field.name for field in kind.own}
        rows = [_column(field) for field in kind.fields.values() if field.name in own]
        parts.append(
            f"## {kind.name}\n\n{kind.meaning} Version {kind.version}.\n\n"
            + _table(("column", "type", "meaning"), rows)
        )
    shared = KINDS["exposures"]
    own = {field.name for field in shared.own}
    common = [_column(field) for field in shared.fields.values() if field.name not in own]
    return _page(
        "Facts",
        "The kinds of facts that are taken in, and what stands in each; how to send them: [facts](../facts.md). A "
        "column with a star must be there. Times have their zone, and microseconds. Ids and codes have 1 to "
        f"{MAX_ID_BYTES} bytes, longer texts up to {MAX_TEXT_BYTES:,}.",
        "Every fact has these; `local_date` and `received_at` are added on arrival:",
        _table(("column", "type", "meaning"), common),
        *parts,
    )


#: Types of columns in words.
_TYPES = {
    "timestamp[us, tz=UTC]": "time", "string": "text", "int64": "whole number", "double": "number",
    "bool": "true or false", "date32[day]": "day",
}  # fmt: skip


def _column(field: Field) -> tuple[str, str, str]:
    told = field.meaning
    if field.values:
        told += f" One of {', '.join(_code(value) for value in field.values)}."
    if field.unit:
        told += f" In {field.unit}."
    if field.least is not None and f"from {field.least:g}" not in told.lower():
        told += f" From {field.least:g}."
    star = " \\*" if field.required else ""
    return f"`{field.name}`{star}", _TYPES.get(str(field.type), "texts"), told


def sql_page() -> str:
    """The portable subset of SQL: its functions, and what takes the place of what."""
    own = [(f"`{one.called}`", one.type or "as its first argument", one.meaning) for one in OWN.values()]
    mends: dict[str, list[str]] = {}
    for name, mend in MENDS.items():
        mends.setdefault(mend, []).append(f"`{name}`")
    tables = [(f"[`{name}`](#{name})", _meaning_of(name)) for name in TABLES]
    columns = [_columns_of(name) for name in TABLES]
    return _page(
        "Portable SQL",
        "What `aedile query` takes and every engine answers alike: see [the warehouse](../warehouse.md).",
        "Beside these functions there are " + ", ".join(f"`{name.lower()}`" for name in STANDARD) + ", `CASE`, `CAST` "
        "to `DOUBLE`, `BIGINT`, `TEXT`, `DATE`, `TIMESTAMP` or `BOOLEAN`, `IN`, `BETWEEN`, `LIKE`, `IS`, `EXISTS`, "
        "joins, `WITH`, subqueries, `UNION`, `INTERSECT`, `EXCEPT`, and window functions.",
        _table(("function", "gives", "meaning"), own),
        "Not taken, and what takes its place:",
        _table(("not", "but"), [(", ".join(names), mend) for mend, names in mends.items()]),
        "The tables:",
        _table(("table", "holds"), tables),
        *columns,
    )


def _columns_of(table: str) -> str:
    rows = [(f"`{one.name}`", _sql_type(one.type), _of(table, one)) for one in TABLES[table]]
    return f"## `{table}`\n\n{_meaning_of(table)}\n\n" + _table(("column", "type", "meaning"), rows)


def _meaning_of(table: str) -> str:
    return KINDS[table].meaning if table in KINDS else {
        DECIDED: "One decision of the server, with its candidates as they were sent. `date` is its day in UTC.",
        CANDIDATES: "One candidate of one decision: all columns of the decision, and its own.",
    }[table]  # fmt: skip


def _of(table: str, column: Any) -> str:
    return KINDS[table].fields[column.name].meaning if table in KINDS else ""


def _sql_type(type_: Any) -> str:
    return "list of decisions' candidates" if "STRUCT" in sql_type(type_) else f"`{sql_type(type_)}`"


PAGES: dict[str, Callable[[], str]] = {
    "types.md": types_page,
    "functions.md": functions_page,
    "actions.md": actions_page,
    "errors.md": errors_page,
    "cli.md": cli_page,
    "settings.md": settings_page,
    "permissions.md": permissions_page,
    "metrics.md": metrics_page,
    "facts.md": facts_page,
    "sql.md": sql_page,
}


def main() -> None:
    """Write all pages, and the JSON Schemas for editors."""
    FOLDER.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
    write_json_schemas(FOLDER.parent / "schemas")


if __name__ == "__main__":
    main()
