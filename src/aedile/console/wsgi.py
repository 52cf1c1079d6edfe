"""The console as a WSGI application, for whoever serves it."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aedile.console.settings")
application = get_wsgi_application()
