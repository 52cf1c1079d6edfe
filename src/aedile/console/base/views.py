"""What needs me, how bad, by when?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def today(request: HttpRequest) -> HttpResponse:
    return render(request, "base/today.html")
