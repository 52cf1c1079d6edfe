"""How does a page of Settings take what was sent? Once, by POST; what is wrong stands at its field."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from aedile.errors import ConsoleError

REFUSED = 422


@contextmanager
def refusals_in(form: Form) -> Iterator[None]:
    """What an action refuses becomes words of the form; that it is not allowed stays a page of its own."""
    try:
        yield
    except ConsoleError as error:
        if error.code.name == "AED-CON-001":
            raise
        form.add_error(None, f"{error.message}. {error.hint}." if error.hint else f"{error.message}.")


def shown(request: HttpRequest, template: str, form: Form, **told: Any) -> HttpResponse:
    """The page with its form; 422 where the form holds errors."""
    status = REFUSED if form.is_bound and form.errors else 200
    return render(request, template, {"form": form, **told}, status=status)
