"""May a demo be set up here? Only where nobody's own work is: in a new installation, or in one that began as a demo."""

from __future__ import annotations

from aedile.console.base.job_codes import NOT_A_DEMO
from aedile.errors import ConsoleError, Place
from aedile.store.database import Database

#: The address of the demo's first person, by which its installation is known; nobody receives mail there.
FIRST = "ada@demo.example"


def require_demo(database: Database) -> None:
    """A `ConsoleError` where people are who came before the demo did. The database runs."""
    with database.connect() as connection:
        exists = connection.execute("select to_regclass('accounts_person') is not null").fetchone()
        if not exists or not exists[0]:
            return
        first = connection.execute("select email from accounts_person order by id limit 1").fetchone()
    if first is not None and first[0] != FIRST:
        raise ConsoleError(
            NOT_A_DEMO,
            "people work in this installation, and a demo would mix with their work",
            place=Place(field="home"),
            hint="a demo is set up where nobody is yet",
            fix="leave --demo out, or name another home: --home FOLDER",
        )
