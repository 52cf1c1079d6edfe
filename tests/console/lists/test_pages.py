"""The pages of lists: what they show, what may be sent to them, and by whom."""

from __future__ import annotations

import gzip

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.console.lists.conftest import held


@pytest.fixture
def client(keeper, browse):
    return browse(keeper.person)


def page(answer, status=200):
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


def send(client, **fields):
    return client.post("/lists/recalled/changes/", {"how": "put", "seen": 1, **fields}, follow=True)


def test_without_a_list_the_page_says_what_lists_are_for(client):
    assert "in_list" in page(client.get("/lists/"))


def test_a_list_is_made_and_a_bad_name_is_told_at_its_field(client):
    fields = {"name": "Recalled", "team": "brand-protection", "meaning": "What was recalled."}
    assert "Lower-case letters" in page(client.post("/lists/new", fields), 422)
    answer = client.post("/lists/new", fields | {"name": "recalled"})
    assert answer["Location"] == "/lists/recalled/"
    assert "The list is empty" in page(client.get("/lists/recalled/"))
    assert "there is a list recalled already" in page(client.post("/lists/new", fields | {"name": "recalled"}), 422)


def test_the_table_of_lists_says_what_each_holds_and_who_asks_it(client, make_list, mall):
    make_list("recalled", {"a": None, "b": 5})
    make_list("other")
    mall.live("recalled-hold", condition='in_list(item.gtin, "recalled")', examples=[])
    text = page(client.get("/lists/"))
    assert "recalled-hold" in text
    assert text.index(">other<") < text.index(">recalled<")
    rows = b"".join(client.get("/lists/?format=csv&sort=-entries").streaming_content).decode().splitlines()
    assert rows[1].startswith("recalled,2,1,2,recalled-hold,Brand-Protection,")
    assert ">recalled<" not in page(client.get("/lists/?q=oth"))


def test_entries_are_leafed_through_and_found(client, make_list):
    make_list("recalled", {f"{n:04}": None for n in range(250)} | {"x<b>": 5})
    text = page(client.get("/lists/recalled/"))
    assert "1 to 50" in text
    assert 'href="?offset=50"' in text
    assert "201 to 250" in page(client.get("/lists/recalled/?offset=200"))
    found = page(client.get("/lists/recalled/?q=01", headers={"HX-Target": "entries", "HX-Request": "true"}))
    assert "100 entries found" in found
    assert "<html" not in found
    assert "1 entry found" in page(client.get("/lists/recalled/?q=0100&match=exact"))
    assert "No such entry" in page(client.get("/lists/recalled/?q=010&match=exact"))
    expired = page(client.get("/lists/recalled/?q=x"))
    assert '<s class="text-secondary"><bdi>x&lt;b&gt;</bdi></s>' in expired


@pytest.mark.parametrize("query", ["offset=-1", "offset=x", "offset=9999999999", "q=" + "x" * 1025, "q=%00"])
def test_a_bad_address_is_told(client, make_list, query):
    make_list()
    assert client.get(f"/lists/recalled/?{query}").status_code == 400


@pytest.mark.parametrize(
    "path",
    ["none/", "recalled/revisions/9/", "recalled/revisions/1/?since=9", "recalled/revisions/9/file", "none/revisions/",
     "recalled/changes/00000000-0000-4000-8000-000000000000/"],
)  # fmt: skip
def test_what_is_not_there_is_told(client, make_list, path):
    make_list()
    assert client.get(f"/lists/{path}").status_code == 404


def test_entries_are_typed_or_sent_as_a_file(client, make_list):
    make_list()
    assert "1 added" in page(send(client, text="b\r\n\r\n", note="typed"))
    file = SimpleUploadedFile("more.csv.gz", gzip.compress(b"entry,expires\na,2026-11-25T00:00:00Z\n"))
    assert "1 added" in page(send(client, seen=2, file=file))
    assert held("recalled") == ["a\t2026-11-25T00:00:00Z", "b"]
    text = page(send(client, seen=1, text="c"))
    assert "Meanwhile Person" in text


def test_an_expiry_is_in_the_zone_of_who_types_it(client, keeper, make_list):
    from aedile.console.base.acting import noted

    make_list()
    with noted("aedile", "cli", "test"):
        keeper.person.zone = "Asia/Jakarta"
        keeper.person.save()
    send(client, text="a", until="2026-11-25T07:00")
    assert held("recalled") == ["a\t2026-11-25T00:00:00Z"]


def test_chosen_entries_go_or_get_an_expiry(client, make_list):
    make_list("recalled", {"a": None, "b": None, "c": None})
    send(client, seen=2, how="time", entry=["a", "b"], until="2026-11-25T00:00")
    send(client, seen=3, how="remove", entry=["b"])
    assert held("recalled") == ["a\t2026-11-25T00:00:00Z", "c"]
    text = page(client.get("/lists/recalled/"))
    assert "Some entries have expired" in text
    send(client, seen=4, how="expired")
    assert held("recalled") == ["c"]


def test_bad_lines_are_shown_with_their_numbers_and_left_out_on_request(client, make_list):
    make_list()
    text = page(send(client, text="a\n\n a\n<i>\n<i>"))
    assert "3 of 5 lines are no entries; nothing has changed" in text
    assert "white space at an end" in text
    assert "stands above already" in text
    assert "&lt;i&gt;" in text
    assert held("recalled") == []
    address = text.split('action="')[1:]
    go_on = next(one.split('"')[0] for one in address if "go-on" in one.split('"')[0])
    assert "2 added" in page(client.post(go_on, follow=True))
    assert held("recalled") == ["<i>", "a"]


def test_whoever_replaces_what_others_changed_is_asked(client, make_list):
    make_list("recalled", {"a": None})
    text = page(send(client, seen=1, how="replace", text="z"))
    assert "Somebody changed the list after you had looked at it" in text
    drop = next(one.split('"')[0] for one in text.split('action="')[1:] if one.split('"')[0].endswith("drop"))
    page(client.post(drop, follow=True))
    assert held("recalled") == ["a"]


@pytest.mark.parametrize(
    "fields",
    [
        {"text": ""}, {"how": "burn", "text": "a"}, {"seen": 0, "text": "a"}, {"seen": "", "text": "a"},
        {"how": "restore"}, {"text": "a", "note": "x" * 301}, {"text": "a", "until": "tomorrow"}, {"text": "a\0"},
    ],
)  # fmt: skip
def test_what_a_form_does_not_allow_is_told(client, make_list, fields):
    make_list()
    assert send(client, **fields).status_code == 400
    assert held("recalled") == []


def test_a_file_larger_than_allowed_is_not_received(client, make_list, monkeypatch):
    from django.conf import settings

    from aedile.console.lists import receive

    make_list()
    monkeypatch.setattr(receive, "MAX_SENT", 100_000)
    answer = send(client, file=SimpleUploadedFile("a.txt", b"a\n" * 100_000))
    assert "has more than" in page(answer, 413)
    assert list(settings.HOME.uploads.iterdir()) == []


def test_no_other_file_is_received_from_those_who_may_not_send_one(browse, make_person, make_list, monkeypatch):
    from django.core.files import uploadedfile

    make_list()
    written = []
    monkeypatch.setattr(uploadedfile.TemporaryUploadedFile, "write", lambda self, data: written.append(data))
    file = SimpleUploadedFile("a.txt", b"a\n" * 100_000)
    for person in (None, make_person("viewer")):
        answer = browse(person).post("/lists/recalled/changes/", {"how": "put", "seen": 1, "file": file})
        assert answer.status_code in (302, 403)
    assert written == []


def test_a_revision_shows_what_changed_and_can_be_restored(client, make_list):
    make_list("recalled", {f"{n:04}": None for n in range(250)})
    send(client, seen=2, text="new\n")
    text = page(client.get("/lists/recalled/revisions/3/"))
    assert "+1 · −0" in text
    assert "<bdi>new</bdi>" in text
    first = page(client.get("/lists/recalled/revisions/2/"))
    assert "<bdi>0099</bdi>" in first
    assert "after=0099" in first
    assert "<bdi>0249</bdi>" in page(client.get("/lists/recalled/revisions/2/?since=1&after=0199"))
    assert "+0 · −250" in page(client.get("/lists/recalled/revisions/1/?since=2"))
    assert "No difference" in page(client.get("/lists/recalled/revisions/3/?since=3"))
    send(client, how="restore", seen=3, number=2)
    assert "back to revision 2" in page(client.get("/lists/recalled/revisions/"))
    assert len(held("recalled")) == 250


def test_a_list_leaves_as_a_file_that_the_engine_reads_and_as_csv_without_formulas(client, make_list, tmp_path):
    from aedile.language.lists import read_list

    revision = make_list("recalled", {"=1+1": None, "b": 5})
    answer = client.get("/lists/recalled/revisions/2/file")
    assert answer["Content-Disposition"] == 'attachment; filename="recalled.txt"'
    path = tmp_path / "recalled.txt"
    path.write_bytes(b"".join(answer.streaming_content))
    assert read_list(path).digest == revision.digest
    rows = b"".join(client.get("/lists/recalled/revisions/2/csv").streaming_content).decode().splitlines()
    assert rows == ["\ufeffentry,expires", "'=1+1,", "b,1970-01-01T00:00:00.000005Z"]


def test_a_list_is_described_retired_and_brought_back(client, make_list):
    make_list()
    page(client.post("/lists/recalled/describe", {"team": "brand-protection", "meaning": "Other."}, follow=True))
    assert client.post("/lists/recalled/retire").status_code == 400
    assert "is retired" in page(client.post("/lists/recalled/retire", {"why": "not needed"}, follow=True))
    assert send(client, text="a").status_code == 409
    assert ">recalled<" not in page(client.get("/lists/"))
    assert ">recalled<" in page(client.get("/lists/?state=retired"))
    page(client.post("/lists/recalled/bring-back", follow=True))
    assert "1 added" in page(send(client, text="a"))


def test_a_viewer_sees_lists_and_changes_none_and_a_stranger_sees_nothing(browse, make_person, make_list):
    make_list("recalled", {"a": None})
    viewer = browse(make_person("viewer"))
    text = page(viewer.get("/lists/recalled/"))
    assert "Change entries" not in text
    assert 'type="checkbox"' not in text
    for path in ("", "recalled/", "recalled/revisions/", "recalled/revisions/2/", "recalled/revisions/2/csv"):
        assert viewer.get(f"/lists/{path}").status_code == 200
        assert browse().get(f"/lists/{path}").status_code == 302
        assert browse(make_person()).get(f"/lists/{path}").status_code == 403
    for path in ("new", "recalled/describe"):
        assert viewer.get(f"/lists/{path}").status_code == 403
    assert send(viewer, text="b").status_code == 403
    assert viewer.post("/lists/recalled/retire", {"why": "x"}).status_code == 403
    assert viewer.post("/lists/recalled/bring-back").status_code == 403
    assert held("recalled") == ["a"]


def test_a_form_from_elsewhere_is_refused(keeper, make_list):
    from django.test import Client

    make_list()
    client = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")
    client.force_login(keeper.person, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert send(client, text="a").status_code == 403
    assert held("recalled") == []
