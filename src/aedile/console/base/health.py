"""Does the console work? For whoever watches it; no sign-in, and no more than yes or no of each part."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from procrastinate.contrib.django.models import ProcrastinateWorker

from aedile.console.base.jobs import MISSED


@never_cache
@require_safe
@login_not_required
def health(request: HttpRequest) -> JsonResponse:  # noqa: ARG001  a view's signature
    """200 while pages are served; 503 where PostgreSQL is gone, which is the error's own page. A dead worker is told,
    for pages go on without it."""
    since = timezone.now() - timedelta(seconds=MISSED)
    return JsonResponse(
        {"status": "ok", "worker": ProcrastinateWorker.objects.filter(last_heartbeat__gte=since).exists()}
    )
