"""Where may notices go? To services of the outside world, never into the network in which aedile runs.

An admin who enters an address must not be able to make aedile call what only it can reach: a metadata service, a
database, another console. So a host is looked up and must be public; as it may answer differently the next time, who
sends looks once more at what it really connects to (`sending.py`).
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection

from aedile.console.base.job_codes import BAD_ADDRESS, INWARD
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
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_mail(address: str) -> bool:
    """Whether the address is one of mail, which the installation's own mail server sends."""
    return _MAIL.fullmatch(address) is not None


def is_public(ip: str) -> bool:
    """Whether an IP address is one of the outside world, however it is written."""
    try:
        found = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


def addresses_of(host: str) -> set[str]:
    """What a host's name stands for now, as whoever connects would look it up; empty where nobody knows it."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return set()
    return {str(entry[4][0]) for entry in found}


def require_address(address: str, allow: Collection[str] = ()) -> None:
    """Passes where notices may go to an address: of mail, or an apprise address of a known scheme with a public host.

    allow: hosts of the own network that may be told all the same. Raises a `ConsoleError`, in which no secret is.
    """
    if is_mail(address):
        return
    shape = _SHAPE.fullmatch(address)
    scheme = address.partition("://")[0].lower()[:20]
    if shape is None or scheme not in SCHEMES or len(address) > LONGEST:
        raise ConsoleError(
            BAD_ADDRESS,
            "notices cannot go to this address",
            place=Place(field="channel"),
            hint=suggestion(scheme, SCHEMES) or f"schemes are {listing(SCHEMES)}",
            fix="write an address of mail, or one of apprise such as slack://TokenA/TokenB/TokenC",
        )
    host = host_of(address)
    if scheme in HOSTS:
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


def host_of(address: str) -> str:
    """The host that apprise would call, as apprise reads it; a `ConsoleError` where it reads none."""
    plugin = _read(address)
    return str(getattr(plugin, "smtp_host", None) or getattr(plugin, "host", None) or "").strip("[]").lower()


def _read(address: str) -> object:
    from apprise import Apprise

    plugin = Apprise.instantiate(address, suppress_exceptions=True)
    if plugin is None:
        raise ConsoleError(
            BAD_ADDRESS,
            "the address is not complete",
            place=Place(field="channel"),
            hint=f"it begins as one of {address.partition('://')[0]}",
            fix="see apprise's page of that service for what belongs into it",
        )
    return plugin


def shown(address: str) -> str:
    """An address as people may see it: where it leads, without what is secret in it."""
    if is_mail(address) or not address:
        return address
    scheme = address.partition("://")[0].lower()
    if scheme not in HOSTS:
        return f"{scheme}://…" if scheme in SERVICES else "…"
    try:
        return f"{scheme}://{host_of(address)}/…"
    except ConsoleError:
        return f"{scheme}://…"
