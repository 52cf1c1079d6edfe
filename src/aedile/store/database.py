"""Where is PostgreSQL, and are its tables as this version of the software expects?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from aedile.errors import StoreError, define
from aedile.store.home import Home
from aedile.store.postgres import ROLE, EmbeddedPostgres

NOT_CONNECTED = define("AED-STORE-006", "PostgreSQL cannot be reached.", "AEDILE_DATABASE_URL to a server that is down")
NEWER = define("AED-STORE-007", "The database was made by a newer aedile.", "going back to an older version")

#: Each step is run once, in order, in a transaction of its own.
MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "published",
        """
        create table published (
          kind text not null check (kind <> ''),
          number bigint not null check (number > 0),
          digest text not null,
          bytes bytea not null,
          at timestamptz not null default now(),
          by text not null,
          note text not null default '',
          primary key (kind, number)
        );
        create index published_digest on published (kind, digest);
        alter table published alter column bytes set storage external;
        create function published_stays() returns trigger language plpgsql as $$
          begin raise exception 'what was published stays as it is'; end $$;
        create trigger published_stays before update or delete or truncate on published
          execute function published_stays();
        """,
    ),
)
_LOCK = 7_203_331_401


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL; `embedded` where it is our own."""

    dsn: str
    embedded: EmbeddedPostgres | None

    def open(self) -> None:
        """Make it ready: the embedded one runs, and the tables are of this version."""
        self.start()
        self.migrate()

    def start(self) -> None:
        """Let the embedded one run; its tables stay as they are, or are not there yet."""
        if self.embedded is not None:
            self.embedded.start()
            _make_database(self.dsn)

    def close(self) -> None:
        """Be done with it: the embedded one stops unless somebody else uses it."""
        if self.embedded is not None:
            self.embedded.stop()

    @contextmanager
    def connect(self, *, autocommit: bool = False) -> Iterator[psycopg.Connection]:
        """A connection; committed when the block ends, rolled back where it raises."""
        try:
            connection = psycopg.connect(self.dsn, autocommit=autocommit)
        except psycopg.OperationalError as error:
            raise not_connected(self.dsn, error) from None
        with connection:
            yield connection

    def migrate(self) -> None:
        """Bring the tables up to this version; nothing happens where they are. Refuses those of a newer one."""
        with self.connect() as connection:
            connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
            connection.execute(
                "create table if not exists aedile_migrations (number int primary key, name text not null, "
                "at timestamptz not null default now())"
            )
            row = connection.execute("select coalesce(max(number), 0) from aedile_migrations").fetchone()
            assert row is not None
            if row[0] > len(MIGRATIONS):
                raise StoreError(
                    NEWER,
                    f"the database is at step {row[0]}, this version knows {len(MIGRATIONS)}",
                    hint="a newer aedile has used it",
                    fix="install that version again",
                )
            for number, (name, text) in enumerate(MIGRATIONS[row[0] :], row[0] + 1):
                connection.execute(text)
                connection.execute("insert into aedile_migrations (number, name) values (%s, %s)", (number, name))


def database_at(home: Home, url: str | None) -> Database:
    """The database, not open yet: the one at the URL, or the embedded one."""
    if url is not None:
        return Database(_with_timeout(url), None)
    embedded = EmbeddedPostgres(home.postgres)
    return Database(embedded.dsn, embedded)


def database_as_made(home: Home, url: str | None) -> Database:
    """The same, but an embedded one runs the major version that made its data: to save them, and for nothing else."""
    if url is not None:
        return database_at(home, url)
    embedded = EmbeddedPostgres(home.postgres)
    embedded = EmbeddedPostgres(home.postgres, embedded.version_of_data() or embedded.major)
    return Database(embedded.dsn, embedded)


@contextmanager
def open_database(home: Home, url: str | None) -> Iterator[Database]:
    """The database, open for as long as the block runs."""
    database = database_at(home, url)
    try:
        database.open()
        yield database
    finally:
        database.close()


def _with_timeout(url: str) -> str:
    try:
        return make_conninfo(url, connect_timeout=conninfo_to_dict(url).get("connect_timeout") or 5)
    except psycopg.ProgrammingError as error:
        raise StoreError(
            NOT_CONNECTED,
            "the database URL is none of PostgreSQL's",
            hint=str(error).splitlines()[0][:120] if "password" not in url else None,
            fix="write postgresql://user@host:5432/name",
        ) from None


def _make_database(dsn: str) -> None:
    try:
        with psycopg.connect(make_conninfo(dsn, dbname="postgres"), autocommit=True) as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", (ROLE,)).fetchone()
            if found is None:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(ROLE)))
    except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        return  # somebody else was quicker
    except psycopg.OperationalError as error:
        raise not_connected(dsn, error) from None


def not_connected(dsn: str, error: psycopg.Error) -> StoreError:
    """The error for a server that does not answer; a password in its address is not shown."""
    told = conninfo_to_dict(dsn)
    place = f"{told.get('host', 'localhost')}:{told.get('port', 5432)}/{told.get('dbname', '')}"
    return StoreError(
        NOT_CONNECTED,
        f"PostgreSQL at {place} cannot be reached",
        hint=str(error).strip().splitlines()[0][:200] if str(error).strip() else None,
        fix="start it, or correct database_url; `aedile doctor` looks for what is wrong",
    )
