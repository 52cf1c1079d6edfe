"""What do tests of accounts say again and again?"""

from __future__ import annotations

import psycopg


def entries():
    from aedile.console.base.models import Entry

    return list(Entry.objects.order_by("seq"))


def whole():
    """The history's chain holds; how many entries it has."""
    from aedile.console.base.history import verify
    from aedile.console.settings import AEDILE, HOME
    from aedile.store.database import database_at

    with psycopg.connect(database_at(HOME, AEDILE.database_url).dsn) as connection:
        return verify(connection).entries


PASSWORD = "a walk in the market at dawn"


def with_password(person):
    from aedile.console.base.acting import noted

    with noted("aedile", "cli", "test"):
        person.set_password(PASSWORD)
        person.save()
    return person


def sign_in(client, person, password=PASSWORD, **more):
    return client.post("/account/login/", {"login": person.email, "password": password, **more})
