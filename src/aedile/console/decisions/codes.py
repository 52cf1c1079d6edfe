"""What can be wrong with what people ask of the decision log?"""

from __future__ import annotations

from aedile.errors import define

NO_SUCH = define("AED-CON-100", "There is no such decision or candidate in the log.", "a request that was not logged")
BAD_SEARCH = define("AED-CON-101", "A search of the decision log cannot be understood.", "a time that is a word")
NOT_IN_FULL = define(
    "AED-CON-102", "A decision cannot be made again: what it rested on was not logged.", "replay a decision not drawn"
)
NO_KIND = define("AED-CON-103", "There is no such kind of entity.", "/decisions/entity/planet/mars/")
