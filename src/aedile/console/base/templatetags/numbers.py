"""How are numbers written? Built in: nothing to load.

`{{ count|number }}`, `{{ count|short }}` (1.23 M), `{{ fraction|share }}` (12.3 %), `{{ (low, high)|interval }}`;
`{{ fraction|share:1 }}` with so many decimal places. What is not known is a dash.
"""

from __future__ import annotations

from django import template

from aedile.console.base import figures

register = template.Library()
register.filter("number", figures.number)
register.filter("short", figures.short)
register.filter("share", figures.share)
register.filter("interval", figures.interval)
