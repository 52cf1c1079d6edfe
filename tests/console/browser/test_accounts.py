"""Do passkeys and the pages of Settings work in a real browser, under the strict policy, at every width?"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.console.accounts.words import PASSWORD, entries, with_password
from tests.console.browser.seen import WAYS


def virtual_key(page):
    """A key inside the browser, that says yes to whatever is asked."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
                "isUserVerified": True, "automaticPresenceSimulation": True,
            }
        },
    )  # fmt: skip


def sign_in(page, person, path="/"):
    page.goto(f"/account/login/?next={path}")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def show_who_one_is(page):
    page.wait_for_url("**/account/reauthenticate/**")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/account/2fa/**")


def test_a_passkey_is_added_used_and_removed(browser_of, make_person):
    seen = browser_of(None)
    page, person = seen.page, with_password(make_person("viewer"))
    virtual_key(page)
    sign_in(page, person, "/account/2fa/webauthn/add/")
    show_who_one_is(page)
    page.get_by_label("Name").fill("My laptop")
    page.get_by_label("Passwordless").check()
    seen.screenshot("accounts-passkey-add")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_label("Unused codes")).to_have_value(re.compile(r"[0-9a-f]{8}"))
    page.goto("/account/2fa/webauthn/")
    expect(page.get_by_role("cell", name="My laptop")).to_be_visible()

    page.goto("/account/logout/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "/account/" not in url)
    page.goto("/settings/account/")
    expect(page.locator("main").get_by_text(person.email)).to_be_visible()

    page.goto("/account/2fa/webauthn/")
    page.get_by_role("link", name="Remove").click()
    if "reauthenticate" in page.url:
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
    page.get_by_role("button", name="Remove").click()
    page.wait_for_url("**/account/2fa/**")
    noted = [entry for entry in entries() if entry.subject == "mfa_authenticator"]
    assert {entry.actor for entry in noted} == {person.email}
    assert [entry.op for entry in noted].count("delete") == 2  # the key, and the recovery codes that went with it


def test_a_security_key_is_asked_for_beside_the_password(browser_of, make_person):
    seen = browser_of(None)
    page, person = seen.page, with_password(make_person("viewer"))
    virtual_key(page)
    sign_in(page, person, "/account/2fa/webauthn/add/")
    show_who_one_is(page)
    page.get_by_label("Name").fill("Stick")
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url("**/recovery-codes/**")
    page.goto("/account/logout/")
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, person)
    page.wait_for_url("**/account/2fa/authenticate/**")
    seen.is_accessible()
    seen.screenshot("accounts-second-factor")
    page.get_by_role("button", name="Use a security key").click()
    page.wait_for_url(lambda url: "/account/" not in url)


@pytest.mark.parametrize(("theme", "width", "language"), WAYS)
def test_whoever_adds_a_factor_is_asked_who_they_are_on_pages_that_fit(browser_of, make_person, theme, width, language):
    seen = browser_of(with_password(make_person("admin")), width=width, theme=theme, language=language)
    page = seen.page
    page.goto("/account/2fa/totp/activate/")
    page.wait_for_url("**/account/reauthenticate/**")
    for name in ("reauthenticate", "totp"):
        expect(page.locator("#content")).to_be_visible()
        seen.is_settled()
        seen.is_accessible()
        seen.has_no_side_scroll()
        seen.screenshot(f"accounts-{name}-{theme}-{width}")
        if name == "reauthenticate":
            page.locator("input[name=password]").fill(PASSWORD)
            page.locator("input[name=password]").press("Enter")
            page.wait_for_url("**/account/2fa/totp/activate/**")


def test_all_roles_are_seen_at_once_on_a_wide_screen(browser_of, make_person):
    page = browser_of(make_person("admin"), width=1440).page
    page.goto("/settings/permissions/")
    hidden = "(box => box.scrollWidth - box.clientWidth)(document.querySelector('.table-scroll'))"
    assert page.evaluate(hidden) <= 0


def test_a_person_is_deactivated_after_a_question(browser_of, make_person):
    from aedile.console.accounts.models import Person

    admin, other = make_person("admin"), make_person("viewer")
    page = browser_of(admin).page
    page.goto(f"/settings/people/{other.pk}/")
    page.get_by_role("button", name="Deactivate…").click()
    page.get_by_label("Why").fill("left")
    page.get_by_role("button", name="Deactivate", exact=True).click()
    expect(page.get_by_text("gets in no more")).to_be_visible()
    assert not Person.objects.get(pk=other.pk).is_active
