"""Every write is noted, whoever made it and however, and nothing noted can be changed unseen."""

from __future__ import annotations

import threading

import psycopg
import pytest

from aedile.errors import ConsoleError


def chain(database):
    from aedile.console.base.history import verify

    with psycopg.connect(database.dsn) as connection:
        return verify(connection)


def entries():
    from aedile.console.base.models import Entry

    return list(Entry.objects.order_by("seq"))


def test_a_write_is_noted_with_who_what_and_why(console, make_person, actor_for):
    from aedile.console.accounts.models import Team
    from aedile.console.base.acting import acting

    admin = make_person("admin")
    with acting(actor_for(admin), "person.manage", why="a new team"):
        Team.objects.create(slug="search-quality", name="Search quality", channel="slack://secret")
    last = entries()[-1]
    assert (last.actor, last.via, last.action, last.why) == (admin.email, "console", "person.manage", "a new team")
    assert (last.subject, last.pk_of_row, last.op) == ("accounts_team", "search-quality", "insert")
    assert last.after == {"slug": "search-quality", "name": "Search quality"}
    assert chain(console).entries == len(entries())


def test_raw_sql_is_noted_too(console, make_person):
    person = make_person()
    with psycopg.connect(console.dsn) as connection:
        connection.execute("update accounts_person set name = 'Mallory' where id = %s", (person.pk,))
    last = entries()[-1]
    assert last.actor == "database:aedile"
    assert last.changed == [("name", person.name, "Mallory")]


def test_no_secret_is_noted(console, make_person):
    from aedile.console.base.acting import noted

    person = make_person()
    before = len(entries())
    with noted("aedile", "cli", "test"):
        person.set_password("correct horse battery staple")
        person.save()
    (noted_now,) = entries()[before:]
    assert [name for name, _, _ in noted_now.changed] == ["password_set"]
    assert all("password" not in entry.after for entry in entries())


def test_a_write_that_is_rolled_back_leaves_no_trace(console, make_person, actor_for):
    from aedile.console.accounts.models import Team
    from aedile.console.base.acting import acting

    def fail() -> None:
        with acting(actor_for(admin), "person.manage"):
            Team.objects.create(slug="gone", name="Gone")
            raise RuntimeError

    admin = make_person("admin")
    before = len(entries())
    with pytest.raises(RuntimeError):
        fail()
    assert len(entries()) == before


def test_nobody_changes_an_entry(console, make_person):
    make_person()
    for statement in ("update history set actor = 'me'", "delete from history", "truncate history"):
        with psycopg.connect(console.dsn) as connection, pytest.raises(psycopg.errors.RaiseException, match="never"):
            connection.execute(statement)


@pytest.mark.parametrize(
    "damage",
    [
        "update history set why = 'something else' where seq = 2",
        "delete from history where seq = 2",
        "delete from history where seq = (select max(seq) from history)",
    ],
)
def test_whoever_gets_past_the_triggers_is_found_out(console, make_person, damage):
    make_person("viewer")
    make_person("viewer")
    assert chain(console).entries == 4
    with psycopg.connect(console.dsn) as connection:
        connection.execute("alter table history disable trigger all")
        connection.execute(damage)
    with pytest.raises(ConsoleError, match="the history is broken"):
        chain(console)


def test_a_chain_computed_anew_from_an_earlier_entry_lacks_the_head_that_was_noted(console, make_person):
    from aedile.console.base.history import verify

    make_person("viewer")
    head = chain(console).head
    with psycopg.connect(console.dsn) as connection:
        assert verify(connection, expect=head).head == head
        with pytest.raises(ConsoleError, match="was replaced"):
            verify(connection, expect="f" * 64)


def test_writers_at_the_same_time_make_one_chain_and_none_waits_in_a_circle(console, make_person):
    people = [make_person() for _ in range(2)]
    failed: list[Exception] = []

    def write(number: int) -> None:
        try:
            for turn in range(20):
                with psycopg.connect(console.dsn) as connection:
                    for person in people if number % 2 else people[::-1][:1]:
                        connection.execute(
                            "update accounts_person set name = %s where id = %s", (f"{number}-{turn}", person.pk)
                        )
        except psycopg.Error as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert chain(console).entries == len(entries())
    assert len(entries()) == 2 + 2 * 40 + 2 * 20
