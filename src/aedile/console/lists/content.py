"""What do the lists hold now?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from aedile.console.lists.models import Chunk, Revision


def current_lists() -> Mapping[str, tuple[Revision, Callable[[], bytes]]]:
    """Each list that has a revision: its newest, and what gives the list's file of it."""
    newest = Revision.objects.order_by("list_id", "-number").distinct("list_id")
    return {revision.list_id: (revision, partial(entries_bytes, revision)) for revision in newest}


def entries_bytes(revision: Revision) -> bytes:
    """The list's file, one entry a line."""
    digests = [digest for _, _, digest in revision.chunks]
    data = dict(Chunk.objects.filter(digest__in=set(digests)).values_list("digest", "data"))
    return b"".join(bytes(data[digest]) for digest in digests)
