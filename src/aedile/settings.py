"""Which settings hold, and where does each come from?

From `aedile.toml`, then variables that begin with `AEDILE_`, then options of the command line: the later wins. A key
that is not known is an error, for a misspelt setting would otherwise silently be its default.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aedile.documents import unreadable
from aedile.errors import Place, SettingsError, define
from aedile.fields import listing, suggestion

UNKNOWN = define("AED-CONF-001", "A setting is not known.", "AEDILE_SERVER_PROT=8321")
BAD_VALUE = define("AED-CONF-002", "A setting's value is not one that can be.", "AEDILE_SERVER_PORT=http")
NOT_TOML = define("AED-CONF-003", "The file of settings is not TOML.", "port: 8321 in aedile.toml")
UNSAFE = define("AED-CONF-004", "Settings together would open the server to strangers.", "open with host 0.0.0.0")
INCOMPLETE = define("AED-CONF-005", "Settings that need one another are not all there.", "oidc.issuer alone")

PREFIX = "AEDILE_"
FILE = "aedile.toml"


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a text")
    return value


def _path(value: Any) -> Path:
    return Path(_text(value)).expanduser().absolute()


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        number = int(value) if isinstance(value, str) and value.strip().isdigit() else value
        if type(number) is not int or not low <= number <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return number

    return read


def _share(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if isinstance(value, bool) or not 0 <= number <= 1:
        raise ValueError("a share from 0 to 1")
    return number


def _flag(value: Any) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    found = value if isinstance(value, bool) else words.get(str(value).lower())
    if found is None:
        raise ValueError("true or false")
    return found


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name with its section, how it is read, its default, what it means, whether it is a secret."""

    name: str
    read: Callable[[Any], Any]
    default: Any
    meaning: str
    secret: bool = False

    @property
    def variable(self) -> str:
        return PREFIX + self.name.replace(".", "_").upper()


def _zones(value: Any) -> str:
    from aedile.errors import DataError
    from aedile.facts.zones import read_zones

    text = _text(value)
    try:
        read_zones(text)
    except DataError as error:
        raise ValueError(f"markets with their zones: {error.message}") from None
    return text


def _keeping(value: Any) -> str:
    from aedile.errors import DataError
    from aedile.facts.keeping import read_keeping

    text = _text(value)
    try:
        read_keeping(text)
    except DataError as error:
        raise ValueError(f"rules such as *=400, exposures/DE=30: {error.message}") from None
    return text


def _issuer(value: Any) -> str:
    text = _text(value).removesuffix("/")
    scheme, _, rest = text.partition("://")
    host = rest.split("/", 1)[0].rsplit("@", 1)[-1]
    name = host[1:].split("]", 1)[0] if host.startswith("[") else host.split(":", 1)[0]
    if not name or not (scheme == "https" or (scheme == "http" and is_loopback(name))):
        raise ValueError("an address that begins with https://")
    return text


def _default_home() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "aedile"


SETTINGS: tuple[Setting, ...] = (
    Setting("home", _path, _default_home, "The folder of all that is kept."),
    Setting("database_url", _text, None, "A PostgreSQL server to use in place of the embedded one.", secret=True),
    Setting("server.host", _text, "127.0.0.1", "The address to listen at."),
    Setting("server.port", _whole(1, 65535), 8321, "The port to listen at."),
    Setting("server.workers", _whole(1, 256), lambda: os.cpu_count() or 1, "Processes that decide."),
    Setting("server.queue", _whole(1, 10_000), 64, "Decisions that may wait in one worker before it answers 429."),
    Setting("server.max_body_mb", _whole(1, 512), 16, "The largest body, in MiB."),
    Setting("server.open", _flag, False, "Answer without API keys; on loopback only."),
    Setting("server.page", _flag, None, "Serve the page and counts without a key; by default on loopback alone."),
    Setting("console.host", _text, "127.0.0.1", "The address the console listens at."),
    Setting("console.port", _whole(1, 65535), 8320, "The port the console listens at."),
    Setting("console.threads", _whole(1, 64), 8, "Pages the console makes at the same time."),
    Setting("console.url", _text, None, "The console's address as people type it; by default from host and port."),
    Setting("console.behind_proxy", _flag, False, "A proxy before the console speaks HTTPS with people."),
    Setting("console.jobs", _whole(1, 16), 2, "Jobs that run at the same time."),
    Setting("console.api_rate", _whole(1, 100_000), 100, "Calls of the API a second and person."),
    Setting(
        "console.two_approvals_above",
        _share,
        0.1,
        "The share of the catalogue above which a strategy needs two approvals.",
    ),
    Setting("notices.send", _flag, False, "Send notices to people and teams; else they stay in the outbox."),
    Setting("notices.mail", _text, None, "The apprise address by which mail goes out.", secret=True),
    Setting("notices.allow", _text, None, "Hosts inside the own network that notices may go to, with commas."),
    Setting("oidc.issuer", _issuer, None, "The identity provider (OpenID Connect) by which people may sign in."),
    Setting("oidc.client_id", _text, None, "By which name the provider knows this console."),
    Setting("oidc.client_secret", _text, None, "The secret that goes with it.", secret=True),
    Setting("oidc.name", _text, "the company account", "What the provider is called on the page of sign-in."),
    Setting("log.share", _share, 1.0, "The share of decisions that is logged."),
    Setting("log.full_share", _share, 0.01, "The share that is logged in full detail and can be replayed."),
    Setting("log.queue", _whole(1, 1_000_000), 2_000, "Decisions that may wait in memory to be logged, a worker."),
    Setting("log.keep_days", _whole(1, 36_500), 30, "Days for which logged decisions are kept."),
    Setting("entities.max_batch", _whole(1, 1_000_000), 10_000, "Entities that one call may put or withdraw."),
    Setting("facts.max_batch", _whole(1, 1_000_000), 100_000, "Facts that one call may bring."),
    Setting("facts.queue_mb", _whole(1, 4_096), 64, "MiB of facts that may wait in one worker before it answers 429."),
    Setting("facts.zones", _zones, None, "Time zones of markets, where not the usual: ID=Asia/Jakarta, with commas."),
    Setting(
        "facts.keep", _keeping, None, "Days for which facts are kept: *=400, exposures/DE=30; by default for ever."
    ),
    Setting("facts.warehouse", _text, None, "A Spark to query in place of DuckDB here: spark://host:port."),
    Setting("facts.memory_mb", _whole(64, 1_000_000), 2_048, "MiB that a query of facts here may use."),
    Setting("facts.threads", _whole(1, 256), 2, "Threads that a query of facts here may use."),
    Setting("budget.floor", _whole(1, 10**9), 1_000, "Exposures a day below which no budget is judged."),
)
_BY_NAME = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    workers: int
    queue: int
    max_body_mb: int
    open: bool
    page: bool


@dataclass(frozen=True, slots=True)
class Console:
    """url: None where people come by host and port."""

    host: str
    port: int
    threads: int
    url: str | None
    behind_proxy: bool
    jobs: int
    api_rate: int
    two_approvals_above: float

    @property
    def address(self) -> str:
        """Where people come to it, without a slash at the end."""
        if self.url is not None:
            return self.url.rstrip("/")
        host = "localhost" if is_loopback(self.host) else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Notices:
    """mail: None where people are sent none. allow: hosts, with commas."""

    send: bool
    mail: str | None
    allow: str | None

    @property
    def allowed(self) -> tuple[str, ...]:
        return tuple(host.strip() for host in (self.allow or "").split(",") if host.strip())


@dataclass(frozen=True, slots=True)
class Oidc:
    """The identity provider; issuer, client_id and client_secret are all None where there is none."""

    issuer: str | None
    client_id: str | None
    client_secret: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Log:
    share: float
    full_share: float
    queue: int
    keep_days: int


@dataclass(frozen=True, slots=True)
class Entities:
    max_batch: int


@dataclass(frozen=True, slots=True)
class Facts:
    """zones: as `read_zones` reads them; None for the usual ones."""

    max_batch: int
    queue_mb: int
    zones: str | None
    keep: str | None
    warehouse: str | None
    memory_mb: int
    threads: int

    @property
    def by_market(self) -> Mapping[str, str]:
        """Zones of markets, where not the usual."""
        from aedile.facts.zones import read_zones

        return read_zones(self.zones or "")


@dataclass(frozen=True, slots=True)
class Budget:
    floor: int


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that hold. origins: for each name, where its value comes from."""

    home: Path
    database_url: str | None
    server: Server
    console: Console
    notices: Notices
    oidc: Oidc
    log: Log
    entities: Entities
    facts: Facts
    budget: Budget
    origins: Mapping[str, str]

    def value(self, name: str) -> Any:
        section, _, own = name.rpartition(".")
        return getattr(getattr(self, section) if section else self, own)

    def to_environment(self) -> dict[str, str]:
        """The settings as variables, for a process that is to have the same."""
        values = {setting.variable: self.value(setting.name) for setting in SETTINGS}
        return {name: str(value) for name, value in values.items() if value is not None}


def load_settings(config: Path | None = None, environ: Mapping[str, str] | None = None, **flags: Any) -> Settings:
    """The settings of file, variables and flags; flags by their name with `_` for the point, None where not given.

    config: the file; by default `aedile.toml` in the working folder, if there is one.
    """
    environ = os.environ if environ is None else environ
    raw: dict[str, tuple[Any, str]] = {}
    file = config or (Path(FILE) if Path(FILE).is_file() else None)
    if file is not None:
        raw |= {name: (value, str(file)) for name, value in _from_file(file).items()}
    raw |= _from_variables(environ)
    by_flag = {setting.name.replace(".", "_"): setting.name for setting in SETTINGS}
    raw |= {by_flag[flag]: (value, f"--{flag}") for flag, value in flags.items() if value is not None}
    values, origins = {}, {}
    for setting in SETTINGS:
        values[setting.name], origins[setting.name] = _value(setting, raw)
    host = values["server.host"]
    if values["server.page"] is None:
        values["server.page"] = is_loopback(host)
    if values["server.open"] and not is_loopback(host):
        raise SettingsError(
            UNSAFE,
            f"the server would answer anybody who reaches {host}",
            place=Place(field="server.open"),
            hint="without keys the server listens on loopback alone",
            fix="leave server.open out, and make a key: aedile key create --scope decide",
        )
    _require_together(values, ("oidc.issuer", "oidc.client_id", "oidc.client_secret"))

    def section(name: str) -> dict[str, Any]:
        return {key.partition(".")[2]: value for key, value in values.items() if key.startswith(f"{name}.")}

    return Settings(
        values["home"],
        values["database_url"],
        Server(**section("server")),
        Console(**section("console")),
        Notices(**section("notices")),
        Oidc(**section("oidc")),
        Log(**section("log")),
        Entities(**section("entities")),
        Facts(**section("facts")),
        Budget(**section("budget")),
        origins,
    )


def _require_together(values: Mapping[str, Any], names: tuple[str, ...]) -> None:
    missing = [name for name in names if values[name] is None]
    if missing and len(missing) < len(names):
        raise SettingsError(
            INCOMPLETE,
            f"{listing(missing)} {'is' if len(missing) == 1 else 'are'} missing",
            place=Place(field=missing[0]),
            hint=f"{listing(names)} are of use only together",
            fix=f"set {listing(missing)}, or leave all of them out",
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _value(setting: Setting, raw: Mapping[str, tuple[Any, str]]) -> tuple[Any, str]:
    if setting.name not in raw:
        default = setting.default
        return (default() if callable(default) else default), "default"
    value, origin = raw[setting.name]
    try:
        return setting.read(value), origin
    except ValueError as error:
        shown = "a value that is not shown" if setting.secret else repr(value)[:60]
        raise SettingsError(
            BAD_VALUE,
            f"{setting.name} is {shown}, not {error}",
            place=Place(origin, field=setting.name),
            hint=setting.meaning,
            fix="correct it, or leave it out",
        ) from None


def _from_file(file: Path) -> dict[str, Any]:
    try:
        told = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise unreadable(file, error) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            NOT_TOML, f"the file is not TOML: {error}", place=Place(str(file)), fix='write port = 8321 below "[server]"'
        ) from None
    flat: dict[str, Any] = {}
    for key, value in told.items():
        flat |= {f"{key}.{own}": inner for own, inner in value.items()} if isinstance(value, dict) else {key: value}
    for name in flat:
        if name not in _BY_NAME:
            raise _unknown(name, str(file), list(_BY_NAME))
    return flat


def _from_variables(environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    known = {setting.variable: setting.name for setting in SETTINGS}
    found = {}
    for name, value in environ.items():
        if name.startswith(PREFIX):
            if name not in known:
                raise _unknown(name, "environment", list(known))
            found[known[name]] = (value, name)
    return found


def _unknown(name: str, place: str, known: list[str]) -> SettingsError:
    return SettingsError(
        UNKNOWN,
        f"`{name}` is not a setting",
        place=Place(place, field=name),
        hint=suggestion(name, known) or f"settings are {listing(known)}",
        fix="correct the name, or leave it out; see `aedile config`",
    )
