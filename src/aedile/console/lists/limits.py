"""How large may a list be, and what is sent to change it?"""

from __future__ import annotations

#: Entries of one list.
MAX_ENTRIES = 10_000_000
#: Bytes of one list as a file, and of a file unpacked: published it is one value of PostgreSQL, which ends at 1 GiB.
MAX_BYTES = 512 << 20
#: Bytes of a file as it is sent, packed or not.
MAX_SENT = MAX_BYTES
#: Lines of a file; more are not looked at.
MAX_LINES = 2 * MAX_ENTRIES
#: Up to so many lines, put into a list of up to so many entries, are done at once; more is a job.
LINES_AT_ONCE = 50_000
ENTRIES_AT_ONCE = 1_000_000
#: Bad lines named one by one.
MOST_PROBLEMS = 20
