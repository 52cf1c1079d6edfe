"""By which connection does a worker read the queue? One of its own; its tasks ask for jobs in their transactions."""

from __future__ import annotations

from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.db_cleanup import DjangoApp


def workers_app() -> App:
    """The app of a worker: the tasks of the console's, on a connector that listens."""
    own = DjangoApp(connector=app.connector.get_worker_connector())
    own.tasks, own.periodic_registry = app.tasks, app.periodic_registry
    return own
