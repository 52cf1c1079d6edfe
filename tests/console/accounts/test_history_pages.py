"""Is every write found on the pages of the history, at once, however many there are? A million where `SOAK` is set."""

from __future__ import annotations

import re
import time

import psycopg
import pytest

from tests.console.accounts.words import entries
from tests.scale import tenth_of

MANY = tenth_of(1_000_000)
_FILL = """
insert into history (seq, at_us, actor, via, action, why, subject, pk, op, before, after, previous, hash)
select n, 1700000000000000 + n * 60000000,
  'person' || (n %% 40) || '@example.com', 'console',
  (array['strategy.write', 'strategy.submit', 'strategy.approve', 'list.write'])[1 + n %% 4], '',
  (array['strategies_version', 'strategies_version', 'strategies_approval', 'lists_namedlist'])[1 + n %% 4],
  (n %% 5000)::text, 'update',
  jsonb_build_object('stage', 'draft', 'title', 'Title ' || n),
  jsonb_build_object('stage', 'live', 'title', 'Title ' || n), repeat('0', 64), repeat('0', 64)
from generate_series(%s::bigint, %s::bigint) n
"""


_READ = "select seq_tup_read + idx_tup_fetch from pg_stat_user_tables where relname = 'history'"


def read_so_far(console):
    """How many rows of the history were read."""
    from django.db import connection

    with connection.cursor() as cursor:  # what it counted it tells others by and by, unless it is asked to
        cursor.execute("select pg_stat_force_next_flush()")
    with psycopg.connect(console.dsn) as other:
        return other.execute(_READ).fetchone()[0]


def numbers(page):
    return [int(seq) for seq in re.findall(r'href="/settings/history/(\d+)/">\d+</a></td>', page.content.decode())]


def test_a_write_is_found_by_person_action_kind_and_day(make_person, actor_for, browse):
    from aedile.console.accounts import actions

    admin, target = make_person("admin"), make_person("viewer")
    actions.deactivate(actor_for(admin), target, "gone <b>away</b>")
    last = entries()[-1]
    client = browse(make_person("auditor", zone="Asia/Jakarta"))
    assert last.seq in numbers(client.get("/settings/history/", {"actor": admin.email}))
    assert numbers(client.get("/settings/history/", {"actor": target.email})) == []
    assert last.seq in numbers(
        client.get("/settings/history/", {"action": "person.manage", "table": "accounts_person"})
    )
    assert last.seq not in numbers(client.get("/settings/history/", {"table": "accounts_grant"}))
    day = f"{last.at:%Y-%m-%d}"
    assert last.seq in numbers(client.get("/settings/history/", {"since": "2026-01-01"}))
    assert last.seq not in numbers(client.get("/settings/history/", {"until": "2025-12-31"})) or day <= "2025-12-31"
    assert numbers(client.get("/settings/history/", {"since": "2999-01-01"})) == []
    for wrong in ({"since": "yesterday"}, {"until": "9999-12-31"}, {"before": "x"}, {"since": "2026-02-31"}):
        answer = client.get("/settings/history/", wrong)
        assert (answer.status_code, "AED-CON-028" in answer.content.decode()) == (400, True), wrong
    assert client.get("/settings/history/", {"actor": "\x00", "key": "'; drop table history"}).status_code == 200
    page = client.get(f"/settings/history/{last.seq}/").content.decode()
    assert "gone &lt;b&gt;away&lt;/b&gt;" in page
    assert re.search(r"is_active</th>\s*<td[^>]*>True</td>\s*<td[^>]*>False", page)
    assert last.hash in page
    assert client.get("/settings/history/999999/").status_code == 404
    assert client.get("/settings/history/99999999999999999999999/").status_code == 404


def test_very_many_writes_are_turned_page_by_page_in_no_time(make_person, browse, console):
    person = make_person("auditor")
    with psycopg.connect(console.dsn) as connection:
        first = connection.execute("select seq from history_head").fetchone()[0] + 1
        connection.execute(_FILL, (first, first + MANY - 1))
        connection.execute("update history_head set seq = %s", (first + MANY - 1,))
        connection.commit()
        connection.autocommit = True
        connection.execute("vacuum analyze history")
    client = browse(person)
    client.get("/settings/history/")  # the first page of a process reads its templates
    took, read = {}, {}
    middle = first + MANY // 2
    for asked in (
        {},
        {"before": str(middle)},
        {"actor": "person7@example.com"},
        {"actor": "person7@example.com", "action": "strategy.approve", "before": str(middle)},
        {"actor": person.email},
        {"actor": person.email, "table": "lists_namedlist"},
        {"action": "person.manage"},
        {"table": "accounts_person"},
        {"table": "strategies_version", "key": "77"},
        {"table": "lists_namedlist", "before": str(middle)},
        {"since": "2024-06-01", "until": "2024-06-02"},
        {"actor": "person7@example.com", "action": "strategy.write", "since": "2024-06-01", "until": "2024-06-02"},
        {"actor": "nobody@example.com"},
        {"action": "list.write", "table": "strategies_version"},  # many of each, none of both
        {"actor": "person7@example.com", "table": "strategies_version", "action": "strategy.submit"},
    ):
        times, before = [], read_so_far(console)
        for _ in range(3):
            start = time.perf_counter()
            assert client.get("/settings/history/", asked).status_code == 200
            times.append(time.perf_counter() - start)
        took[str(asked)] = min(times)
        read[str(asked)] = (read_so_far(console) - before) // 3
    slow = {asked: f"{seconds * 1000:.0f} ms" for asked, seconds in took.items() if seconds > 0.3}
    print({asked: (f"{seconds * 1000:.0f} ms", read[asked]) for asked, seconds in took.items()})
    assert not slow
    much = {asked: rows for asked, rows in read.items() if rows > MANY // 20}
    assert not much  # whoever reads them all is found where there are fewer, too
    seen, where = [], {"actor": "person7@example.com"}
    for _ in range(3):
        seen += numbers(client.get("/settings/history/", {**where, "before": str(seen[-1]) if seen else ""}))
    assert len(seen) == len(set(seen)) == 150
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize("role", ["viewer", "analyst", "strategist", "approver", "responder"])
def test_the_history_is_not_for_everybody(make_person, browse, role):
    client = browse(make_person(role))
    assert client.get("/settings/history/").status_code == 403
    assert client.get("/settings/history/1/").status_code == 403
