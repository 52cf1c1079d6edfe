"""How is the console set up? Django's settings, made from aedile's own, which come from file and environment."""

from __future__ import annotations

from typing import Any

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from aedile.console.secret import secret_in
from aedile.settings import Oidc, is_loopback, load_settings
from aedile.store.database import database_at
from aedile.store.home import Home

AEDILE = load_settings()
HOME = Home(AEDILE.home).prepare()
URL = AEDILE.console.address
IS_HTTPS = URL.startswith("https://")

DEBUG = False
SECRET_KEY = secret_in(HOME.secrets)
ROOT_URLCONF = "aedile.console.urls"
WSGI_APPLICATION = "aedile.console.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.Person"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # addresses are unique without regard to case, by a constraint on the expression

_HOST = URL.split("://", 1)[1].split("/", 1)[0].rsplit(":", 1)[0]
ALLOWED_HOSTS = [_HOST, *(["localhost", "127.0.0.1", "[::1]"] if is_loopback(AEDILE.console.host) else [])]
CSRF_TRUSTED_ORIGINS = [URL] if IS_HTTPS else []

INSTALLED_APPS = [
    "aedile.console.base",
    "aedile.console.accounts",
    "aedile.console.strategies",
    "aedile.console.lists",
    "aedile.console.decisions",
    "aedile.console.proving",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "csp",
    "django_htmx",
    "procrastinate.contrib.django",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "aedile.console.base.middleware.viewers_zone",
    "aedile.console.base.middleware.viewers_language",
    "aedile.console.base.middleware.errors_as_pages",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "aedile.console.base.context.console",
            ],
            "builtins": [
                f"aedile.console.base.templatetags.{name}" for name in ("console", "states", "numbers", "parts")
            ],
        },
    }
]


def identity_providers(oidc: Oidc) -> dict[str, Any]:
    """The provider of the settings as allauth wants it told; none where none is set."""
    if oidc.issuer is None:
        return {}
    app = {
        "provider_id": "oidc",
        "name": oidc.name,
        "client_id": oidc.client_id,
        "secret": oidc.client_secret,
        "settings": {"server_url": oidc.issuer, "oauth_pkce_enabled": True},
    }
    return {"openid_connect": {"APPS": [app]}}


def _database() -> dict[str, Any]:
    """The same PostgreSQL that everything else of the installation uses."""
    told = conninfo_to_dict(database_at(HOME, AEDILE.database_url).dsn)
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{names[key]: str(value) for key, value in told.items() if key in names},
        "OPTIONS": {key: value for key, value in told.items() if key not in names},
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": _database()}
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "today"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "aedile.console.accounts.adapter.ClosedAdapter"
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "aedile.console.accounts.links.OneTimeTokens"  # noqa: S105  a class
PASSWORD_RESET_TIMEOUT = 24 * 3600
SOCIALACCOUNT_ADAPTER = "aedile.console.accounts.adapter.KnownPeopleAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True  # a form's answer may not lead to another site: see form-action below
SOCIALACCOUNT_PROVIDERS = identity_providers(AEDILE.oidc)
MFA_ADAPTER = "aedile.console.accounts.adapter.SealedFactorsAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # whose an address is, an admin knows
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "aedile"
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_HTTPS
USERSESSIONS_TRACK_ACTIVITY = True

SESSION_COOKIE_NAME = "aedile_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_NAME = "aedile_csrf"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_FAILURE_VIEW = "aedile.console.base.errors.csrf_failed"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if AEDILE.console.behind_proxy else None
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if AEDILE.console.behind_proxy else 0
X_FRAME_OPTIONS = "DENY"

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("id", _("Indonesian")), ("zh-hans", _("Simplified Chinese")), ("ar", _("Arabic"))]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_NAME = "aedile_language"
LANGUAGE_COOKIE_SAMESITE = "Lax"

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 31_536_000  # every address carries the version: see `asset` among the template tags
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
FILE_UPLOAD_HANDLERS = ["aedile.console.lists.receive.BoundedFile"]
FILE_UPLOAD_TEMP_DIR = HOME.uploads
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "console: %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {name: {"level": "WARNING"} for name in ("procrastinate", "httpx", "bm25s")},
}
