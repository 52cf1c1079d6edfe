"""Which addresses does the desk have?"""

from __future__ import annotations

from django.urls import path

from aedile.console.lists import change_views, revision_views, views

urlpatterns = [
    path("", views.index, name="lists"),
    path("new", views.new, name="list-new"),
    path("<slug:name>/", views.page, name="list"),
    path("<slug:name>/describe", views.describe, name="list-describe"),
    path("<slug:name>/retire", views.retire, name="list-retire"),
    path("<slug:name>/bring-back", views.bring_back, name="list-bring-back"),
    path("<slug:name>/changes/", change_views.send, name="list-send"),
    path("<slug:name>/changes/<uuid:change_id>/", change_views.change, name="list-change"),
    path("<slug:name>/changes/<uuid:change_id>/state", change_views.state, name="list-change-state"),
    path("<slug:name>/changes/<uuid:change_id>/go-on", change_views.go_on, name="list-change-go-on"),
    path("<slug:name>/changes/<uuid:change_id>/drop", change_views.drop, name="list-change-drop"),
    path("<slug:name>/revisions/", revision_views.index, name="list-revisions"),
    path("<slug:name>/revisions/<int:number>/", revision_views.revision, name="list-revision"),
    path("<slug:name>/revisions/<int:number>/file", revision_views.file, name="list-file"),
    path("<slug:name>/revisions/<int:number>/csv", revision_views.as_csv, name="list-csv"),
]
