"""How is a large file received? Onto the disk as it comes, from those who may send one, and never more than a bound."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler

from aedile.console.base.context import actor_of
from aedile.console.lists.limits import MAX_SENT


class BoundedFile(TemporaryFileUploadHandler):
    """The console's only handler of files, so that no other page takes any.

    It looks before anything is read: the CSRF check reads the whole body, and comes before a page's own checks.
    """

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any) -> None:  # noqa: N803  Django's signature
        self._left = MAX_SENT if self._may_send() and content_length <= MAX_SENT + (1 << 20) else 0
        return super().handle_raw_input(input_data, META, content_length, *args, **kwargs)

    def _may_send(self) -> bool:
        user = getattr(self.request, "user", None)
        return user is not None and user.is_authenticated and actor_of(self.request).may("list.write")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._left -= len(raw_data)
        if self._left < 0:
            self.request.file_was_too_large = True
            raise StopUpload(connection_reset=True)
        super().receive_data_chunk(raw_data, start)
