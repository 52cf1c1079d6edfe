"""What must be installed beside aedile itself for a verb, and what is said where it is not?"""

from __future__ import annotations

from importlib.util import find_spec

from aedile.cli.codes import NO_EXTRA
from aedile.errors import UsageError

#: Which extra brings the module of another project.
_EXTRAS = {
    "bm25s": "search", "django": "console", "duckdb": "warehouse", "granian": "console", "httpx": "client",
    "msgspec": "server", "pandas": "spark", "procrastinate": "console", "prometheus_client": "server",
    "psycopg": "server", "pyspark": "spark", "starlette": "server", "uvicorn": "server", "uvloop": "server",
}  # fmt: skip


def require(*modules: str) -> None:
    """A `UsageError` where one of these is not there: for what is first missed in a process of its own."""
    for name in modules:
        if find_spec(name) is None:
            raise _missing(name)


def not_installed(error: ModuleNotFoundError) -> UsageError:
    """What is said where a verb came to miss a module; what no extra brings is a defect, and is raised again."""
    name = (error.name or "").partition(".")[0]
    if name not in _EXTRAS:
        raise error
    return _missing(name)


def _missing(name: str) -> UsageError:
    return UsageError(NO_EXTRA, f"{name} is not installed", fix=f"run `pip install 'aedile[{_EXTRAS[name]}]'`")
