"""Which tables have a history? A migration says so with `keep_history`, once for each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from django.db.migrations import RunSQL

SQL = Path(__file__).parent / "sql"


def run_file(path: Path, undo: str) -> RunSQL:
    """The operation that runs a file of SQL as it stands."""
    return RunSQL([(path.read_text().replace("%", "%%"), [])], undo)


def keep_history(table: str, *, key: str = "id", without: Sequence[str] = ()) -> RunSQL:
    """From now on every write to the table is noted. without: columns that are secret, or change by themselves."""
    names = ", ".join(f"'{name}'" for name in (key, *without))
    return RunSQL(
        f"create constraint trigger history after insert or update or delete on {table} "
        f"deferrable initially deferred for each row execute function history_note({names}); "
        f"create function {table}_whole() returns trigger language plpgsql as "
        "$$ begin raise exception 'rows are deleted one by one, so that history has them'; end $$; "
        f"create trigger whole before truncate on {table} execute function {table}_whole()",
        f"drop trigger history on {table}; drop trigger whole on {table}; drop function {table}_whole()",
    )
