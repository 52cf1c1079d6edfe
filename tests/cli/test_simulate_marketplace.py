"""Does `simulate marketplace` write what it says, into folders or an installation, and refuse what would mix?"""

from __future__ import annotations

import pyarrow.parquet as pq

from aedile.simulator.parameters import World, from_yaml
from aedile.store.home import Home
from aedile.store.pseudonyms import Pseudonyms
from tests.cli.conftest import run

TINY = ("--items", 400, "--days", 1, "--exposures", 3000, "--processes", 1)


def test_it_writes_catalogue_facts_decisions_and_truth(tmp_path):
    told = run("simulate", "marketplace", "--out", tmp_path, *TINY, "--format", "json")
    assert told.code == 0
    assert told.json["entities"]["item"] == 400
    assert pq.read_metadata(tmp_path / "catalogue" / "item.parquet").num_rows == 400
    rows = sum(pq.read_metadata(path).num_rows for path in (tmp_path / "facts" / "exposures").rglob("*.parquet"))
    assert rows == told.json["facts"]["exposures"] > 500
    assert (tmp_path / "truth" / "incidents.json").exists()
    assert not list(tmp_path.rglob(".*"))
    again = run("simulate", "marketplace", "--out", tmp_path, *TINY, "--format", "json")
    assert (again.code, again.codes) == (2, ["AED-USE-066"])


def test_an_installation_gets_facts_and_decisions_under_its_own_pseudonyms(tmp_path):
    home = Home(tmp_path / "home").prepare()
    told = run("simulate", "marketplace", "--out", tmp_path / "made", "--into", home.root, *TINY, "--format", "json")
    assert told.code == 0
    assert not (tmp_path / "made" / "facts").exists()
    assert not (home.root / "truth").exists()
    files = sorted((home.facts / "exposures").rglob("*.parquet"))
    row = pq.read_table(files[0]).slice(0, 1).to_pylist()[0]
    shoppers = pq.read_table(tmp_path / "made" / "truth" / "shoppers.parquet")["id"].to_pylist()
    names = Pseudonyms(home.secrets)
    at = int(row["at"].timestamp() * 1e6)
    assert row["shopper"] in {names.of(shopper, at) for shopper in shoppers}
    assert sorted(path.name for path in home.decisions.iterdir()) == ["brief"]
    verified = run("facts", "verify", "--strict", "--home", home.root, "--format", "json")
    assert verified.code == 0
    assert verified.json["files"] == len(list(home.facts.rglob("sim-*.parquet")))


def test_it_must_be_said_where_to_write(tmp_path):
    for words in ((), ("--live", "--into", tmp_path, "--out", tmp_path)):
        told = run("simulate", "marketplace", *words, "--format", "json")
        assert (told.code, told.codes) == (2, ["AED-USE-009"])


def test_the_world_is_printed_with_its_defaults_and_read_again(tmp_path):
    printed = run("simulate", "world")
    assert printed.code == 0
    assert from_yaml(printed.out) == World()
    file = tmp_path / "world.yaml"
    file.write_text("items: 700\n")
    assert from_yaml(run("simulate", "world", "--world", file).out).items == 700
    file.write_text("itmes: 700\n")
    told = run("simulate", "world", "--world", file)
    assert told.code == 2
    assert "items" in told.err
    assert str(file) in told.err
    told = run("simulate", "marketplace", "--out", tmp_path / "x", "--start", "soon", "--format", "json")
    assert told.codes == ["AED-USE-065"]
