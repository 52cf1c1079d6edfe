"""Which settings hold, and is each mistake told with its place?"""

from __future__ import annotations

import pytest

from aedile.errors import AedileError
from aedile.settings import SETTINGS, load_settings


def load(file=None, **variables):
    return load_settings(file, environ=variables)


def refusal(call):
    with pytest.raises(AedileError) as caught:
        call()
    return caught.value


def test_the_later_wins_file_then_variable_then_option(tmp_path):
    file = tmp_path / "aedile.toml"
    file.write_text("[server]\nport = 1\nworkers = 2\n[log]\nshare = 0.5\n")
    settings = load_settings(file, environ={"AEDILE_SERVER_WORKERS": "3", "PATH": "/bin"}, server_port=4)
    assert (settings.server.port, settings.server.workers, settings.log.share) == (4, 3, 0.5)
    assert settings.origins["server.port"] == "--server_port"
    assert settings.origins["server.workers"] == "AEDILE_SERVER_WORKERS"
    assert settings.origins["log.share"] == str(file)
    assert settings.origins["log.keep_days"] == "default"


def test_a_process_that_is_given_the_settings_has_the_same(tmp_path):
    settings = load(AEDILE_HOME=str(tmp_path), AEDILE_SERVER_OPEN="yes", AEDILE_LOG_FULL_SHARE="0.25")
    again = load(**settings.to_environment())
    assert all(again.value(one.name) == settings.value(one.name) for one in SETTINGS)


def test_the_page_is_open_on_loopback_alone():
    assert load(AEDILE_SERVER_HOST="127.0.0.1").server.page
    assert load(AEDILE_SERVER_HOST="::1").server.page
    assert not load(AEDILE_SERVER_HOST="0.0.0.0").server.page
    assert load(AEDILE_SERVER_HOST="0.0.0.0", AEDILE_SERVER_PAGE="true").server.page


def test_nobody_is_let_in_without_a_key_from_elsewhere():
    error = refusal(lambda: load(AEDILE_SERVER_HOST="0.0.0.0", AEDILE_SERVER_OPEN="true"))
    assert error.code.name == "AED-CONF-004"
    assert load(AEDILE_SERVER_OPEN="true").server.open


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AEDILE_SERVER_PORT", "http"),
        ("AEDILE_SERVER_PORT", "0"),
        ("AEDILE_SERVER_PORT", "65536"),
        ("AEDILE_SERVER_PORT", "８３２１x"),
        ("AEDILE_LOG_SHARE", "1.5"),
        ("AEDILE_LOG_SHARE", "nan"),
        ("AEDILE_LOG_SHARE", ""),
        ("AEDILE_SERVER_OPEN", "perhaps"),
        ("AEDILE_HOME", ""),
    ],
)
def test_a_value_that_cannot_be_is_told_with_where_it_came_from(name, value):
    error = refusal(lambda: load(**{name: value}))
    assert error.code.name == "AED-CONF-002"
    assert error.place.file == name


def test_a_misspelt_setting_is_no_default(tmp_path):
    error = refusal(lambda: load(AEDILE_SERVER_PROT="1"))
    assert error.code.name == "AED-CONF-001"
    assert "AEDILE_SERVER_PORT" in error.hint
    file = tmp_path / "aedile.toml"
    file.write_text("[server]\nprot = 1\n")
    assert "server.port" in refusal(lambda: load(file)).hint


@pytest.mark.parametrize("text", ["port: 1", "[server\n", b"\xff\xfe", "server = 3\n"])
def test_a_file_that_is_no_toml_or_no_settings_is_refused(tmp_path, text):
    file = tmp_path / "aedile.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert refusal(lambda: load(file)).code.name in ("AED-CONF-003", "AED-CONF-001")


def test_a_secret_that_is_wrong_is_not_shown(tmp_path):
    file = tmp_path / "aedile.toml"
    file.write_text("database_url = 12345678\n")
    assert "12345678" not in str(refusal(lambda: load(file)))
