"""Is every cell of the table of permissions as promised, and do markets count as sets do?"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.console.accounts.permissions import PERMISSIONS, Role

GOLDEN = Path(__file__).with_name("permissions.txt")
MARKETS = {"any": None, "all": ["all"], "ID": ["ID"], "ID,VN": ["ID", "VN"], "VN": ["VN"]}
TEAMS = {"any": None, "none": None, "ours": "ours", "theirs": "theirs"}


def grid(name):
    """A part of the page: each row by its first two words, then the cells by the head of their column."""
    part = GOLDEN.read_text(encoding="utf-8").split(f"[{name}]\n")[1].split("\n\n")[0]
    lines = [line.split() for line in part.splitlines()]
    head = next(place for place, words in enumerate(lines) if words[0] in ("permission", "reach"))
    columns = lines[head][2:]
    rows = {}
    for first, second, *cells in lines[head + 1 :]:
        assert len(cells) == len(columns)
        assert set(cells) <= {"y", "-"}
        rows[first, second] = dict(zip(columns, (cell == "y" for cell in cells), strict=True))
    return rows


def test_the_page_has_each_permission_once_with_its_reach():
    assert list(grid("roles")) == [(one.name, one.reach.value) for one in PERMISSIONS.values()]
    assert len(grid("markets")) == len(grid("teams")) == 8


@pytest.mark.parametrize(("markets", "team"), [*product(["all", "ID"], ["none", "ours"])])
def test_each_cell_is_as_promised(make_person, actor_for, markets, team):
    roles, by_market, by_team = grid("roles"), grid("markets"), grid("teams")
    wrong, cells = [], 0
    for role in Role:
        person = make_person(role.value, markets=[markets], team=TEAMS[team])
        actor = actor_for(person)
        for (name, reach), has in roles.items():
            for used_on, owner in product(MARKETS, ("any", "ours", "theirs")):
                promised = has[role.value] and by_market[reach, markets][used_on] and by_team[reach, team][owner]
                found = actor.may(name, markets=MARKETS[used_on], team=TEAMS[owner])
                cells += 1
                if found != promised:
                    wrong.append((role.value, name, used_on, owner, found))
    assert wrong == []
    assert cells == 9 * len(PERMISSIONS) * 5 * 3


def test_a_person_without_a_role_or_deactivated_may_nothing(make_person, actor_for):
    from aedile.console.accounts.models import Person

    nobody, gone = make_person(), make_person("admin")
    Person.objects.filter(pk=gone.pk).update(is_active=False)
    gone.refresh_from_db()
    for name in PERMISSIONS:
        assert not actor_for(nobody).may(name)
        assert not actor_for(gone).may(name)


def test_two_grants_add_up_but_do_not_mix(make_person, actor_for):
    from aedile.console.accounts.models import Grant, Team
    from aedile.console.base.acting import noted

    person = make_person("strategist", markets=["ID"], team="ours")
    with noted("aedile", "cli", "test"):
        theirs = Team.objects.create(slug="theirs", name="Theirs")
        Grant.objects.create(person=person, role="strategist", team=theirs, markets=["VN"])
    actor = actor_for(person)
    assert actor.may("strategy.write", markets=["ID"], team="ours")
    assert actor.may("strategy.write", markets=["VN"], team="theirs")
    assert not actor.may("strategy.write", markets=["VN"], team="ours")
    assert not actor.may("strategy.write", markets=["ID", "VN"], team="ours")
    assert actor.markets_of("strategy.write") == {"ID", "VN"}


CODES = ("ID", "VN", "US", "SA")
GRANTED = st.lists(st.sampled_from([*CODES, "all"]), min_size=1, max_size=4)
USED_ON = st.one_of(st.just(["all"]), st.lists(st.sampled_from(CODES), min_size=1, max_size=4))


def meant(markets):
    """The markets as a plain set, in which `all` holds one that nobody has named yet."""
    return {*CODES, "one opened tomorrow"} if "all" in markets else set(markets)


@given(GRANTED, USED_ON)
def test_markets_count_as_sets_do(granted, used_on):
    from aedile.console.accounts.actor import covers, touches

    assert covers(granted, used_on) == (meant(used_on) <= meant(granted))
    assert touches(granted, used_on) == bool(meant(used_on) & meant(granted))


@given(GRANTED, GRANTED, USED_ON)
def test_more_markets_never_allow_less(granted, more, used_on):
    from aedile.console.accounts.actor import covers, touches

    for allows in (covers, touches):
        assert allows([*granted, *more], used_on) >= allows(granted, used_on)
