"""What do people fill in about lists?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from aedile.console.accounts.models import SLUG, Team
from aedile.console.lists.models import Change

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class DescribeForm(forms.Form):
    """Whose a list is, and what it means."""

    team = forms.ModelChoiceField(Team.objects.all(), label=_("Owner"))
    meaning = forms.CharField(
        label=_("Meaning"), max_length=500, help_text=_("What stands in it, and why; a sentence."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip


class ListForm(DescribeForm):
    """A new list."""

    field_order = ("name", "team", "meaning")
    name = forms.CharField(
        label=_("Name"), max_length=100, validators=[SLUG],
        help_text=_("As conditions ask it: in_list(item.gtin, \"recalled-gtin\")."),
    )  # fmt: skip


class SendForm(forms.Form):
    """A change of a list's entries: a text that was typed, or a file."""

    how = forms.ChoiceField(choices=Change.How.choices, label=_("What to do"))
    seen = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    text = forms.CharField(label=_("Entries, one a line"), required=False, strip=False, widget=forms.Textarea)
    file = forms.FileField(label=_("or a file"), required=False, max_length=200)
    until = forms.DateTimeField(label=_("Expires"), required=False)
    number = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    note = forms.CharField(label=_("Note"), required=False, max_length=300)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        how, has_text, has_file = cleaned.get("how"), bool(cleaned.get("text", "").strip()), bool(cleaned.get("file"))
        if how in (Change.How.PUT, Change.How.REMOVE, Change.How.TIME, Change.How.REPLACE):
            if has_text and has_file:
                self.add_error("text", _("Type entries or send a file, not both."))
            if not has_text and not has_file and not self.errors:
                self.add_error("text", _("Type entries, or choose a file that is not empty."))
        if how == Change.How.RESTORE and cleaned.get("number") is None:
            self.add_error("number", _("Which revision?"))
        return cleaned

    def micros(self) -> int | None:
        """The expiry as the language has it."""
        until = self.cleaned_data["until"]
        return (until - _EPOCH) // _MICROSECOND if until is not None else None

    def typed(self) -> bytes:
        """The text as lines; blank lines at its end are none."""
        text: str = self.cleaned_data["text"]
        return text.rstrip("\r\n").replace("\r\n", "\n").encode() + b"\n"
