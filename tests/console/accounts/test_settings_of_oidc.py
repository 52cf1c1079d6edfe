"""Are the settings of an identity provider taken only where they can work, and safely?"""

from __future__ import annotations

import pytest

from aedile.errors import SettingsError
from aedile.settings import load_settings

WHOLE = {
    "AEDILE_OIDC_ISSUER": "https://login.example.com/",
    "AEDILE_OIDC_CLIENT_ID": "console",
    "AEDILE_OIDC_CLIENT_SECRET": "s",
}


def test_a_provider_is_told_by_three_settings():
    oidc = load_settings(environ=WHOLE).oidc
    assert (oidc.issuer, oidc.client_id, oidc.client_secret) == ("https://login.example.com", "console", "s")
    assert load_settings(environ={}).oidc.issuer is None


@pytest.mark.parametrize("missing", WHOLE)
def test_a_part_of_them_is_refused(missing):
    with pytest.raises(SettingsError) as caught:
        load_settings(environ={name: value for name, value in WHOLE.items() if name != missing})
    assert caught.value.code.name == "AED-CONF-005"


@pytest.mark.parametrize(
    "issuer",
    [
        "http://login.example.com", "login.example.com", "https://", "ftp://localhost", "http://localhost@evil.example",
        "http://127.0.0.1.evil.example",
    ],
)  # fmt: skip
def test_secrets_go_nowhere_unencrypted(issuer):
    with pytest.raises(SettingsError) as caught:
        load_settings(environ={**WHOLE, "AEDILE_OIDC_ISSUER": issuer})
    assert caught.value.code.name == "AED-CONF-002"


@pytest.mark.parametrize("issuer", ["http://localhost:8080", "http://127.0.0.1:8080/realm", "http://[::1]:8080"])
def test_a_provider_on_this_machine_may_do_without(issuer):
    assert load_settings(environ={**WHOLE, "AEDILE_OIDC_ISSUER": issuer}).oidc.issuer == issuer
