"""What is sent is read whole: bad lines are told and nothing changes, unless somebody says to leave them out."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from aedile.errors import ConsoleError
from tests.console.lists.conftest import held


@pytest.fixture
def send(keeper):
    """Sends a text for a list: `send(b"a\\n", how="put")`."""

    def sent(data, how="put", *, actor=None, seen=1, **asked):
        from aedile.console.lists.changes import Asked, begin

        return begin(actor or keeper, "recalled", Asked(how, seen, **asked), lambda path: path.write_bytes(data))

    return sent


@pytest.fixture
def do_jobs(console):
    """Does the jobs that wait, as a worker does once the queue gave it one."""

    def do():
        from aedile.console.base.jobs import run
        from aedile.console.base.models import Job

        for pk in Job.objects.filter(ended=None).values_list("pk", flat=True):
            run(SimpleNamespace(should_abort=lambda: False), job=str(pk))

    return do


def wait_for(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.2)


def files():
    from django.conf import settings

    return list(settings.HOME.uploads.iterdir())


def test_what_is_sent_is_brought_in_and_forgotten(console, make_list, send):
    make_list()
    change = send(gzip.compress(b"b\na\t2026-11-25T00:00:00Z\n"), source="recall.txt.gz")
    assert (change.state, change.lines, change.bad, change.revision.number) == ("done", 2, 0, 2)
    assert held("recalled") == ["a\t2026-11-25T00:00:00Z", "b"]
    assert files() == []


def test_bad_lines_change_nothing_until_they_are_left_out(console, keeper, make_list, send):
    from aedile.console.lists.changes import go_on

    make_list()
    change = send(b"a\n\na \nb\n")
    assert (change.state, change.bad, held("recalled")) == ("refused", 2, [])
    assert [(one["line"], one["flaw"]) for one in change.problems] == [(2, "empty"), (3, "space")]
    again = go_on(keeper, change.pk)
    assert (again.state, again.bad, held("recalled")) == ("done", 2, ["a", "b"])
    assert files() == []
    with pytest.raises(ConsoleError, match="is done"):
        go_on(keeper, change.pk)


def test_what_has_bad_lines_can_be_dropped(console, keeper, make_list, send):
    from aedile.console.lists.changes import drop

    make_list()
    assert drop(keeper, send(b"\n").pk).state == "dropped"
    assert files() == []


def test_nobody_goes_on_with_what_somebody_else_sent(console, make_person, actor_for, make_list, send):
    from aedile.console.lists.changes import drop, go_on

    make_list()
    change = send(b"\n")
    other = actor_for(make_person("commander"))
    for act in (go_on, drop):
        with pytest.raises(ConsoleError) as caught:
            act(other, change.pk)
        assert caught.value.code.name == "AED-CON-080"


def test_entries_go_and_those_that_were_not_there_are_counted(console, make_list, send):
    make_list(entries={"a": None, "b": None})
    change = send(b"b\nz\n", "remove", seen=2)
    assert (change.revision.removed, change.missing, held("recalled")) == (1, 1, ["a"])


def test_expiries_are_set_for_what_is_sent_and_for_what_is_added_without_one(console, make_list, send):
    make_list(entries={"a": None, "b": 5})
    send(b"a\nz\n", "time", seen=2, until=7)
    send(b"b\n", "time", seen=3)
    send(b"c\nd\t2026-11-25T00:00:00Z\n", seen=4, until=8)
    assert held("recalled") == [
        "a\t1970-01-01T00:00:00.000007Z", "b", "c\t1970-01-01T00:00:00.000008Z", "d\t2026-11-25T00:00:00Z",
    ]  # fmt: skip


def test_a_list_is_replaced_where_nobody_changed_it_meanwhile_or_when_that_was_seen(console, keeper, make_list, send):
    from aedile.console.lists.changes import go_on

    make_list(entries={"a": None})
    change = send(b"x\n", "replace", seen=1)
    assert (change.state, held("recalled")) == ("overtaken", ["a"])
    assert go_on(keeper, change.pk).state == "done"
    assert held("recalled") == ["x"]


def test_what_is_expired_or_restored_comes_without_a_text(console, keeper, make_list):
    from aedile.console.lists.changes import Asked, begin

    make_list(entries={"a": None, "b": 5})
    assert begin(keeper, "recalled", Asked("expired", 2)).revision.removed == 1
    assert begin(keeper, "recalled", Asked("restore", 3, number=2)).revision.number == 4
    assert len(held("recalled")) == 2


def test_what_cannot_be_done_leaves_no_file_and_is_dropped(console, make_list, send, monkeypatch):
    from aedile.console.lists import making
    from aedile.console.lists.models import Change

    make_list()
    with pytest.raises(ConsoleError, match="spreadsheet"):
        send(b"PK\x03\x04\x00")
    assert Change.objects.count() == 0
    monkeypatch.setattr(making, "MAX_ENTRIES", 1)
    with pytest.raises(ConsoleError, match="at most 1"):
        send(b"a\nb\n")
    assert Change.objects.get().state == "dropped"
    assert files() == []


def test_much_is_done_by_a_job(console, make_list, send, do_jobs):
    make_list()
    change = send(b"".join(b"%06d\n" % number for number in range(60_000)), "replace")
    assert (change.state, change.job.state) == ("waiting", "waiting")
    do_jobs()
    change.refresh_from_db()
    assert (change.state, change.revision.entries, change.job.state) == ("done", 60_000, "done")
    assert change.job.result == f"/lists/recalled/changes/{change.pk}/"
    assert files() == []


def test_a_job_that_finds_bad_lines_waits_for_an_answer(console, keeper, make_list, send, do_jobs):
    from aedile.console.lists.changes import go_on

    make_list()
    change = send(b"\n" * 60_000 + b"a\n", "replace")
    do_jobs()
    change.refresh_from_db()
    assert (change.state, change.bad, change.job.state) == ("refused", 60_000, "done")
    go_on(keeper, change.pk)
    do_jobs()
    assert held("recalled") == ["a"]


def test_a_job_that_is_cancelled_changes_nothing_and_can_be_dropped(console, keeper, make_list, send, do_jobs):
    from aedile.console.base.jobs import cancel
    from aedile.console.lists.changes import drop

    make_list()
    change = send(b"".join(b"%06d\n" % number for number in range(60_000)))
    cancel(keeper, change.job.pk)
    change.refresh_from_db()
    assert (change.job.state, held("recalled")) == ("cancelled", [])
    assert drop(keeper, change.pk).state == "dropped"
    assert files() == []


def test_a_job_begun_again_after_it_was_done_changes_nothing_more(console, keeper, make_list, send, do_jobs):
    from aedile.console.lists.changes import work
    from aedile.console.lists.models import Change, Revision

    make_list()
    change = send(b"".join(b"%06d\n" % number for number in range(60_000)))
    do_jobs()
    work(keeper, Change.objects.get(pk=change.pk))
    assert Revision.objects.count() == 2


def test_what_nobody_went_on_with_is_forgotten(console, keeper, make_list, send):
    from datetime import timedelta

    from django.conf import settings
    from django.utils import timezone

    from aedile.console.base.acting import noted
    from aedile.console.lists.models import Change

    make_list()
    left = settings.HOME.uploads / "left.upload"
    left.write_bytes(b"a")
    os.utime(left, (0, 0))
    old = send(b"\n")
    with noted("aedile", "cli", "test"):
        Change.objects.filter(pk=old.pk).update(made=timezone.now() - timedelta(days=8))
    send(b"a\n")
    old.refresh_from_db()
    assert (old.state, files()) == ("dropped", [])


def test_a_job_that_is_cancelled_while_it_runs_changes_nothing(console, keeper, make_list, send, do_jobs, monkeypatch):
    from django.utils import timezone

    from aedile.console.base.acting import noted
    from aedile.console.base.models import Job
    from aedile.console.lists import making

    def cancelled(entries, *rest):
        with noted("aedile", "cli", "test"):
            Job.objects.update(cancel_asked=timezone.now())
        return digest_of(entries, *rest)

    make_list()
    digest_of = making.digest_of
    monkeypatch.setattr(making, "digest_of", cancelled)
    monkeypatch.setattr("aedile.console.base.running.TOLD", 0.0)
    change = send(b"".join(b"%06d\n" % number for number in range(60_000)), "replace")
    do_jobs()
    change.refresh_from_db()
    assert (change.state, change.job.state, held("recalled")) == ("waiting", "cancelled", [])


def test_the_worker_does_the_job(console, make_list, send):
    from aedile.console.lists.models import Change

    make_list()
    change = send(b"".join(b"%06d\n" % number for number in range(60_000)), "replace")
    worker = subprocess.Popen([sys.executable, "-m", "aedile.console.worker"])
    try:
        wait_for(lambda: Change.objects.get(pk=change.pk).state == "done")
    finally:
        worker.terminate()
        worker.wait(30)
    assert len(held("recalled")) == 60_000
