"""Which addresses does proving have?"""

from __future__ import annotations

from django.urls import path

from aedile.console.proving import views

urlpatterns = [
    path("strategies/-/backtests/<uuid:backtest_id>/", views.backtest, name="backtest"),
    path("strategies/-/backtests/<uuid:backtest_id>/state", views.state, name="backtest_state"),
    path("strategies/-/backtests/<uuid:backtest_id>/cancel", views.cancel, name="backtest_cancel"),
    path("strategies/<slug:strategy_id>/<int:number>/backtests", views.start, name="backtest_start"),
]
