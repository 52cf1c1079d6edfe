"""Which addresses does the desk have?"""

from __future__ import annotations

from django.urls import URLPattern, path

from aedile.console.lists import views

urlpatterns: list[URLPattern] = [
    path("<slug:name>/changes/<uuid:change_id>/", views.change, name="list-change"),
]
