"""What can be wrong with what people do to strategies?"""

from __future__ import annotations

from aedile.console.base.codes import STATUS
from aedile.errors import define

NO_SUCH = define("AED-CON-040", "There is no such strategy, version or release.", "/strategies/no-such-one/")
COLLISION = define("AED-CON-041", "Somebody else saved the draft meanwhile.", "two people edit one draft")
NOT_READY = define("AED-CON-042", "A draft with errors is submitted.", "submit with a mistyped feature")
OWN_WORK = define("AED-CON-043", "Somebody approves what they wrote themselves.", "the author approves")
NOT_APPROVED = define("AED-CON-044", "A version moves on without its approvals.", "canary before anybody approved")
WRONG_WAY = define("AED-CON-045", "A version cannot go from its stage to the one asked for.", "draft to live")
TAKEN = define("AED-CON-046", "A strategy has another version where this one would be.", "a second draft")
NO_SCHEMA = define("AED-CON-047", "There is no feature schema yet.", "a first strategy before the schema")
NAMED_BY = define("AED-CON-048", "A strategy that others name would leave the release.", "retire what one exempts from")
NOT_OURS = define("AED-CON-049", "A release was not published by the console.", "rolling back to a release from files")
NO_EXPIRY = define("AED-CON-050", "A strategy that goes live at once has no end.", "emergency without expires")
TOO_LATE = define("AED-CON-051", "Something was done already, or its time is over.", "confirming an expired emergency")
NO_STAGE = define("AED-CON-052", "A stage or its share cannot be.", "canary with a share of 0")
NOT_PUSHABLE = define("AED-CON-053", "Files cannot be pushed as they are.", "a pushed file whose id is not its name")
LOADING = define("AED-CON-060", "The catalogue is not at hand yet.", "opening an editor while the process starts")
NO_RELEASE_YET = define("AED-CON-061", "The running release is asked for before there is one.", "a new installation")

STATUS |= {NO_SUCH.name: 404, NOT_OURS.name: 404, OWN_WORK.name: 403}
STATUS |= dict.fromkeys((COLLISION.name, NOT_APPROVED.name, WRONG_WAY.name, TAKEN.name, TOO_LATE.name), 409)
