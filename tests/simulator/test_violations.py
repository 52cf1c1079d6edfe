"""Are models and people as good as was chosen, and no better?"""

from __future__ import annotations

import numpy as np
import pytest

from aedile.simulator.chance import chance
from aedile.simulator.market import SCORES
from aedile.simulator.parameters import POLICIES, Model, PolicyWorld
from aedile.simulator.scores import auc, scores_of
from tests.simulator.conftest import Mall, likely


def error_of(area: float, bad: int, good: int) -> float:
    """The standard error of an AUC (Hanley & McNeil 1982, equation 2, with exponential scores)."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    return float(np.sqrt((area * (1 - area) + (bad - 1) * (q1 - area**2) + (good - 1) * (q2 - area**2)) / (bad * good)))


@pytest.mark.parametrize("chosen", [0.6, 0.8, 0.92, 0.98])
def test_scores_have_the_chosen_auc(chosen):
    rng = chance(3, "auc", chosen)
    bad = rng.random(60_000) < 0.03
    policy = PolicyWorld("item", 0.03, Model(chosen, 0.55, slope=2.0, shift=-0.3))
    evading = bad & (rng.random(60_000) < 0.5)
    scores = scores_of(rng, policy, bad, evading)
    for wanted, without in ((chosen, evading), (0.55, bad & ~evading)):
        kept = ~without
        measured = auc(scores[kept], bad[kept])
        assert abs(measured - wanted) < 4.5 * error_of(wanted, int(bad[kept].sum()), int((~bad).sum()))


def test_a_calibrated_model_is_right_as_often_as_it_says():
    rng = chance(4, "calibration")
    bad = rng.random(200_000) < 0.05
    none = np.zeros(len(bad), bool)
    scores = scores_of(rng, PolicyWorld("item", 0.05, Model(0.85, 0.85)), bad, none)
    for low, high in ((0.0, 0.01), (0.01, 0.05), (0.05, 0.1), (0.1, 0.2), (0.2, 0.4), (0.4, 0.9)):
        here = (scores >= low) & (scores < high)
        assert likely(int(bad[here].sum()), int(here.sum()), float(scores[here].mean()))
    boastful = scores_of(chance(4, "calibration"), PolicyWorld("item", 0.05, Model(0.85, 0.85, 1.0, 1.0)), bad, none)
    assert boastful.mean() > 1.3 * bad.mean()


@pytest.mark.parametrize("policy", [name for name, one in POLICIES.items() if one.kind == "item"])
def test_the_catalogue_holds_scores_of_the_chosen_auc(mall: Mall, policy: str):
    """Of violations that do not evade; scores of the first day, for later ones are other draws of the same."""
    found = mall.columns(
        f"select {SCORES[policy]} as score, t.entity is not null as bad from item left join true_labels t "
        f"on item.id = t.entity and t.policy = '{policy}' where t.evasion is null or t.evasion = 'none'"
    )
    bad = found["bad"].astype(bool)
    wanted = POLICIES[policy].model.auc
    bound = 4.5 * error_of(wanted, int(bad.sum()), int((~bad).sum()))
    assert abs(auc(found["score"].astype(float), bad) - wanted) < bound


def test_prevalence_is_as_chosen_beside_what_incidents_add(mall: Mall):
    items, contents = mall.one("select count(*) from item"), mall.one("select count(*) from content")
    planted = {i for one in mall.incidents.values() for i in one.get("items", ())}
    for name, policy in POLICIES.items():
        labels = [row[0] for row in mall.ask(f"select entity from true_labels where policy = '{name}'")]
        of = items if policy.kind == "item" else contents
        assert (
            abs(len([one for one in labels if one not in planted]) - policy.prevalence * of) <= 5 + len(planted) * 0.1
        )


def test_violations_evade_by_titles_twins_and_rings(mall: Mall):
    found = dict(mall.ask("select evasion, count(*) from true_labels where policy = 'IPR-02' group by 1"))
    assert set(found) == {"none", "disguised_title", "twin_listing", "seller_ring"}
    hidden = mall.ask(
        "select item.title, item.brand from true_labels t join item on item.id = t.entity "
        "where t.policy = 'IPR-02' and t.evasion = 'disguised_title' and item.id not in "
        "(select entity from true_labels where policy = 'PRO-04')"
    )
    brands = {row[0] for row in mall.ask("select distinct brand from item where brand is not null")}
    assert len(hidden) > 20
    plain = [title for title, _ in hidden if any(brand.lower() in title.lower() for brand in brands if len(brand) > 4)]
    assert len(plain) <= 0.1 * len(hidden)
    assert sum(brand is None for _, brand in hidden) >= 0.9 * len(hidden)
    twins = mall.ask(
        "select a.title, b.title, a.seller_id, b.seller_id from true_labels t join item a on a.id = t.entity "
        "join item b on b.id = t.twin_of where t.evasion = 'twin_listing' and t.policy = 'IPR-02'"
    )
    assert twins
    assert sum(mine.split()[-1] == other.split()[-1] for mine, other, *_ in twins) >= 0.9 * len(twins)


def test_people_are_as_good_as_the_truth_says(mall: Mall):
    rows = mall.ask(
        "select m.judge, any_value(r.sensitivity), any_value(r.specificity), count(*) filter (t.entity is not null), "
        "count(*) filter (t.entity is not null and is_violation), count(*) filter (t.entity is null), "
        "count(*) filter (t.entity is null and not is_violation) from moderation_labels m "
        "join true_readers r on m.judge = r.judge left join true_labels t using (entity, policy) "
        "where \"by\" = 'person' group by 1"
    )
    assert len(rows) == 8 * 4
    for _, sensitivity, specificity, bad, caught, good, passed in rows:
        assert likely(caught, bad, sensitivity)
        assert likely(passed, good, specificity)
    assert sum(row[3] for row in rows) > 60
