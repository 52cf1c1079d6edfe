"""Do shoppers look and click as the truth says: by place, and by what a candidate is worth?"""

from __future__ import annotations

import numpy as np
import pytest

from aedile.language.markets import CHANNELS
from aedile.simulator.parameters import World
from tests.simulator.conftest import Mall, likely


@pytest.mark.parametrize("channel", CHANNELS)
def test_clicks_are_looks_times_worth(mall: Mall, channel: str):
    """Poisson binomial: the sum over exposures is normal to within five of its standard deviations."""
    found = mall.columns(
        "select p.looked * w.worth as chance, (c.id is not null) as clicked from exposures e "
        "join worth w on e.request_id = w.request_id and e.entity = w.entity "
        "join true_propensities p on e.channel = p.channel and e.position = p.position "
        f"left join clicks c on e.id = c.id where e.channel = '{channel}'"
    )
    chance = found["chance"].astype(float)
    assert len(chance) > 2_000
    spread = np.sqrt((chance * (1 - chance)).sum())
    assert abs(found["clicked"].sum() - chance.sum()) < 5 * spread


def test_places_are_looked_at_as_told_whatever_is_there(mall: Mall):
    """In search, the clicks of each place, beside what its candidates are worth, give its propensity back."""
    rows = mall.ask(
        "select e.position, count(*), count(c.id), sum(w.worth), any_value(p.looked) from exposures e "
        "join worth w on e.request_id = w.request_id and e.entity = w.entity "
        "join true_propensities p on e.channel = p.channel and e.position = p.position "
        "left join clicks c on e.id = c.id where e.channel = 'search' group by 1 order by 1"
    )
    assert len(rows) >= 15
    for _, shown, clicks, worth, looked in rows[:10]:
        assert likely(clicks, shown, looked * worth / shown)


def test_propensities_are_told_where_the_marketplace_knows_them_and_only_there(mall: Mall):
    told = {name for name, channel in World().channels.items() if channel.told}
    assert {row[0] for row in mall.ask("select distinct channel from exposures where examined is not null")} == told
    wrong = mall.one(
        "select count(*) from exposures e join true_propensities p using (channel, position) "
        "where e.examined <> p.looked"
    )
    assert wrong == 0
    first = mall.ask("select channel, looked from true_propensities where position = 1")
    assert len(first) == 9
    assert {looked for _, looked in first} == {1.0}


def test_the_truth_holds_the_worth_of_all_candidates_of_some_requests(mall: Mall):
    requests, rows, logged = mall.ask(
        "select count(distinct w.request_id), count(*), (select sum(len(candidates)) from decisions "
        "where request_id in (select request_id from worth)) from worth w"
    )[0]
    assert rows == logged
    assert likely(requests, mall.one("select count(*) from decisions"), mall.world.told)
    assert mall.one("select count(*) from worth where not worth between 0.0001 and 0.9999") == 0


def test_the_callers_score_guesses_the_worth(mall: Mall):
    found = mall.columns(
        "select f.score / f.multiplier as score, w.worth from (select request_id, unnest(candidates) as f "
        "from decisions) d join worth w on d.request_id = w.request_id and f.id = w.entity where f.kind = 'item'"
    )
    score, worth = (found[name].astype(float) for name in ("score", "worth"))
    logs = [np.log(one / (1 - one)) for one in (np.clip(score, 1e-6, 1 - 1e-6), worth)]
    assert 0.5 < np.corrcoef(*logs)[0, 1] < 0.95
