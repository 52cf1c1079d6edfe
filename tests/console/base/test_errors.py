"""Is every error a page in the one shape, and for a part of a page the words alone?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., Any]


@pytest.fixture
def request_for(console: Any) -> Make:
    def make(path: str = "/x", **headers: str) -> Any:
        from django.test import RequestFactory

        return RequestFactory().get(path, headers=headers)

    return make


def test_an_unknown_address_is_a_page_with_a_way_on(browse: Make, make_person: Make) -> None:
    answer = browse(make_person("viewer")).get("/nowhere/<b>")
    page = answer.content.decode()
    assert answer.status_code == 404
    assert "AED-CON-002" in page
    assert "Go to Today" in page
    assert "<b>" not in page


def test_for_htmx_an_error_is_a_fragment(browse: Make, make_person: Make) -> None:
    answer = browse(make_person()).get("/today/server", headers={"HX-Request": "true"})
    assert answer.status_code == 403
    assert answer.content.startswith(b'<div class="trouble" data-error-fragment role="alert">')
    assert b"<html" not in answer.content


def test_a_database_that_is_away_is_told_without_asking_it(request_for: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError
    from django.db.backends.base.base import BaseDatabaseWrapper

    from aedile.console.base.errors import told

    def no_cursor(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("the error page asked the database")

    monkeypatch.setattr(BaseDatabaseWrapper, "cursor", no_cursor)
    answer = told(request_for("/strategies/?q=a"), OperationalError("gone"))
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert b'href="/strategies/?q=a"' in answer.content
    assert b"AED-CON-005" in answer.content


@pytest.mark.parametrize(("is_gone", "status"), [(True, 503), (False, 400)])
def test_a_session_that_cannot_be_kept_for_want_of_a_database_is_no_bad_request(
    request_for: Make, monkeypatch: pytest.MonkeyPatch, is_gone: bool, status: int
) -> None:
    """Django says of both that the session was deleted."""
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.exceptions import SessionInterrupted
    from django.contrib.sessions.middleware import SessionMiddleware
    from django.db import DatabaseError, OperationalError
    from django.http import HttpResponse

    from aedile.console.base.errors import bad_request

    def save_base(*_: Any, **__: Any) -> None:
        raise OperationalError("server closed the connection") if is_gone else DatabaseError("no such row")

    def page(request: Any) -> HttpResponse:
        request.session["x"] = 2
        monkeypatch.setattr(SessionStore.get_model_class(), "save", save_base)
        return HttpResponse()

    kept = SessionStore()
    kept["x"] = 1
    kept.save()
    request = request_for()
    request.COOKIES["aedile_session"] = kept.session_key
    with pytest.raises(SessionInterrupted) as caught:
        SessionMiddleware(page)(request)
    assert bad_request(request, caught.value).status_code == status


def test_a_defect_shows_its_kind_and_none_of_its_secrets(request_for: Make) -> None:
    from aedile.console.base.errors import told

    answer = told(request_for(), ValueError("password=hunter2"))
    assert answer.status_code == 500
    assert b"ValueError" in answer.content
    assert b"hunter2" not in answer.content


def test_several_errors_are_told_together_with_the_worst_status(request_for: Make) -> None:
    from aedile.console.base.codes import BAD_INPUT, NOT_ALLOWED
    from aedile.console.base.errors import told
    from aedile.errors import ConsoleError, Errors

    both = Errors([ConsoleError(BAD_INPUT, "first"), ConsoleError(NOT_ALLOWED, "second")])
    answer = told(request_for(), both)
    assert answer.status_code == 403
    assert b"first" in answer.content
    assert b"second" in answer.content


def test_a_form_from_elsewhere_is_refused_with_words(make_person: Make, browse: Make) -> None:
    from django.test import Client

    client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    answer = client.post("/language", {"language": "id"})
    assert answer.status_code == 403
    assert b"AED-CON-006" in answer.content


def test_a_body_that_is_too_large_is_refused_with_words(browse: Make, make_person: Make) -> None:
    answer = browse(make_person("viewer")).post("/language", {"language": "i" * (5 << 20)})
    assert answer.status_code == 400
    assert b"more was sent than the console takes at once" in answer.content


def test_an_error_speaks_the_language_of_the_viewer(browse: Make, make_person: Make) -> None:
    client = browse(make_person("viewer"))
    client.cookies["aedile_language"] = "ar"
    page = client.get("/nowhere").content.decode()
    assert 'dir="rtl"' in page
    assert "tabler.rtl.css" in page
    assert "لا شيء هنا" in page


def test_a_zero_character_is_bad_input_and_no_defect(browse: Make, make_person: Make) -> None:
    client = browse(make_person("viewer"))
    assert client.get("/find?q=%00a").status_code == 200
    answer = client.get("/strategies/?q=%00a")
    assert answer.status_code in (200, 400)
    assert b"AED-CON-004" not in answer.content


def test_a_language_is_not_a_way_to_another_site(browse: Make, make_person: Make) -> None:
    answer = browse(make_person("viewer")).post("/language", {"language": "id", "next": "https://example.org/"})
    assert answer["Location"] == "/"
