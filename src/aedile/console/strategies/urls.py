"""Which addresses does the desk have?"""

from __future__ import annotations

from django.urls import URLPattern

from aedile.console.strategies import editor_urls

urlpatterns: list[URLPattern] = [*editor_urls.urlpatterns]
