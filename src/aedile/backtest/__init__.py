"""What would this release have done?

Arrow batches of logged requests in, tables out: no store, no clock. A `Plan` says what is compared; a `Worker` works on
batches wherever they are; its `Partial`s add up to a `Result`.
"""

from aedile.backtest.catalogues import write_catalogue
from aedile.backtest.detailed import DETAILS
from aedile.backtest.examination import Examination
from aedile.backtest.outcomes import OUTCOMES
from aedile.backtest.partial import PARTIALS, Partial, from_table
from aedile.backtest.plan import Plan, Side, usual_features
from aedile.backtest.result import Result
from aedile.backtest.work import Worker

__all__ = [
    "DETAILS",
    "OUTCOMES",
    "PARTIALS",
    "Examination",
    "Partial",
    "Plan",
    "Result",
    "Side",
    "Worker",
    "from_table",
    "usual_features",
    "write_catalogue",
]
