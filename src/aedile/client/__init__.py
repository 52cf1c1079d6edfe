"""How does a service ask for decisions?

`Client` and `AsyncClient` ask a server, within a deadline, and go on without it as they were told to; `LocalClient`
decides in the caller's own process. All three answer alike. `put_facts` sends what happened; `LocalFacts` keeps it
without a server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aedile.client.http import AsyncClient, Client
    from aedile.client.local import LocalClient
    from aedile.client.local_facts import LocalFacts
    from aedile.wire.answers import Answer, Excluded, Placed

__all__ = ["Answer", "AsyncClient", "Client", "Excluded", "LocalClient", "LocalFacts", "Placed"]

_HOMES = {
    "aedile.client.http": ("AsyncClient", "Client"),
    "aedile.client.local": ("LocalClient",),
    "aedile.client.local_facts": ("LocalFacts",),
    "aedile.wire.answers": ("Answer", "Excluded", "Placed"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
