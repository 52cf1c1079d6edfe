"""Does `aedile conflicts` show what contradicts what, with witnesses and owners?"""

from __future__ import annotations

from tests.cli.conftest import Market, run


def test_a_certain_conflict_is_told_with_owners_and_a_witness_of_what_is_asked(market: Market):
    market.write_strategy("acme-exclude", 'tier: safety\npolicy: P\ncondition: item.brand == "Acmé"\naction: exclude')
    told = run("conflicts", *market.world)
    assert told.code == 0
    line = next(line for line in told.out.splitlines() if "acme-exclude (of team-a) excludes what acme-boost" in line)
    assert line.startswith("  contradiction: ")
    after = told.out.split(line)[1].splitlines()[1]
    assert 'item.brand = "Acmé"' in after
    assert "item.price" not in after


def test_json_has_every_conflict_with_its_witness(market: Market):
    market.write_strategy("acme-exclude", 'tier: safety\npolicy: P\ncondition: item.brand == "Acmé"\naction: exclude')
    told = run("conflicts", *market.world, *market.entities, "--format", "json").json
    found = {(one["kind"], one["first"], one["second"]): one for one in told["conflicts"]}
    conflict = found["contradiction", "acme-exclude", "acme-boost"]
    assert conflict["certain"] is True
    assert conflict["owners"] == ["team-a", "team-a"]
    assert conflict["witness"]["request"]["market"] == "ID"


def test_strict_exits_with_3_only_where_a_conflict_is_certain(market: Market):
    for path in (market.folder / "strategies").iterdir():
        if path.stem not in ("cheap-demote", "young-seller-refer"):
            path.unlink()
    assert run("conflicts", *market.world, "--strict").code == 0
    market.write_strategy("never", "tier: growth\ncondition: item.price < 1.0 && item.price > 2.0\naction: exclude")
    told = run("conflicts", *market.world, "--strict", "--format", "json")
    assert told.code == 3
    assert [(one["kind"], one["first"]) for one in told.json["conflicts"] if one["certain"]] == [("dead", "never")]
    assert run("conflicts", *market.world).code == 0
