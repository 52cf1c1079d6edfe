"""Which errors are those of named lists?"""

from __future__ import annotations

from aedile.console.base.codes import STATUS
from aedile.errors import define

NO_LIST = define("AED-CON-080", "There is no named list, or no revision of it, of that name.", "a list not yet made")
BAD_LIST = define("AED-CON-081", "A named list cannot be made as asked.", 'a list named "Recalled GTIN"')
BAD_LINES = define("AED-CON-082", "Lines of what was sent are no entries.", "a file with the entry A twice")
OVERTAKEN = define("AED-CON-083", "A list was changed after it was looked at.", "two people replacing one list at once")
IN_USE = define("AED-CON-084", "A list that strategies use is to be retired.", "retiring what a live strategy asks")
TOO_LARGE = define("AED-CON-085", "A list, or what was sent for it, is too large.", "a file of eleven million entries")
BAD_FILE = define("AED-CON-086", "The file for a list is not a text of one entry a line.", "a spreadsheet as .xlsx")
RETIRED = define("AED-CON-087", "A retired list is to be changed.", "adding an entry to a retired list")
OVER = define("AED-CON-088", "A change of a list is not where it could be stopped or go on.", "cancelling what is done")
STATUS |= {NO_LIST.name: 404, TOO_LARGE.name: 413}
STATUS |= dict.fromkeys((OVERTAKEN.name, IN_USE.name, RETIRED.name, OVER.name), 409)
