"""Which addresses belong to no desk alone?"""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.i18n import set_language

from aedile.console.base import health, job_views, notice_views, palette, views

urlpatterns = [
    path("", views.today, name="today"),
    path("today/server", views.server, name="today_server"),
    path("find", palette.find, name="palette"),
    path("language", login_not_required(set_language), name="set_language"),
    path("health", health.health, name="health"),
    path("jobs/", job_views.jobs, name="jobs"),
    path("jobs/verify-history", job_views.verify_history, name="verify-history"),
    path("jobs/<uuid:job_id>/", job_views.job, name="job"),
    path("jobs/<uuid:job_id>/state", job_views.job_state, name="job-state"),
    path("jobs/<uuid:job_id>/cancel", job_views.cancel_job, name="cancel-job"),
    path("notices/", notice_views.notices, name="notices"),
    path("settings/outbox/", notice_views.outbox, name="outbox"),
    path("settings/outbox/<int:notice_id>/again", notice_views.send_again, name="send-again"),
]
