"""Where may notices go? To services of the outside world, never into the network in which aedile runs.

An admin who enters an address must not be able to make aedile call what only it can reach: a metadata service, a
database, another console. So a host is looked up and must be public; as it may answer differently the next time, who
sends looks once more at what it really connects to (`sending.py`).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import parse_qs, urlsplit

from aedile.console.base.job_codes import BAD_ADDRESS, INWARD
from aedile.console.base.public import addresses_of, is_public
from aedile.console.base.sender import Sender
from aedile.errors import ConsoleError, Place
from aedile.fields import listing, suggestion

#: Schemes of services whose hosts are known, and of those for which the address names the host.
SERVICES = ("dingtalk", "discord", "feishu", "gchat", "lark", "msteams", "slack", "tgram", "wecombot", "zulip")
HOSTS = (
    "form", "forms", "json", "jsons", "mailto", "mailtos", "matrix", "matrixs", "mmost", "mmosts", "ntfy", "ntfys",
    "rocket", "rockets", "workflow", "workflows", "xml", "xmls",
)  # fmt: skip
SCHEMES = (*SERVICES, *HOSTS)
LONGEST = 300
_SHAPE = re.compile(r"([a-z]+)://([!-~]+)")
_MAIL = re.compile(r"[^@\s<>\"',;:\\/]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")


def is_mail(address: str) -> bool:
    """Whether the address is one of mail, which the installation's own mail server sends."""
    return _MAIL.fullmatch(address) is not None


def require_scheme(address: str) -> None:
    """Passes where an address is one of mail, or looks like apprise's of a known scheme."""
    shape = _SHAPE.fullmatch(address)
    if is_mail(address) or (shape is not None and shape[1] in SCHEMES and len(address) <= LONGEST):
        return
    scheme = address.partition("://")[0].lower()[:20]
    raise ConsoleError(
        BAD_ADDRESS,
        "notices cannot go to this address",
        place=Place(field="channel"),
        hint=suggestion(scheme, SCHEMES) or f"schemes are {listing(SCHEMES, len(SCHEMES))}",
        fix="write an address of mail, or one of apprise such as slack://TokenA/TokenB/TokenC",
    )


def require_address(address: str, allow: Collection[str] = ()) -> None:
    """Passes where notices may go to an address: of mail, or an apprise address of a known scheme with a public host.

    allow: hosts of the own network that may be told all the same. Raises a `ConsoleError`, in which no secret is.
    Takes about a second: apprise reads the address in a process of its own.
    """
    require_scheme(address)
    if is_mail(address):
        return
    with Sender() as sender:
        host = sender.host_of(address)
    if host is None:
        raise ConsoleError(
            BAD_ADDRESS,
            "the address is not complete",
            place=Place(field="channel"),
            hint=f"it begins as one of {address.partition('://')[0]}",
            fix="see apprise's page of that service for what belongs into it",
        )
    if address.partition("://")[0] in HOSTS and host:
        _require_outside(host, allow)


def _require_outside(host: str, allow: Collection[str]) -> None:
    if host in allow:
        return
    found = addresses_of(host)
    if not found or not all(is_public(ip) for ip in found):
        raise ConsoleError(
            INWARD,
            f"{host[:80]} leads into the own network" if found else f"nobody knows the host {host[:80]}",
            place=Place(field="channel"),
            hint="notices go to public hosts alone, so that nobody makes aedile call what only it can reach",
            fix="name a public host; who runs aedile may allow others: notices.allow",
        )


def host_in(address: str) -> str:
    """The host that an address names, for people to see; empty where it names none."""
    try:
        parts = urlsplit(address)
        return (parse_qs(parts.query).get("smtp") or [parts.hostname or ""])[0].lower()
    except ValueError:
        return ""


def shown(address: str) -> str:
    """An address as people may see it: where it leads, without what is secret in it."""
    if is_mail(address) or not address:
        return address
    scheme = address.partition("://")[0].lower()
    if scheme in HOSTS:
        return f"{scheme}://{host_in(address)}/…"
    return f"{scheme}://…" if scheme in SERVICES else "…"
