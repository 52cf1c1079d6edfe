"""How does somebody get their first password, or a new one? By a link that works once, for a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse

if TYPE_CHECKING:
    from aedile.console.accounts.models import Person


class OneTimeTokens(PasswordResetTokenGenerator):
    """Tokens that end when the password changes, the person signs in or is deactivated, or a newer link is made."""

    key_salt = "aedile.console.accounts.links"

    def _make_hash_value(self, user: Person, timestamp: int) -> str:
        marks = (user.pk, user.password, user.email, user.is_active, user.last_login, user.link_made, timestamp)
        return "|".join(map(str, marks))


def link_of(person: Person) -> str:
    """The whole address at which a person sets a password."""
    parts = {"uidb36": user_pk_to_url_str(person), "key": OneTimeTokens().make_token(person)}
    return f"{settings.URL.rstrip('/')}{reverse('account_reset_password_from_key', kwargs=parts)}"
