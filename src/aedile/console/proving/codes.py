"""How can proving a strategy go wrong?"""

from __future__ import annotations

from aedile.errors import define

NO_BACKTEST = define("AED-CON-160", "There is no such backtest, or the reader may not see it.", "an address mistyped")
NOT_READY = define(
    "AED-CON-161", "A text with an error cannot be backtested.", "a draft whose condition does not compile"
)
NO_MARKET = define(
    "AED-CON-162",
    "A backtest would read decisions of no market that the person may look into.",
    "a strategy of ID alone",
)
OVER = define("AED-CON-163", "A backtest that is over cannot be cancelled.", "POST …/backtests/{id}/cancel a day later")
