"""How does an id stand in an address? As it is where that is safe; otherwise encoded, for ids come from outside.

`..`, slashes and control characters would lead elsewhere in a browser, before the console ever saw them.
"""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

_PLAIN = re.compile(r"[A-Za-z0-9_:@-][A-Za-z0-9._:@-]*\Z")


class IdConverter:
    """An id of a request or an entity in a path: `item-7`, or `~` and its UTF-8 bytes in base64."""

    regex = r"~[A-Za-z0-9_-]*|[A-Za-z0-9_:@-][A-Za-z0-9._:@-]*"

    def to_python(self, value: str) -> str:
        if not value.startswith("~"):
            return value
        text = value[1:]
        try:
            return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise ValueError("not an id") from None

    def to_url(self, value: str) -> str:
        id_ = str(value)
        return id_ if _PLAIN.match(id_) else "~" + urlsafe_b64encode(id_.encode()).decode().rstrip("=")
