"""Who has been shown what, how often, as far as caps over a window ask."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server.shop import DAY, HOUR, NOON, Worker, cap, engine_of, page, pseudonym, request, strategy

ITEMS = ["a", "b", "c", "d"]
PER_SHOPPER = cap("twice", "shopper", 2)
PER_ITEM = cap("thrice", "entity", 3, condition='item.id != "d"')


def test_what_is_on_the_page_counts_and_nothing_else() -> None:
    worker = Worker(engine_of(PER_ITEM))
    worker.show(request(ITEMS, limit=2))
    assert [worker.count("thrice", item) for item in ITEMS] == [1, 1, 0, 0]


def test_what_the_cap_does_not_fire_for_does_not_count() -> None:
    worker = Worker(engine_of(PER_ITEM))
    worker.show(request(ITEMS))
    assert [worker.count("thrice", item) for item in ITEMS] == [1, 1, 1, 0]


def test_an_exempted_cap_does_not_count() -> None:
    expires = "2027-02-25T00:00:00Z"
    exempt = strategy("spare-a", {"exempt": {"from": ["thrice"]}}, 'item.id == "a"', expires=expires)
    worker = Worker(engine_of(PER_ITEM, exempt))
    worker.show(request(ITEMS))
    assert [worker.count("thrice", item) for item in ITEMS] == [0, 1, 1, 0]


def test_a_cap_in_shadow_does_not_count() -> None:
    worker = Worker(engine_of(cap("thrice", "entity", 3, stage="shadow")))
    worker.show(request(ITEMS))
    assert worker.count("thrice", "a") == 0


def test_a_shopper_is_shown_what_is_not_capped_first_once_the_cap_is_reached() -> None:
    worker = Worker(engine_of(cap("twice", "shopper", 2, condition='item.id != "d"')))
    assert page(worker.show(request(ITEMS, limit=2))) == ["a", "b"]
    assert page(worker.show(request(ITEMS, limit=2))) == ["d", "a"]
    assert page(worker.show(request(ITEMS, limit=2), NOON + 2 * HOUR)) == ["a", "b"]


def test_exposures_are_each_shoppers_own() -> None:
    worker = Worker(engine_of(PER_SHOPPER))
    worker.show(request(ITEMS, shopper="ann"))
    assert (worker.count("twice", "ann"), worker.count("twice", "bob")) == (4, 0)


def test_a_request_without_a_shopper_counts_for_no_cap_per_shopper() -> None:
    worker = Worker(engine_of(PER_SHOPPER))
    worker.show(request(ITEMS, shopper=None))
    decision = worker.show(request(ITEMS, shopper=None))
    assert worker.exposures.delta().caps == {}
    assert page(decision) == ITEMS


def test_no_shoppers_id_is_kept_or_told() -> None:
    worker = Worker(engine_of(PER_SHOPPER))
    asked = request(ITEMS, shopper="ann-of-the-raw-id")
    worker.show(asked)
    counters = worker.exposures.counters(asked, NOON)
    worker.decider.decide(asked, counters)
    assert counters.read == [("twice", pseudonym("ann-of-the-raw-id", NOON), 4)]
    assert b"ann-of-the-raw-id" not in worker.exposures.delta().encode()


def test_what_was_read_is_remembered_so_that_the_decision_can_be_made_again() -> None:
    worker = Worker(engine_of(PER_SHOPPER, PER_ITEM))
    worker.show(request(ITEMS[:2]))
    asked = request(ITEMS)
    counters = worker.exposures.counters(asked, NOON)
    decision = worker.decider.decide(asked, counters)
    assert sorted(counters.read) == [("thrice", "a", 1), ("thrice", "b", 1), ("twice", pseudonym("ann", NOON), 2)]
    read = {(id_, "ann" if id_ == "twice" else unit): count for id_, unit, count in counters.read}
    assert page(worker.decider.decide(asked, read)) == page(decision)


def test_a_shopper_is_known_when_the_pseudonym_changes() -> None:
    turn = (NOON // (30 * DAY) + 1) * 30 * DAY
    worker = Worker(engine_of(cap("twice", "shopper", 2, "24h")))
    worker.show(request(["a"]), turn - HOUR)
    worker.show(request(["a"]), turn + HOUR)
    assert worker.count("twice", "ann", turn + HOUR) == 2
    assert worker.count("twice", "ann", turn + 24 * HOUR) == 1


def test_a_shopper_is_known_through_many_changes_of_the_pseudonym() -> None:
    worker = Worker(engine_of(cap("often", "shopper", 9, "3000h")))
    for days in range(0, 120, 10):
        worker.show(request(["a"]), NOON + days * DAY)
    assert worker.count("often", "ann", NOON + 120 * DAY) == 12


def test_a_cap_keeps_its_counts_in_the_next_release() -> None:
    worker = Worker(engine_of(PER_ITEM))
    worker.show(request(ITEMS))
    worker.run(engine_of(cap("thrice", "entity", 5), PER_SHOPPER))
    assert worker.count("thrice", "a") == 1


def test_a_cap_over_another_window_or_per_something_else_starts_afresh() -> None:
    worker = Worker(engine_of(cap("thrice", "entity", 3)))
    worker.show(request(ITEMS))
    worker.run(engine_of(cap("thrice", "entity", 3, "2h")))
    assert worker.count("thrice", "a") == 0
    worker.run(engine_of(cap("thrice", "shopper", 3)))
    assert worker.count("thrice", "ann") == 0


def test_a_decision_made_before_a_release_is_counted_by_that_release_though_noted_after() -> None:
    worker = Worker(engine_of(PER_ITEM))
    asked = request(ITEMS)
    counters = worker.exposures.counters(asked, NOON)
    decision = worker.decider.decide(asked, counters)
    worker.run(engine_of(PER_SHOPPER, PER_ITEM))
    worker.exposures.add(decision, counters)
    assert (worker.count("thrice", "a"), worker.count("twice", "ann")) == (1, 0)


def test_memory_is_bounded_and_what_is_forgotten_is_counted() -> None:
    worker = Worker(engine_of(cap("thrice", "entity", 3)), max_entries=100)
    for minute in range(30):
        worker.show(request([f"{minute}-{item}" for item in range(10)]), NOON + minute * 60_000_000)
    worker.exposures.settle(NOON + HOUR // 2)
    assert worker.exposures.forgotten == 200
    assert worker.count("thrice", "29-0", NOON + HOUR // 2) == 1
    assert worker.count("thrice", "0-0", NOON + HOUR // 2) == 0


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(ITEMS), unique=True), st.sampled_from(["ann", "bob", None]), st.integers(1, 4)
        ),
        max_size=8,
    )
)
def test_counts_equal_a_plain_tally_of_the_pages(asked: list[tuple[list[str], str | None, int]]) -> None:
    worker = Worker(engine_of(PER_SHOPPER, PER_ITEM))
    items, shoppers = dict.fromkeys(ITEMS, 0), dict.fromkeys(["ann", "bob"], 0)
    for ids, shopper, limit in asked:
        for item in page(worker.show(request(ids, shopper=shopper, limit=limit))):
            items[item] += item != "d"
            if shopper is not None:
                shoppers[shopper] += 1
    assert {item: worker.count("thrice", item) for item in items} == items
    assert {shopper: worker.count("twice", shopper) for shopper in shoppers} == shoppers
