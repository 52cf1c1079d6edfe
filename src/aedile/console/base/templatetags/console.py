"""What do templates need that Django's own tags do not give?"""

from __future__ import annotations

from django import template

register = template.Library()
