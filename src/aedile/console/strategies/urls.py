"""Which addresses does the desk have?"""

from __future__ import annotations

from django.urls import path

from aedile.console.strategies import editor_urls, release_views, views

urlpatterns = [
    *editor_urls.urlpatterns,
    path("strategies/", views.index, name="strategies"),
    path("strategies/debt", views.debt, name="strategy_debt"),
    path("strategies/moves/<int:move>/drop", views.drop_move, name="move_drop"),
    path("strategies/<slug:strategy_id>/", views.strategy, name="strategy"),
    path("strategies/<slug:strategy_id>/<int:number>/", views.version, name="version"),
    path("strategies/<slug:strategy_id>/<int:number>/dossier", views.dossier, name="dossier"),
    path("strategies/<slug:strategy_id>/<int:number>/do/<slug:deed>", views.act, name="version_do"),
    path("releases/", release_views.index, name="releases"),
    path("releases/freeze", release_views.freeze, name="release_freeze"),
    path("releases/thaw", release_views.thaw, name="release_thaw"),
    path("releases/kill", release_views.kill, name="release_kill"),
    path("releases/<int:number>/", release_views.release, name="release"),
    path("releases/<int:number>/rollback", release_views.rollback, name="release_rollback"),
    path("settings/schema", views.schema, name="schema"),
]
