"""Lists over the API: small changes at once, large ones by a job, and what others did meanwhile is never lost."""

from __future__ import annotations

import gzip

import pytest


@pytest.fixture
def made(mall, make_list):
    return make_list("recalled-gtin", {"a": None, "b": None, "c": 4_000_000_000_000_000})


def test_a_list_is_made_filled_searched_and_retired(mall, call):
    author = mall.author.person
    said = {"name": "watched", "team": "search-quality", "meaning": "What is watched."}
    assert call(author, "POST", "/lists", said).told["revision"] == 1
    change = {"how": "put", "seen": 1, "lines": ["x1", "x2\t2031-01-01T00:00:00Z", "y"], "note": "a start"}
    done = call(author, "POST", "/lists/watched/changes", change)
    assert (done.status_code, done.told["state"], done.told["revision"]) == (201, "done", 2)
    found = call(author, "GET", "/lists/watched/entries?q=x").told
    assert [one["text"] for one in found["entries"]] == ["x1", "x2"]
    assert (found["total"], found["entries"][1]["until"]) == (2, "2031-01-01T00:00:00Z")
    assert call(author, "GET", "/lists/watched/entries?q=x&match=exact").told["total"] == 0
    again = call(author, "PUT", "/lists/watched", {"team": "brand-protection", "meaning": "Others' now."}).told
    assert (again["team"], again["meaning"], again["effect"]) == ("brand-protection", "Others' now.", "unused")
    assert call(author, "POST", "/lists/watched/retire", {"why": "over"}).told["retired"]
    assert call(author, "POST", "/lists/watched/changes", change).status_code == 409
    assert [one["name"] for one in call(author, "GET", "/lists?state=retired").told["items"]] == ["watched"]
    assert call(author, "POST", "/lists/watched/bring-back", {}).told["retired"] is None


def test_pages_of_lists_entries_and_revisions_join_without_a_seam(mall, call, make_list, made):
    for number in range(4):
        make_list(f"list-{number}")
    names, after = [], ""
    while after is not None:
        page = call(mall.author.person, "GET", f"/lists?limit=2&after={after}").told
        names, after = names + [one["name"] for one in page["items"]], page["after"]
    assert names == ["list-0", "list-1", "list-2", "list-3", "recalled-gtin"]
    page = call(mall.author.person, "GET", "/lists/recalled-gtin/entries?offset=1&limit=1").told
    assert ([one["text"] for one in page["entries"]], page["total"]) == (["b"], 3)
    first = call(mall.author.person, "GET", "/lists/recalled-gtin/revisions?limit=1").told
    rest = call(mall.author.person, "GET", f"/lists/recalled-gtin/revisions?before={first['before']}").told
    assert [one["number"] for one in [*first["items"], *rest["items"]]] == [2, 1]
    assert rest["before"] is None


def test_differences_and_files_of_revisions_are_told_and_one_is_restored(mall, call, made):
    author = mall.author.person
    call(author, "POST", "/lists/recalled-gtin/changes", {"how": "remove", "seen": 2, "lines": ["a", "no-such"]})
    told = call(author, "GET", "/lists/recalled-gtin/revisions/3/differences?since=1").told
    assert [(one["text"], one["was"]) for one in told["items"]] == [("b", None), ("c", None)]
    assert told["counts"] == {"added": 2, "removed": 0, "changed": 0}
    file = call(author, "GET", "/lists/recalled-gtin/revisions/2/file")
    assert b"".join(file.streaming_content).splitlines()[0] == b"a"
    csv = call(author, "GET", "/lists/recalled-gtin/revisions/2/file?as=csv")
    assert csv["Content-Type"] == "text/csv; charset=utf-8"
    back = call(author, "POST", "/lists/recalled-gtin/changes", {"how": "restore", "seen": 3, "number": 2}).told
    assert back["revision"] == 4
    missing = call(author, "POST", "/lists/recalled-gtin/changes", {"how": "restore", "seen": 4})
    assert (missing.status_code, missing.told["errors"][0]["field"]) == (400, "number")


def test_who_replaces_a_list_that_others_changed_is_asked_first(mall, call, made):
    author = mall.author.person
    call(mall.colleague.person, "POST", "/lists/recalled-gtin/changes", {"how": "put", "seen": 2, "lines": ["theirs"]})
    asked = call(author, "POST", "/lists/recalled-gtin/changes", {"how": "replace", "seen": 2, "lines": ["mine"]}).told
    assert asked["state"] == "overtaken"
    at = f"/lists/recalled-gtin/changes/{asked['id']}"
    assert call(mall.colleague.person, "POST", f"{at}/go-on").status_code == 404
    assert call(author, "POST", f"{at}/go-on").told["revision"] == 4
    assert call(author, "POST", f"{at}/drop").status_code == 409


def test_a_file_is_sent_as_it_is_packed_or_not(mall, call, made):
    author = mall.author.person
    at = "/lists/recalled-gtin/uploads?how=replace&seen=2&source=new.csv.gz"
    done = call(author, "POST", at, gzip.compress(b"entry,expires\nz1,\nz2,\n"), type_="application/gzip").told
    assert (done["state"], done["lines"], done["source"]) == ("done", 2, "new.csv.gz")
    bad = call(author, "POST", "/lists/recalled-gtin/uploads?how=put&seen=3", b"q\nq\n", type_="text/plain").told
    assert (bad["state"], bad["bad"], bad["problems"][0]["line"]) == ("refused", 1, 2)
    dropped = call(author, "POST", f"/lists/recalled-gtin/changes/{bad['id']}/drop").told
    assert dropped["state"] == "dropped"
    for sent, type_ in ((b"x\n", "application/json"), (b"", "text/plain")):
        assert call(author, "POST", at, sent, type_=type_).status_code == 400


def test_a_large_file_becomes_a_job_that_is_found_and_ended(mall, call, made):
    author = mall.author.person
    lines = b"".join(b"entry-%06d\n" % number for number in range(60_000))
    at = "/lists/recalled-gtin/uploads?how=put&seen=2"
    told = call(author, "POST", at, lines, type_="text/plain").told
    assert told["state"] == "waiting"
    job = call(author, "GET", f"/jobs/{told['job']}").told
    assert (job["state"], job["kind"]) == ("waiting", "lists.change")
    assert [one["id"] for one in call(author, "GET", "/jobs").told["items"]] == [told["job"]]
    assert call(mall.colleague.person, "GET", f"/jobs/{told['job']}").status_code == 404
    assert call(mall.colleague.person, "POST", f"/jobs/{told['job']}/cancel").status_code == 404
    assert call(author, "POST", f"/jobs/{told['job']}/cancel").told["state"] == "cancelled"
    assert call(author, "POST", f"/jobs/{told['job']}/cancel").status_code == 409


def test_nobody_changes_a_list_who_may_not_and_nothing_is_kept_of_it(mall, call, made):
    from aedile.console.settings import HOME

    approver, kept = mall.approver.person, set(HOME.uploads.iterdir())
    change = {"how": "put", "seen": 2, "lines": ["x"]}
    assert call(approver, "POST", "/lists/recalled-gtin/changes", change).status_code == 403
    sent = call(approver, "POST", "/lists/recalled-gtin/uploads?how=put&seen=2", b"x\n", type_="text/plain")
    assert sent.status_code == 403
    assert call(approver, "GET", "/lists/recalled-gtin").status_code == 200
    assert set(HOME.uploads.iterdir()) == kept


def test_what_asks_a_list_is_told_and_keeps_it(mall, call, made):
    mall.live("recalled", condition='in_list(item.gtin, "recalled-gtin")', examples=[])
    told = call(mall.author.person, "GET", "/lists/recalled-gtin").told
    assert [(one["strategy"], one["stage"]) for one in told["asked_by"]] == [("recalled", "live")]
    assert told["effect"] == "in"
    assert call(mall.author.person, "POST", "/lists/recalled-gtin/retire", {"why": "x"}).status_code == 409
