"""Which errors are the console's own? Those that several desks raise; the others stand with their desk."""

from __future__ import annotations

from aedile.errors import define

NOT_ALLOWED = define("AED-CON-001", "A person may not do what they asked for.", "a viewer submits a draft")
NOT_FOUND = define("AED-CON-002", "There is nothing at an address of the console.", "a mistyped strategy id")
BAD_INPUT = define("AED-CON-003", "What was sent to the console cannot be taken.", "a page number that is a word")
FAILED = define("AED-CON-004", "The console failed: a defect.", "an error that nobody foresaw")
NO_DATABASE = define("AED-CON-005", "The console does not reach its database.", "PostgreSQL was stopped")
CSRF = define("AED-CON-006", "A form was sent from elsewhere, or after its session had ended.", "a page kept open")
HISTORY_BROKEN = define("AED-CON-007", "The history is not as it was written.", "a row changed past the triggers")
TOO_LARGE = define("AED-CON-008", "A call of the console brings too much.", "a body of 100 MiB")
WRONG_METHOD = define("AED-CON-009", "An address does not know what is asked of it.", "DELETE of what is only read")
STATUS = {
    "AED-CON-001": 403,
    "AED-CON-002": 404,
    "AED-CON-004": 500,
    "AED-CON-005": 503,
    "AED-CON-006": 403,
    "AED-CON-008": 413,
    "AED-CON-009": 405,
    "AED-CON-100": 404,
    "AED-CON-103": 404,
    "AED-CON-160": 404,
}
