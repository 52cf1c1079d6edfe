"""Where is the editor? Below `-`, which no strategy's id begins with, what asks about no strategy that is there."""

from __future__ import annotations

from django.urls import path

from aedile.console.strategies import editor_checks, editor_views

urlpatterns = [
    path("-/new/", editor_views.new, name="strategy-new"),
    path("-/faces/", editor_checks.faces, name="editor-faces"),
    path("-/panel/", editor_checks.panel, name="editor-panel"),
    path("-/words/", editor_checks.words, name="editor-words"),
    path("-/feature/<str:name>/", editor_checks.feature, name="editor-feature"),
    path("<slug:id_>/edit/", editor_views.edit, name="strategy-edit"),
    path("<slug:id_>/compare/<int:left>/<int:right>/", editor_views.compare, name="strategy-compare"),
]
