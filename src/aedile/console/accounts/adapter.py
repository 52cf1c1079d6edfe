"""How do people get in? By what allauth offers, but only those whom an admin has let in; nobody signs up."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthProcess
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib import messages
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from aedile.console.accounts.models import Person
from aedile.console.accounts.own_writes import write_as


class ClosedAdapter(DefaultAccountAdapter):
    """Passwords and second factors are allauth's; opening an account is an admin's."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  the adapter's signature
        return False

    def set_password(self, user: Person, password: str) -> None:
        write_as(user)
        super().set_password(user, password)

    def post_login(self, request: HttpRequest, user: Person, **kwargs: Any) -> HttpResponse:
        """Whoever comes back finds the console in their language."""
        answer = super().post_login(request, user, **kwargs)
        if user.language:
            answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, user.language, samesite=settings.LANGUAGE_COOKIE_SAMESITE)
        return answer


class KnownPeopleAdapter(DefaultSocialAccountAdapter):
    """Whoever an identity provider vouches for gets in where an admin has entered the same verified address."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:  # noqa: ARG002  likewise
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if sociallogin.state.get("process") != AuthProcess.LOGIN or not _is_one_subject(sociallogin):
            raise _refused(request, _("The identity provider's answer cannot be used. Try once more."))
        if sociallogin.is_existing:
            return
        verified = [address.email.lower() for address in sociallogin.email_addresses if address.verified]
        person = Person.objects.alias(lower=Lower("email")).filter(lower__in=verified, is_active=True).first()
        if person is None:
            raise _refused(request, _("Nobody here has that verified address. Ask an admin to add you."))
        write_as(person)
        sociallogin.connect(request, person)


class SealedFactorsAdapter(DefaultMFAAdapter):
    """Secrets of second factors are kept encrypted: who gets hold of the database alone has none of them."""

    def encrypt(self, text: str) -> str:
        return _seal().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _seal().decrypt(encrypted_text.encode()).decode()


def _seal() -> Fernet:
    key = hashlib.sha256(b"aedile second factors\x1f" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def _is_one_subject(sociallogin: Any) -> bool:
    """Whether the answer about the person is about whom the signed token names, as OpenID Connect (5.3.2) demands."""
    told = sociallogin.account.extra_data
    token = told.get("id_token") or {}
    return bool(token.get("sub")) and told.get("userinfo", token).get("sub") == token["sub"]


def _refused(request: HttpRequest, why: str) -> ImmediateHttpResponse:
    messages.error(request, why)
    return ImmediateHttpResponse(redirect("account_login"))
