"""Long work is done once, whatever happens in the middle."""

from __future__ import annotations

import signal

import pytest

from aedile.errors import ConsoleError

from .conftest import until


def fresh(job):
    from aedile.console.base.models import Job

    return Job.objects.get(pk=job.pk)


def is_(job, state):
    return lambda: fresh(job).state == state


def counted(job):
    from aedile.console.accounts.models import Team

    return [team.name for team in Team.objects.filter(slug=f"counted-{job.pk}")]


def endings(job):
    from aedile.console.base.models import Entry

    changes = Entry.objects.filter(subject="base_job", pk_of_row=str(job.pk), op="update")
    return [entry.after["state"] for entry in changes if entry.before["state"] != entry.after["state"]][::-1]


def test_a_job_is_done_and_says_so(workers, ask):
    job = ask(to=3, seconds=0.01)
    workers.start()
    until(is_(job, "done"))
    job = fresh(job)
    assert (job.result, job.attempt, job.lost) == ("/counted", 1, 0)
    assert counted(job) == ["Attempt 1"]
    assert endings(job) == ["running", "done"]


def test_what_is_rolled_back_is_not_done(console, make_person, actor_for, ask):
    from procrastinate.contrib.django.models import ProcrastinateJob

    from aedile.console.base.acting import noted
    from aedile.console.base.jobs import start
    from aedile.console.base.models import Job

    def ask_and_fail() -> None:
        with noted(actor.person.email, "console", "test.ask"):
            start(actor, "test.count", "Count", to=1, seconds=0)
            raise RuntimeError("changed my mind")

    actor = actor_for(make_person("strategist"))
    with pytest.raises(RuntimeError, match="changed my mind"):
        ask_and_fail()
    assert not Job.objects.exists()
    assert not ProcrastinateJob.objects.exists()


def test_a_job_is_asked_for_within_an_action_alone(console, make_person, actor_for, ask):
    from aedile.console.base.jobs import start

    with pytest.raises(RuntimeError, match="transaction of an action"):
        start(actor_for(make_person("strategist")), "test.count", "Count", to=1, seconds=0)


def test_a_job_whose_worker_is_killed_is_begun_once_more_and_finished_once(workers, ask):
    job = ask(to=40, seconds=0.05)
    first = workers.start()
    until(lambda: fresh(job).done > 3)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert fresh(job).state == "running"
    workers.start()
    until(is_(job, "done"), 60)
    job = fresh(job)
    assert (job.lost, job.state) == (1, "done")
    assert len(counted(job)) == 1
    assert endings(job) == ["running", "waiting", "running", "done"]


def test_a_job_that_is_interrupted_twice_is_given_up(workers, ask):
    job = ask(to=200, seconds=0.05)
    for lost in (0, 1):
        worker = workers.start()
        until(lambda lost=lost: (fresh(job).lost, fresh(job).state) == (lost, "running") and fresh(job).done > 3, 40)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    workers.start()
    until(is_(job, "failed"), 40)
    job = fresh(job)
    assert job.problems[0]["code"] == "AED-CON-125"
    assert counted(job) == []


def test_a_worker_that_was_taken_for_dead_writes_nothing_more(console, ask, actor_for, make_person):
    from aedile.console.base.acting import noted
    from aedile.console.base.jobs import begin
    from aedile.console.base.running import Superseded

    job = ask(to=1, seconds=0)
    old = begin(str(job.pk), lambda: False)
    new = begin(str(job.pk), lambda: False)
    with pytest.raises(Superseded):
        old.progress(1, 1)
    with pytest.raises(Superseded), noted("aedile", "job", "test"):
        old.finish("/old")
    with noted("aedile", "job", "test"):
        new.finish("/new")
    with pytest.raises(Superseded), noted("aedile", "job", "test"):
        new.finish("/twice")
    assert fresh(job).result == "/new"


def test_a_worker_that_is_told_to_stop_leaves_its_job_to_the_next(workers, ask):
    job = ask(to=40, seconds=0.05)
    first = workers.start()
    until(lambda: fresh(job).done > 3)
    first.terminate()
    assert first.wait(15) == 0
    assert fresh(job).state == "waiting"
    workers.start()
    until(is_(job, "done"), 40)
    assert fresh(job).lost == 0


def test_a_running_job_is_cancelled(workers, ask, make_person, actor_for):
    from aedile.console.base.jobs import cancel

    person = make_person("strategist")
    job = ask(person=person, to=400, seconds=0.05)
    workers.start()
    until(lambda: fresh(job).done > 3)
    cancel(actor_for(person), job.pk)
    until(is_(job, "cancelled"), 10)
    assert counted(job) == []


def test_a_waiting_job_is_cancelled_at_once(ask, make_person, actor_for):
    from procrastinate.contrib.django.models import ProcrastinateJob

    from aedile.console.base.jobs import begin, cancel

    person = make_person("strategist")
    job = ask(person=person, to=1, seconds=0)
    cancel(actor_for(person), job.pk)
    assert fresh(job).state == "cancelled"
    assert ProcrastinateJob.objects.get(pk=job.task).status == "cancelled"
    assert begin(str(job.pk), lambda: False) is None
    with pytest.raises(ConsoleError) as caught:
        cancel(actor_for(person), job.pk)
    assert caught.value.code.name == "AED-CON-124"


def test_nobody_sees_or_cancels_a_job_of_somebody_else(ask, make_person, actor_for, browse):
    from aedile.console.base.jobs import cancel

    owner, other = make_person("strategist"), make_person("admin")
    job = ask(person=owner, to=1, seconds=0)
    for path in (f"/jobs/{job.pk}/", f"/jobs/{job.pk}/state"):
        assert browse(owner).get(path).status_code == 200
        assert browse(other).get(path).status_code == 404
    assert browse(other).post(f"/jobs/{job.pk}/cancel").status_code == 404
    with pytest.raises(ConsoleError):
        cancel(actor_for(other), job.pk)
    assert fresh(job).state == "waiting"
    assert b"Count" not in browse(other).get("/jobs/").content
    assert browse(owner).post(f"/jobs/{job.pk}/cancel").status_code == 302
    assert fresh(job).state == "cancelled"


def test_what_a_job_refuses_is_shown_and_a_defect_is_told_without_its_details(workers, ask, make_person, browse):
    person = make_person("strategist")
    refused, failed = ask("test.refuse", person), ask("test.defect", person)
    workers.start()
    until(is_(refused, "failed"))
    until(is_(failed, "failed"))
    page = browse(person).get(f"/jobs/{refused.pk}/").content.decode()
    assert "there is nothing to count" in page
    assert "add something" in page
    page = browse(person).get(f"/jobs/{failed.pk}/").content.decode()
    assert "AED-CON-004" in page
    assert "secret detail" not in page


def test_the_page_of_a_job_asks_again_until_it_is_over(ask, make_person, browse):
    from aedile.console.base.acting import noted
    from aedile.console.base.jobs import begin

    person = make_person("strategist")
    job = ask(person=person, to=1, seconds=0)
    assert 'hx-trigger="every 1s"' in browse(person).get(f"/jobs/{job.pk}/").content.decode()
    running = begin(str(job.pk), lambda: False)
    running.progress(30, 120, "reading")
    page = browse(person).get(f"/jobs/{job.pk}/state").content.decode()
    assert 'value="25" max="100"' in page
    with noted("aedile", "job", "test"):
        running.finish("/lists/")
    page = browse(person).get(f"/jobs/{job.pk}/state").content.decode()
    assert "hx-trigger" not in page
    assert 'href="/lists/"' in page


def test_the_history_is_verified_as_a_job_by_those_who_may_read_it(workers, make_person, browse):
    from aedile.console.base.models import Job

    assert browse(make_person("viewer")).post("/jobs/verify-history").status_code == 403
    auditor = make_person("auditor")
    answer = browse(auditor).post("/jobs/verify-history")
    assert answer.status_code == 302
    workers.start()
    until(lambda: Job.objects.get().state == "done")
    assert Job.objects.get().done > 0
