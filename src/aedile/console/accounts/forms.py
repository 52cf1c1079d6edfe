"""What do people fill in, in Settings?"""

from __future__ import annotations

from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from aedile.console.accounts.keys import MAX_DAYS, SCOPES
from aedile.console.accounts.markets import markets_in
from aedile.console.accounts.models import SLUG, Team
from aedile.console.accounts.permissions import ROLE_NAMES
from aedile.console.accounts.server_keys import MAX_DAYS as MAX_SERVER_DAYS
from aedile.errors import ConsoleError
from aedile.store.keys import SCOPES as SERVER_SCOPES


def _zones() -> list[tuple[str, str]]:
    return [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones()) if "/" in zone or zone == "UTC"]


def _languages() -> list[tuple[str, Any]]:
    return [("", _("as the browser")), *settings.LANGUAGES]


class MarketsField(forms.CharField):
    """Codes of markets, or `all`."""

    def clean(self, value: Any) -> tuple[str, ...]:
        text = super().clean(value)
        try:
            return markets_in(text)
        except ConsoleError as error:
            raise forms.ValidationError(error.message) from None


class AccountForm(forms.Form):
    """What people change of themselves."""

    name = forms.CharField(label=_("Name"), max_length=120)
    zone = forms.ChoiceField(label=_("Time zone"), choices=lazy(_zones, list)())
    language = forms.ChoiceField(label=_("Language"), choices=lazy(_languages, list)(), required=False)


class PersonForm(AccountForm):
    """What an admin changes of somebody."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("With it they sign in, by password or through the company account."),
    )
    field_order: ClassVar[tuple[str, ...]] = ("email", "name", "zone", "language")


class GrantForm(forms.Form):
    """A role: of which team, in which markets."""

    role = forms.ChoiceField(label=_("Role"), choices=[(role.value, name) for role, name in ROLE_NAMES.items()])
    markets = MarketsField(
        label=_("Markets"), max_length=400, initial="all", help_text=_("Codes such as ID, VN; or all.")
    )
    team = forms.ModelChoiceField(
        Team.objects.all(), label=_("Team"), required=False, empty_label=_("all teams"),
        help_text=_("Whose strategies they act upon."),
    )  # fmt: skip


class NewPersonForm(GrantForm, PersonForm):
    """Somebody new, with their first role."""

    field_order: ClassVar[tuple[str, ...]] = ("email", "name", "zone", "language", "role", "markets", "team")


class TeamForm(forms.Form):
    """A team. channel: an address that may hold a password, so it is never shown again."""

    name = forms.CharField(label=_("Name"), max_length=120)
    channel = forms.CharField(
        label=_("Where its notices go"), max_length=300, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("An address such as slack://… or mailto://…; it is kept and never shown."),
    )  # fmt: skip


class NewTeamForm(TeamForm):
    slug = forms.CharField(
        label=_("Short name"), max_length=60, validators=[SLUG],
        help_text=_("Lower-case letters, digits and hyphens; it stays."),
    )  # fmt: skip
    field_order: ClassVar = ("slug", "name", "channel")


class EditTeamForm(TeamForm):
    forget = forms.BooleanField(label=_("Forget where its notices go"), required=False)


class KeyForm(forms.Form):
    """An API key of one's own."""

    note = forms.CharField(label=_("What it is for"), max_length=200)
    scopes = forms.MultipleChoiceField(
        label=_("It may"), choices=[(SCOPES[0], _("read")), (SCOPES[1], _("write"))], initial=["read"],
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    days = forms.IntegerField(label=_("Days it works"), min_value=1, max_value=MAX_DAYS, initial=90)


class ServerKeyForm(forms.Form):
    """A key of the decision server."""

    note = forms.CharField(label=_("Whose it is, and for what"), max_length=200)
    scopes = forms.MultipleChoiceField(
        label=_("It is for"), choices=[(scope, scope) for scope in SERVER_SCOPES], initial=["decide"],
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    days = forms.IntegerField(label=_("Days it works"), min_value=1, max_value=MAX_SERVER_DAYS, initial=90)
    limit = forms.IntegerField(
        label=_("Calls a second"), min_value=1, max_value=1_000_000, required=False, help_text=_("Empty: no limit.")
    )


class WhyForm(forms.Form):
    """Why something is done."""

    why = forms.CharField(label=_("Why"), max_length=300, required=False)
