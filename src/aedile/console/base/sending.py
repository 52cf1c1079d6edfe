"""How does a notice leave this machine? In a process of its own, `python -m aedile.console.base.sending`, which can
connect to nothing but public addresses and those that are allowed.

One message a line comes in as JSON, one answer a line goes out. It also reads addresses, so that no other process has
to load what knows them all. The guard looks at the very address that is connected
to, so no name that resolves differently the second time, no redirect and no trick in an address gets past it.
"""

from __future__ import annotations

import json
import logging
import re
import resource
import sys
from typing import Any

from aedile.console.base.public import addresses_of, is_public

#: Seconds to connect, and to wait for an answer. Bytes of memory: an endless answer ends this process alone.
CONNECT, READ, MEMORY = 5.0, 10.0, 1 << 30
_NETWORK = ("socket.connect", "socket.sendto", "socket.sendmsg")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")


class Guard:
    """Refuses connections of this process to what is neither public nor allowed."""

    def __init__(self) -> None:
        self.allowed: set[str] = set()
        self.refused = False
        sys.addaudithook(self._look)

    def _look(self, event: str, args: tuple[Any, ...]) -> None:
        if event in _NETWORK and not self._may_reach(args[1] if len(args) > 1 else None):
            self.refused = True
            raise PermissionError("the address is not public")

    def _may_reach(self, address: object) -> bool:
        ip = str(address[0]) if isinstance(address, tuple) and address else ""
        return ip in self.allowed or is_public(ip)


def send(guard: Guard, message: dict[str, Any]) -> str:
    """Send it; why it could not be sent, without what is secret, or an empty text."""
    from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType
    from apprise.logger import LogCapture

    guard.refused = False
    guard.allowed = set().union(*(addresses_of(host) for host in message["allow"]))
    plugin = Apprise.instantiate(message["address"], asset=_asset(AppriseAsset), suppress_exceptions=True)
    if plugin is None:
        return "the address cannot be read"
    plugin.redirects = False
    plugin.socket_connect_timeout, plugin.socket_read_timeout = CONNECT, READ
    with LogCapture(level=logging.WARNING) as told:
        sent = plugin.notify(
            title=_CONTROLS.sub(" ", message["subject"]), body=message["text"] or message["subject"],
            notify_type=NotifyType.INFO, body_format=NotifyFormat.TEXT,
        )  # fmt: skip
        log = told.getvalue()
    if sent:
        return ""
    if guard.refused:
        return "the address leads into the own network"
    answered = re.search(r"error[=: ]+(\d{3})\b", log)
    return f"the other side answered {answered[1]}" if answered else "the other side cannot be reached"


def host_of(address: str) -> str | None:
    """The host that apprise would call; empty for a service of its own, None where it cannot read the address."""
    from apprise import Apprise

    plugin = Apprise.instantiate(address, suppress_exceptions=True)
    if plugin is None:
        return None
    return str(getattr(plugin, "smtp_host", None) or getattr(plugin, "host", None) or "").strip("[]").lower()


def _asset(kind: type[Any]) -> Any:
    return kind(app_id="aedile", app_desc="aedile", app_url="", http_redirects=False, secure_logging=True)


def main() -> None:
    """Send what comes in until nothing more does."""
    logging.disable(logging.INFO)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    guard = Guard()
    for line in sys.stdin:
        message = json.loads(line)
        answer = {"host": host_of(message["host_of"])} if "host_of" in message else {"trouble": send(guard, message)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
