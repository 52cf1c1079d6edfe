"""Does every page have its frame: menu, bar, assets, language, theme?"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("console")
Browse = Callable[..., Any]


def test_a_stranger_is_sent_to_sign_in(browse: Browse) -> None:
    answer = browse().get("/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/?next=")


def test_every_file_that_a_page_loads_is_there(browse: Browse, make_person: Browse) -> None:
    client = browse(make_person("viewer"))
    page = client.get("/").content.decode()
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(files) >= 5
    for file in files:
        answer = client.get(file)
        assert answer.status_code == 200, file
        assert "max-age=31536000" in answer["Cache-Control"]
        answer.close()
        assert re.search(r"\?v=[0-9a-f]{12}$", file)


def test_the_menu_marks_where_one_is(browse: Browse, make_person: Browse) -> None:
    page = browse(make_person("viewer")).get("/").content.decode()
    assert re.search(r'href="/" aria-current="page"', page)
    assert page.count('aria-current="page"') == 1


def test_a_person_without_a_role_is_shown_today_alone(browse: Browse, make_person: Browse) -> None:
    page = browse(make_person()).get("/").content.decode()
    assert re.findall(r'data-key="(g \w)"', page)[0] == "g t"
    assert "g s" not in re.findall(r'data-key="(g \w)"', page)


def test_the_theme_is_remembered_and_drawn_by_the_server(browse: Browse, make_person: Browse) -> None:
    client = browse(make_person("viewer"))
    assert "data-bs-theme" not in client.get("/").content.decode().split(">", 2)[1]
    client.cookies["aedile_theme"] = "dark"
    assert 'data-bs-theme="dark"' in client.get("/").content.decode()
    client.cookies["aedile_theme"] = '"><script>'
    assert "data-bs-theme" not in client.get("/").content.decode().split(">", 2)[1]


def test_no_page_lets_a_script_or_a_style_stand_in_it(browse: Browse, make_person: Browse) -> None:
    answer = browse(make_person("viewer")).get("/")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*(src|nonce)=)", page)
    assert not re.search(r"\s(style|on\w+)=", page)
