"""Which addresses does the desk have?"""

from __future__ import annotations

from django.urls import path, register_converter

from aedile.console.decisions import entity_views, views
from aedile.console.decisions.addresses import IdConverter

register_converter(IdConverter, "anyid")

urlpatterns = [
    path("", views.index, name="decisions"),
    path("request/<anyid:request_id>/", views.of_request, name="request"),
    path("<int:at>/<anyid:request_id>/", views.decision, name="decision"),
    path("<int:at>/<anyid:request_id>/why/<slug:kind>/<anyid:entity_id>/", views.why, name="why"),
    path("<int:at>/<anyid:request_id>/replay", views.replay, name="replay"),
    path("entity/<slug:kind>/<anyid:entity_id>/", entity_views.entity, name="entity"),
    path("entity/<slug:kind>/<anyid:entity_id>/exposures", entity_views.exposures, name="entity_exposures"),
    path("strategy/<slug:strategy_id>/", entity_views.strategy, name="strategy_decisions"),
    path("strategy/<slug:strategy_id>/readout", entity_views.readout, name="strategy_readout"),
]
