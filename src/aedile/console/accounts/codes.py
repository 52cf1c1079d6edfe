"""How can what is asked of people, grants and keys be wrong?"""

from __future__ import annotations

from aedile.console.base.codes import STATUS
from aedile.errors import define

NO_KEY = define("AED-CON-020", "A call brings no API key that is known and in force.", "a key that was revoked")
WRONG_SCOPE = define("AED-CON-021", "An API key is not for what was asked.", "writing with a key for reading")
LAST_ADMIN = define("AED-CON-022", "Nobody would be left who manages people.", "deactivating the only admin")
BAD_PERSON = define("AED-CON-023", "What is told of a person cannot be.", "an address that somebody else has")
BAD_GRANT = define("AED-CON-024", "A role cannot be given so.", "the role admin for one market")
BAD_TEAM = define("AED-CON-025", "A team cannot be made or removed so.", "removing a team that owns strategies")
BAD_KEY = define("AED-CON-026", "A key cannot be made so.", "an API key for two years")
BAD_FILTER = define("AED-CON-028", "The history cannot be filtered so.", "a date that is none")
NO_PROVIDER = define("AED-CON-029", "The identity provider does not answer.", "a provider that is down")

STATUS |= {"AED-CON-020": 401, "AED-CON-021": 403, "AED-CON-029": 502}
