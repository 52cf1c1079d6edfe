"""Where is the editor? Below `-`, which no strategy's id begins with, what asks about no strategy that is there."""

from __future__ import annotations

from django.urls import path

from aedile.console.strategies import editor_checks, editor_views

urlpatterns = [
    path("strategies/-/new", editor_views.new, name="strategy_new"),
    path("strategies/-/faces", editor_checks.faces, name="editor_faces"),
    path("strategies/-/panel", editor_checks.panel, name="editor_panel"),
    path("strategies/-/words", editor_checks.words, name="editor_words"),
    path("strategies/-/feature/<str:name>", editor_checks.feature, name="editor_feature"),
    path("strategies/<slug:id_>/<int:number>/edit", editor_views.edit, name="version_edit"),
    path("strategies/<slug:id_>/<int:left>/<int:right>/compare", editor_views.compare, name="version_diff"),
]
