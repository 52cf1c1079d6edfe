"""Where is a file that pages load? Its address carries a digest of its content, so that it may be kept for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.templatetags.static import static

FOLDER = "vendor"


@cache
def address(name: str) -> str:
    """The address of a built file: `address("base.js")`."""
    found = finders.find(f"{FOLDER}/{name}")
    if found is None:
        raise FileNotFoundError(f"{FOLDER}/{name} is not built: run `make install` where Node is installed")
    digest = hashlib.sha256(Path(found).read_bytes()).hexdigest()[:12]
    return f"{static(f'{FOLDER}/{name}')}?v={digest}"
