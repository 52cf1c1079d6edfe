"""How can a call of the command be wrong?"""

from __future__ import annotations

from aedile.errors import define

WRONG_CALL = define("AED-USE-001", "An option is missing, unknown or not of its kind.", "aedile decide --shema s.yaml")
NO_WORLD = define("AED-USE-002", "It is not said which strategies to use.", "aedile decide without --schema")
TWO_WORLDS = define("AED-USE-003", "Two sets of strategies are named at once.", "--release 7.zip --schema s.yaml")
BAD_ENTITIES = define("AED-USE-004", "A file of entities is not named as kind=path.", "--entities products.parquet")
CANNOT_WRITE = define("AED-USE-005", "The output cannot be written.", "--out no-such-folder/decisions.parquet")
WRONG_OUTPUT = define("AED-USE-006", "The output is not of a format that can be written.", "--out decisions.xlsx")
TWO_OUTPUTS = define("AED-USE-008", "Two documents would go to one output.", "decide --out - --format json")
NOT_TOGETHER = define("AED-USE-009", "Options are given that need one another.", "diff --requests without --entities")
BAD_TIME = define("AED-USE-010", "A time on the command line is not one.", "release build --time yesterday")
NO_KEY_FILE = define("AED-USE-014", "A file of an API key cannot be read, or holds none.", "--key-file no-such-file")
NO_REQUESTS = define("AED-USE-015", "A file of requests holds none.", "simulate load --requests empty.ndjson")
NO_SCOPE = define("AED-USE-011", "A scope is none that a key can have.", "key create --scope all")
NO_SUCH_KEY = define("AED-USE-012", "There is no key with this id.", "key revoke no-such-id")
NO_SUCH_TIER = define("AED-USE-013", "A tier is none that can be off.", "kill --below legal")
EXISTS = define("AED-USE-030", "A file that would be written is there already.", "aedile backup yesterday.zip")
NO_BACKUP = define("AED-USE-031", "There is nothing to save, or no file to restore.", "aedile restore no-such-file")
NO_EXTRA = define("AED-USE-032", "A verb needs parts that are not installed.", "aedile up after pip install aedile")
NOT_CONFIRMED = define(
    "AED-USE-033", "A verb would ask, and nobody can answer.", "aedile push in a script, without --yes"
)
SAME_NAME = define("AED-USE-034", "Two files that are sent together have one name.", "a/x.yaml and b/x.yaml")
BAD_URL = define("AED-USE-035", "An address is none of a server.", "--url console")
BAD_QUERY_VALUE = define("AED-USE-036", "A value of a query is not given as name=value.", "aedile query … --value DE")
