"""Which addresses belong to no desk alone?"""

from __future__ import annotations

from django.urls import path

from aedile.console.base import views

urlpatterns = [path("", views.today, name="today")]
