"""Which addresses are about people? Signing in, second factors and sessions are allauth's; Settings are ours."""

from __future__ import annotations

from allauth.urls import urlpatterns as allauth_pages
from django.urls import include, path

from aedile.console.accounts.own_writes import pages_of
from aedile.console.accounts.pages import account, history, people, permissions, server_keys, teams

#: Nobody signs up, addresses are an admin's to change, and no mail is sent: passwords are set by an admin's link.
CLOSED = frozenset(
    {
        "account_signup",
        "account_email",
        "account_email_verification_sent",
        "account_confirm_email",
        "account_set_password",
        "account_reset_password",
        "account_reset_password_done",
        "account_request_reauthentication_code",
        "account_confirm_reauthentication_code",
        "account_confirm_login_code",
        "socialaccount_signup",
        "socialaccount_connections",
    }
)
OPEN_TO_ALL = frozenset({"mfa_login_webauthn"})

settings_pages = [
    path("", account.account, name="settings"),
    path("account/", account.account, name="account"),
    path("account/keys/", account.make_key, name="account_key_make"),
    path("account/keys/<slug:key>/revoke/", account.revoke_key, name="account_key_revoke"),
    path("account/sessions/<int:session>/end/", account.end_session, name="account_session_end"),
    path("people/", people.people, name="people"),
    path("people/add/", people.add, name="person_add"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/edit/", people.edit, name="person_edit"),
    path("people/<int:pk>/deactivate/", people.deactivate, name="person_deactivate"),
    path("people/<int:pk>/activate/", people.activate, name="person_activate"),
    path("people/<int:pk>/link/", people.link, name="person_link"),
    path("people/<int:pk>/sessions/end/", people.end_sessions, name="person_sessions_end"),
    path("people/<int:pk>/grants/", people.grant, name="person_grant"),
    path("people/<int:pk>/grants/<int:grant>/withdraw/", people.withdraw, name="person_withdraw"),
    path("people/<int:pk>/keys/<slug:key>/revoke/", people.revoke_key, name="person_key_revoke"),
    path("teams/", teams.teams, name="teams"),
    path("teams/add/", teams.add, name="team_add"),
    path("teams/<slug:slug>/", teams.team, name="team"),
    path("teams/<slug:slug>/remove/", teams.remove, name="team_remove"),
    path("permissions/", permissions.permissions, name="permissions"),
    path("server-keys/", server_keys.server_keys, name="server_keys"),
    path("server-keys/<slug:key>/revoke/", server_keys.revoke, name="server_key_revoke"),
    path("history/", history.history, name="history"),
    path("history/<int:seq>/", history.entry, name="history_entry"),
]

urlpatterns = [
    path("account/", include(list(pages_of(allauth_pages, CLOSED, OPEN_TO_ALL)))),
    path("settings/", include(settings_pages)),
]
