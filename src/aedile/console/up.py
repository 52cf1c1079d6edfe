"""What does one installation consist of while it runs? All of it, started and stopped together.

PostgreSQL, the decision server with its keeper, the console, the worker for its jobs, and for a demo its shoppers. This
process imports neither Django nor the engine: it is there in a moment.
"""

from __future__ import annotations

import http.client
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from aedile.console.base.job_codes import PORT_TAKEN, UNSAFE_HOST
from aedile.console.demo.owner import require_demo
from aedile.errors import ConsoleError, Place
from aedile.server.serve import Child, Supervisor, processes
from aedile.settings import Settings, is_loopback
from aedile.store.database import database_at
from aedile.store.home import Home

#: Seconds between two looks whether everything answers.
LOOK = 0.05
#: Seconds after which everything is started, whether console and server answer or not.
LATEST = 30.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where something listens, and which path says that it can be used."""

    host: str
    port: int
    path: str

    def answers(self) -> bool:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  a look, not a bind
        connection = http.client.HTTPConnection(host, self.port, timeout=2)
        try:
            connection.request("GET", self.path, headers={"Host": f"localhost:{self.port}"})
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def up(settings: Settings, *, demo: bool, tell: Callable[[float], None]) -> None:
    """Run everything until SIGTERM or SIGINT; then nothing is left behind.

    demo: set up a marketplace, and let its shoppers ask; then no notice leaves the machine.
    tell: called once, with the seconds it took, when console and decision server answer.
    """
    began = time.monotonic()
    if demo:
        settings = replace(settings, notices=replace(settings.notices, send=False))
    require_safe(settings)
    server, console = settings.server, settings.console
    require_free("server", server.host, server.port)
    require_free("console", console.host, console.port)
    home = Home(settings.home).prepare()
    database = database_at(home, settings.database_url)
    try:
        if demo:
            database.start()
            require_demo(database)
        addresses = (Address(server.host, server.port, "/health"), Address(console.host, console.port, "/health"))
        answering = threading.Event()
        told = threading.Thread(
            target=_tell_when_up, args=(addresses, began, tell, answering), name="tell", daemon=True
        )
        told.start()

        def may_follow() -> bool:
            return answering.is_set() or time.monotonic() - began > LATEST

        Supervisor(children(settings, demo, may_follow), {**os.environ, **settings.to_environment()}).run()
    finally:
        database.close()


def children(settings: Settings, demo: bool, may_follow: Callable[[], bool]) -> list[Child]:
    """What runs, the decision server first: nobody may have to wait for a decision. may_follow: whether those may start
    for whom nobody waits."""
    python = [sys.executable, "-m"]
    keeper, *workers = processes(settings)
    found = [
        *workers,
        replace(keeper, after=may_follow),  # workers begin with what is on the shelf
        Child("the console", [*python, "aedile.console.serve"]),
        Child("the job worker", [*python, "aedile.console.worker"], may_follow),
    ]
    return [*found, Child("the demo", [*python, "aedile.console.demo"], may_follow)] if demo else found


def require_safe(settings: Settings) -> None:
    """A `ConsoleError` where passwords would go over the network as they are."""
    console = settings.console
    if is_loopback(console.host) or (console.url or "").startswith("https://"):
        return
    if console.behind_proxy and console.url is not None:
        return
    raise ConsoleError(
        UNSAFE_HOST,
        f"the console would be reached at {console.host} over plain HTTP, and passwords with it",
        place=Place(field="console.host"),
        hint="it speaks HTTP itself; a proxy before it speaks HTTPS with people",
        fix="set console.url to the https:// address that people type, or leave console.host out",
    )


def require_free(section: str, host: str, port: int) -> None:
    """A `ConsoleError` where something else listens already, or the address is none of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConsoleError(
                PORT_TAKEN,
                f"{host}:{port} cannot be listened at: {error.strerror}",
                place=Place(field=f"{section}.port"),
                hint="perhaps aedile runs already",
                fix=f"end what listens there, or choose another: AEDILE_{section.upper()}_PORT",
            ) from None


def _tell_when_up(
    addresses: tuple[Address, ...], began: float, tell: Callable[[float], None], answering: threading.Event
) -> None:
    for address in addresses:
        while not address.answers():
            time.sleep(LOOK)
    tell(time.monotonic() - began)
    answering.set()
