"""How can a query of facts fail, whichever engine is asked?"""

from __future__ import annotations

from aedile.errors import define

FAILED = define("AED-STORE-121", "The warehouse cannot answer a query.", "a damaged file of facts")
TOO_LARGE = define("AED-STORE-122", "A query needs more memory than it may have.", "SELECT * of a year of facts")
#: How often a query is asked where files go away between listing and reading them, and seconds in between.
TRIES, PAUSE = 10, 0.05
