"""What is kept of people, of teams, and of what each person may do where?"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aedile.console.accounts.permissions import ROLE_NAMES, Role

SLUG = RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*\Z", _("Lower-case letters, digits and single hyphens."))


class PersonManager(BaseUserManager["Person"]):
    """Makes people."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Person:
        person: Person = self.model(email=self.normalize_email(email), **fields)
        person.set_password(password)
        person.save()
        return person

    def get_by_natural_key(self, email: str | None) -> Person:
        return self.get(email__iexact=email)


class Team(models.Model):
    """Who owns strategies, lists and grants together."""

    slug = models.CharField(_("short name"), max_length=60, primary_key=True, validators=[SLUG])
    name = models.CharField(_("name"), max_length=120)
    channel = models.CharField(_("where notices go"), max_length=300, blank=True)  # an apprise address, kept secret

    class Meta:
        ordering: ClassVar = ["slug"]

    def __str__(self) -> str:
        return self.name


class Person(AbstractBaseUser):
    """Somebody who signs in. zone: IANA, in which times are shown.

    password_set: None where there is no password. link_made: when the newest link to set one was made; older links
    are void.
    """

    email = models.EmailField(_("e-mail"), max_length=254)
    name = models.CharField(_("name"), max_length=120)
    zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    language = models.CharField(_("language"), max_length=10, blank=True)
    is_active = models.BooleanField(_("may sign in"), default=True)
    joined = models.DateTimeField(auto_now_add=True)
    password_set = models.DateTimeField(null=True)
    link_made = models.DateTimeField(null=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["name"]
    objects: ClassVar = PersonManager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(Lower("email"), name="person_email")]
        ordering: ClassVar = ["name", "id"]

    def __str__(self) -> str:
        return self.name or self.email

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self.password_set = None if raw_password is None else timezone.now()

    def set_unusable_password(self) -> None:
        super().set_unusable_password()
        self.password_set = None

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] or self.email


class Grant(models.Model):
    """A role of a person. team: whose owner the person acts as, none for all teams; markets: codes, or `all`."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=[(role.value, name) for role, name in ROLE_NAMES.items()])
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="grants")
    markets = ArrayField(models.CharField(max_length=5), default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "role", "team"], name="grant_once", nulls_distinct=False),
            models.CheckConstraint(condition=models.Q(markets__len__gt=0), name="grant_somewhere"),
            models.CheckConstraint(condition=models.Q(role__in=list(Role)), name="grant_role"),
        ]

    def __str__(self) -> str:
        return f"{self.role} ({', '.join(self.markets)})"


class ApiKey(models.Model):
    """A key by which a program acts as a person. hash: SHA-256 (hex) of its secret, which is shown once."""

    id = models.CharField(max_length=32, primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="api_keys")
    hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=20))  # read, write
    note = models.CharField(max_length=200, blank=True)
    made = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    last_used = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-made"]

    def __str__(self) -> str:
        return self.id


class ServerKeyChange(models.Model):
    """A change of the decision server's keys by somebody in the console. number: of the ring it published."""

    number = models.PositiveIntegerField(primary_key=True)
    key = models.CharField(max_length=32)
    deed = models.CharField(max_length=10)  # made, revoked
    scopes = ArrayField(models.CharField(max_length=20), default=list)
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(default=timezone.now)
    author = models.ForeignKey(Person, models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(deed__in=["made", "revoked"]), name="serverkeychange_deed")
        ]
        ordering: ClassVar = ["-number"]

    def __str__(self) -> str:
        return f"{self.key} {self.deed}"
