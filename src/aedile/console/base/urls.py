"""Which addresses belong to no desk alone?"""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.i18n import set_language

from aedile.console.base import palette, views

urlpatterns = [
    path("", views.today, name="today"),
    path("find", palette.find, name="palette"),
    path("language", login_not_required(set_language), name="set_language"),
]
