"""Which addresses are about people? Signing in, second factors and sessions are allauth's."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("account/", include("allauth.urls"))]
