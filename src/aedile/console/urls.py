"""Which address leads to which desk?"""

from __future__ import annotations

from django.urls import include, path

from aedile.console.api import app as api

handler400 = "aedile.console.base.errors.bad_request"
handler403 = "aedile.console.base.errors.forbidden"
handler404 = "aedile.console.base.errors.not_found"
handler500 = "aedile.console.base.errors.failed"

urlpatterns = [
    path("api/v1/", api.urls()),
    path("", include("aedile.console.base.urls")),
    path("", include("aedile.console.accounts.urls")),
    path("", include("aedile.console.proving.urls")),
    path("", include("aedile.console.strategies.urls")),
    path("lists/", include("aedile.console.lists.urls")),
    path("decisions/", include("aedile.console.decisions.urls")),
]
