"""How can jobs, notices and the start of the console be wrong?"""

from __future__ import annotations

from aedile.console.base.codes import STATUS
from aedile.errors import define

UNSAFE_HOST = define(
    "AED-CON-120", "The console would be reached by others over plain HTTP.", "aedile up --host 0.0.0.0"
)
PORT_TAKEN = define("AED-CON-121", "Something else listens where the console would.", "aedile up, twice")
NEWER = define("AED-CON-122", "The console's tables were made by a newer aedile.", "going back to an older version")
NOT_A_DEMO = define(
    "AED-CON-123", "A demo is asked for where people's own work is.", "aedile up --demo on the home in use"
)
JOB_OVER = define("AED-CON-124", "A job that has ended cannot be cancelled.", "cancelling a job twice")
JOB_LOST = define("AED-CON-125", "A job was interrupted twice and given up.", "a machine that runs out of memory")
BAD_ADDRESS = define("AED-CON-126", "Notices cannot go to an address.", "file:///etc/passwd")
INWARD = define(
    "AED-CON-127", "An address for notices leads into the own network.", "json://169.254.169.254/latest/meta-data"
)
STATUS[JOB_OVER.name] = 409
