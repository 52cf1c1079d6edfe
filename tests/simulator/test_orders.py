"""Does an ordered line live as orders do?"""

from __future__ import annotations

from tests.simulator.conftest import Mall, likely

LIVES = """
    select order_id, line, {} from order_steps s group by order_id, line
""".format(
    ", ".join(
        f"max(s.at) filter (step = '{step}') as {step}, count(*) filter (step = '{step}') as n_{step}"
        for step in ("paid", "dispatched", "delivered", "cancelled", "returned", "refunded")
    )
)


def test_steps_follow_one_another_and_happen_once(mall: Mall):
    wrong = {
        "twice": "greatest(n_paid, n_dispatched, n_delivered, n_cancelled, n_returned, n_refunded) > 1",
        "sent unpaid": "dispatched is not null and (paid is null or dispatched <= paid)",
        "delivered unsent": "delivered is not null and (dispatched is null or delivered <= dispatched)",
        "returned undelivered": "returned is not null and (delivered is null or returned <= delivered)",
        "refunded for nothing": "refunded is not null and coalesce(returned, cancelled) is null",
        "refunded unpaid": "refunded is not null and paid is null",
        "delivered though cancelled": "delivered is not null and cancelled is not null",
    }
    for name, condition in wrong.items():
        assert mall.one(f"select count(*) from ({LIVES}) where {condition}") == 0, name
    found = mall.one(f"select count(*) from ({LIVES}) where delivered is not null and n_returned = 0")
    assert found > 500


def test_every_step_is_of_an_order_that_was_placed_before(mall: Mall):
    assert mall.one(
        "select count(*) from order_steps s left join orders o using (order_id, line) "
        "where o.id is null or s.at <= o.at"
    ) == 0  # fmt: skip


def test_what_is_paid_and_refunded_is_what_was_ordered(mall: Mall):
    money = mall.ask(
        "select step, count(*), sum(s.amount - o.amount), count(*) filter (s.currency <> o.currency) "
        "from order_steps s join orders o using (order_id, line) where s.amount is not null group by 1 order by 1"
    )
    assert [row[0] for row in money] == ["paid", "refunded"]
    assert all(row[2:] == (0, 0) for row in money)


def test_shops_send_late_as_often_as_they_do_in_truth(mall: Mall):
    """Of shops together: the sum of their true rates is what is late, as near as chance allows."""
    sent, late, expected = mall.ask(
        "select count(*), count(*) filter (s.at > s.due_at), sum(t.late) from order_steps s "
        "join true_sellers t on t.id = s.seller join orders o using (order_id, line) "
        "where step = 'dispatched' and o.local_date <= '2026-10-26'"
    )[0]
    assert likely(late, sent, expected / sent)


def test_the_rate_that_is_told_of_a_shop_is_what_its_steps_say(mall: Mall):
    """On the last day all but one of the seven days before are in the facts; the week before the first day is known."""
    rates = mall.ask(
        "select u.entity, cast(u.value as double) from feature_updates u where feature = 'late_dispatch_rate' "
        "and u.local_date = '2026-10-31' and u.market = 'US'"
    )
    counted = {
        row[0]: row[1:] for row in mall.ask(
            "select seller, count(*) filter (s.at > due_at), count(*) from order_steps s where step = 'dispatched' "
            "and market = 'US' and local_date between '2026-10-24' and '2026-10-30' group by 1"
        )
    }  # fmt: skip
    assert len(rates) > 20
    for seller, rate in rates:
        late, sent = counted.get(seller, (0, 0))
        if sent == 0:
            assert rate is None, seller
        else:
            assert abs(rate - late / sent) < 1e-4, seller


def test_who_complained_says_how_content_they_are_once_it_is_settled(mall: Mall):
    told = mall.ask(
        "select measure, count(*), min(score), max(score), avg(score) from survey_answers group by 1 order by 1"
    )
    assert [row[0] for row in told] == ["csat", "nps"]
    assert (told[0][2], told[0][3]) == (1, 5)
    assert told[1][2] >= 0
    assert told[1][3] == 10
    early = mall.one(
        "select count(*) from survey_answers s left join complaints c on s.id = c.id || '-csat' "
        "where measure = 'csat' and (c.id is null or c.resolved_at is null or s.at <= c.resolved_at)"
    )
    assert early == 0
    future = mall.one("select count(*) from complaints c where resolved_at > timestamptz '2026-11-02'")
    assert future == 0
