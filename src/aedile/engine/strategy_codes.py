"""Which errors can a strategy's file have, and what does its id look like?"""

from __future__ import annotations

import re

from aedile.documents import Located
from aedile.errors import AedileError, StrategyError, define
from aedile.fields import Complaints, Fields
from aedile.language.markets import MARKET_MISTAKES, MARKETS

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

UNKNOWN_KEY = define("AED-STRAT-001", "A key of the strategy is not known.", "conditions: item.price > 3.0")
MISSING_KEY = define("AED-STRAT-002", "A required key of the strategy is missing.", "a strategy without `owner`")
WRONG_KIND = define("AED-STRAT-003", "A value of the strategy is of the wrong kind.", "rank: first")
BAD_VALUE = define("AED-STRAT-004", "A value of the strategy is not one that can be.", "tier: urgent")
BAD_ID = define("AED-STRAT-005", "A strategy's id is not kebab-case or not its file's name.", "id: Hold_Handbags")
DUPLICATE_ID = define("AED-STRAT-006", "Two files hold strategies of one id.", "id: a in a.yaml and in old/a.yaml")
BAD_MARKET = define("AED-STRAT-007", "A market is not an ISO 3166 code.", "markets: [UK]")
BAD_ACTION = define("AED-STRAT-008", "The action or a parameter of it cannot be.", "action: {demote: {factor: 2}}")
EXEMPT_REACH = define(
    "AED-STRAT-009", "An exempt reaches tier legal or a tier above its own.", "exempt: {from: {tier: legal}}"
)
BAD_PARAM = define(
    "AED-STRAT-010", "A parameter is undefined, retyped or not used.", "params: {default: {a: 1}, MY: {b: 2}}"
)
BAD_TIME = define("AED-STRAT-011", "A time cannot be read, or the start is not before the end.", "expires: tomorrow")
BAD_EXAMPLE = define(
    "AED-STRAT-012", "An example names what is not there or gives a value of the wrong type.", "given: {item.prize: 3}"
)
UNKNOWN_STRATEGY = define("AED-STRAT-013", "A strategy that is named does not exist.", "overrides: [no-such-strategy]")
UNKNOWN_ENTITY = define(
    "AED-STRAT-014", "The strategy applies to an entity the schema does not have.", "applies_to: creator"
)
NO_STRATEGIES = define(
    "AED-STRAT-015", "The folder of strategies cannot be read or holds none.", "aedile check --strategies empty/"
)

COMPLAINTS = Complaints(StrategyError, UNKNOWN_KEY, MISSING_KEY, WRONG_KIND, BAD_VALUE)


def bad_market(fields: Fields, key: str, code: object, node: Located) -> AedileError:
    """The error for a text that is no market."""
    upper = str(code).upper()
    near = MARKET_MISTAKES.get(upper) or (upper if upper in MARKETS else None)
    return fields.error(
        BAD_MARKET,
        f'"{code}" is not a market',
        node,
        key=key,
        hint=f"did you mean {near}?" if near else "markets are two-letter codes of ISO 3166-1, such as ID, MY, US",
        fix=f"write {near or 'the code'}" + (", or [all]" if key == "markets" else ""),
    )
