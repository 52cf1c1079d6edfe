"""Who may have an account? Only people whom an admin has let in; nobody signs up."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from aedile.console.accounts.models import Person


class ClosedAdapter(DefaultAccountAdapter):
    """Passwords and second factors are allauth's; opening an account is an admin's."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  the adapter's signature
        return False


class KnownPeopleAdapter(DefaultSocialAccountAdapter):
    """Whoever an identity provider vouches for gets in where an admin has entered the same verified address."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:  # noqa: ARG002  likewise
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if sociallogin.is_existing:
            return
        verified = [address.email for address in sociallogin.email_addresses if address.verified]
        person = Person.objects.filter(email__in=[email.lower() for email in verified], is_active=True).first()
        if person is None:
            messages.error(request, _("Nobody here has that address. Ask an admin to add you."))
            raise ImmediateHttpResponse(redirect("account_login"))
        sociallogin.connect(request, person)
