"""How does every test find the tables as they are after migration, at little cost?

A copy of the whole database is hundreds of files made and removed. Most tests only write rows: the tables in which they
did get back those they had, mostly none. Where anything else changed, or much was written, the database is copied anew.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

#: A table with more than so many bytes costs less to copy with all others than to empty.
_MUCH = 1 << 20
_PATIENCE = 30.0
#: All that was defined since PostgreSQL was set up, down to the last change of each; rows and pages are no part of it.
_DEFINED = """
  select md5(string_agg(told, ',' order by told)) from (
    select concat_ws(' ', 'class', oid, relname, relkind, relowner, relacl, reloptions, relrowsecurity) told
      from pg_class where oid >= 16384
    union all select concat_ws(' ', 'attribute', attrelid, attnum, xmin) from pg_attribute where attrelid >= 16384
    union all select concat_ws(' ', 'default', oid, xmin) from pg_attrdef where oid >= 16384
    union all select concat_ws(' ', 'constraint', oid, xmin) from pg_constraint where oid >= 16384
    union all select concat_ws(' ', 'function', oid, xmin) from pg_proc where oid >= 16384
    union all select concat_ws(' ', 'index', indexrelid, xmin) from pg_index where indexrelid >= 16384
    union all select concat_ws(' ', 'rule', oid, xmin) from pg_rewrite where oid >= 16384
    union all select concat_ws(' ', 'trigger', oid, xmin) from pg_trigger where oid >= 16384
    union all select concat_ws(' ', 'type', oid, xmin) from pg_type where oid >= 16384
    union all select concat_ws(' ', 'schema', nspname) from pg_namespace where nspname !~ '^pg_'
    union all select concat_ws(' ', 'setting', setrole, setconfig) from pg_db_role_setting
      where setdatabase = (select oid from pg_database where datname = current_database())
  ) everything
"""
_TABLES = "select oid::regclass::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
_SEQUENCES = "select oid::regclass::text from pg_class where relkind = 'S' and relnamespace = 'public'::regnamespace"


@dataclass(frozen=True)
class Template:
    """The database as it is after migration. defined: a fingerprint of what is defined in it; filled: the tables that
    have rows, and their rows; empty: its other tables; sequences: the value of each, and whether it was given out."""

    dsn: str
    defined: str
    filled: dict[str, bytes]
    empty: tuple[str, ...]
    sequences: dict[str, tuple[int, bool]]

    @classmethod
    def of(cls, dsn: str) -> Template:
        """Keep a copy of this database, to which nobody is connected."""
        with psycopg.connect(dsn, autocommit=True) as connection:
            defined, sequences = _one(connection, _DEFINED), _sequences(connection)
            names = [name for (name,) in connection.execute(_TABLES).fetchall()]
            with_rows = _with_rows(connection, names)
            filled = {name: _rows(connection, name) for name in with_rows}
        template = cls(dsn, defined, filled, tuple(set(names) - set(with_rows)), sequences)
        template._copy(template._name, template._kept)
        return template

    def restore(self) -> None:
        """Disconnect everybody; every table is as it was."""
        with psycopg.connect(make_conninfo(self.dsn, dbname="postgres"), autocommit=True) as connection:
            _disconnect(connection, self._name)
        if not self._written_back():
            self._copy(self._kept, self._name)

    @property
    def _name(self) -> str:
        return str(conninfo_to_dict(self.dsn)["dbname"])

    @property
    def _kept(self) -> str:
        return f"{self._name}_as_migrated"

    def _written_back(self) -> bool:
        """Give every table the rows it had; false where that does not bring back all that was, or takes long."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            if _one(connection, _DEFINED) != self.defined:
                return False
            written = _with_rows(connection, self.empty)
            written += [name for name, rows in self.filled.items() if _rows(connection, name) != rows]
            if any(_one(connection, "select pg_table_size(%s::regclass)", name) > _MUCH for name in written):
                return False
            # Triggers would keep a history of it, or refuse it.
            connection.execute("set session_replication_role = replica")
            for name in written:
                connection.execute(f"delete from {name}")
            if written:  # the next rows stand in the order in which they are written, as in a new table
                connection.execute(f"vacuum {', '.join(written)}")
            for name in self.filled.keys() & written:
                with connection.cursor().copy(f"copy {name} from stdin") as rows:
                    rows.write(self.filled[name])
            for name, (value, given) in self.sequences.items():
                connection.execute("select setval(%s::regclass, %s, %s)", (name, value, given))
        return True

    def _copy(self, source: str, target: str) -> None:
        with psycopg.connect(make_conninfo(self.dsn, dbname="postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(target)))
            connection.execute(
                sql.SQL("create database {} template {} strategy file_copy").format(
                    sql.Identifier(target), sql.Identifier(source)
                )
            )


def _disconnect(connection: Connection, name: str) -> None:
    """End what others do in a database, and wait until they are gone."""
    until = time.monotonic() + _PATIENCE
    theirs = "from pg_stat_activity where datname = %s and backend_type = 'client backend'"
    while connection.execute(f"select pg_terminate_backend(pid) {theirs}", (name,)).fetchall():
        assert time.monotonic() < until, f"somebody stays connected to {name}"
        time.sleep(0.002)


def _one(connection: Connection, query: str, *values: str) -> Any:
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return row[0]


def _with_rows(connection: Connection, names: Collection[str]) -> list[str]:
    asked = " union all ".join(f"select '{name}' where exists (select from {name})" for name in names)
    return [name for (name,) in connection.execute(asked).fetchall()]


def _rows(connection: Connection, name: str) -> bytes:
    with connection.cursor().copy(f"copy {name} to stdout") as rows:
        return b"".join(map(bytes, rows))


def _sequences(connection: Connection) -> dict[str, tuple[int, bool]]:
    names = [name for (name,) in connection.execute(_SEQUENCES).fetchall()]
    asked = " union all ".join(f"select '{name}', last_value, is_called from {name}" for name in names)
    return {name: (value, given) for name, value, given in connection.execute(asked).fetchall()}
