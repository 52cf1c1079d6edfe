"""Does the benchmark notice wrong answers, and does it extrapolate honestly?"""

import time

import numpy as np
import pytest

from bench.measure import (
    Answer,
    DisagreementError,
    Reference,
    batch_by_peer,
    measure_batch,
    measure_requests,
    requests_by_peer,
)
from bench.peers.base import Clock, Counts
from bench.peers.numpy_columns import NumpyPeer
from bench.run import main
from bench.workload import make_cases, make_catalogue, make_requests

ITEMS = 1_000


@pytest.fixture(scope="module")
def catalogue():
    return make_catalogue(ITEMS)


@pytest.fixture(scope="module")
def requests():
    return make_requests(8, ITEMS, candidates=50)


@pytest.fixture
def reference(catalogue):
    return Reference(make_cases(30), catalogue)


def test_one_wrong_bit_in_a_request_ends_the_run(reference, requests, catalogue):
    right = requests_by_peer(NumpyPeer(), reference.cases, catalogue)

    def wrong(request, clock):
        answer = right(request, clock)
        bits = answer.bits.copy()
        bits[7, 3] ^= True
        return Answer(bits, answer.numbers, answer.share)

    measure_requests("right", right, requests, reference, 60.0)
    with pytest.raises(DisagreementError, match=r"liar on .*request-000002"):
        measure_requests("liar", wrong, requests, reference, 60.0)


def test_one_match_too_many_in_a_batch_ends_the_run(reference, requests, catalogue):
    right = batch_by_peer(NumpyPeer(), reference.cases, catalogue)

    def wrong(request, clock):
        counts = right(request, clock)
        return Counts(counts.counts + (np.arange(30) == 4), counts.rows)

    measure_batch("right", right, requests[0], reference, 60.0)
    with pytest.raises(DisagreementError, match=f"liar counts .* {reference.cases[4].id}"):
        measure_batch("liar", wrong, requests[0], reference, 60.0)


def test_a_request_cut_short_is_extrapolated_and_says_so(reference, requests, catalogue):
    right = requests_by_peer(NumpyPeer(), reference.cases, catalogue)

    def slow(request, clock):
        whole = right(request, Clock(60))
        with clock.running():
            time.sleep(0.02)
        return Answer(whole.bits[:10], whole.numbers, 10 / len(whole.bits))

    cell = measure_requests("slow", slow, requests, reference, 0.01)
    assert cell.cut_short
    assert len(cell.seconds) == 1
    assert cell.seconds[0] == pytest.approx(0.02 * 5, rel=0.5)


def test_whole_requests_are_not_called_cut_short_for_the_part_that_came_after(reference, requests, catalogue):
    right = requests_by_peer(NumpyPeer(), reference.cases, catalogue)
    answered = []

    def tiring(request, clock):
        whole = right(request, clock)
        answered.append(request)
        return whole if len(answered) <= 4 else Answer(whole.bits[:1], whole.numbers, 1 / len(whole.bits))

    cell = measure_requests("tiring", tiring, requests, reference, 60.0)
    assert not cell.cut_short
    assert len(cell.seconds) == 2  # of the four whole ones two were practice


def test_a_batch_cut_short_is_compared_on_the_rows_it_did(reference, requests, catalogue):
    part = {name: column.slice(0, 400) for name, column in catalogue.items()}
    some_rows = batch_by_peer(NumpyPeer(), reference.cases, part)
    cell = measure_batch("slow", some_rows, requests[0], reference, 60.0)
    assert cell.cut_short
    assert (cell.rows, cell.compared) == (400, 400 * 30)


def test_the_command_prints_one_table_and_that_all_agree(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("bench.run.use_one_core", lambda: None)
    written = tmp_path / "bench.json"
    engines = "numpy,polars,duckdb,zen-engine"
    status = main(["--sizes", "10", "--items", "1000", "--budget", "0.2", "--engines", engines, "--json", str(written)])
    printed = capsys.readouterr().out
    assert status == 0
    assert "Checked: 4 engines agree in all 7 cells" in printed
    assert all(engine in printed for engine in engines.split(","))
    assert '"bits_compared"' in written.read_text()


def test_an_engine_that_is_not_there_is_refused_by_name(capsys):
    with pytest.raises(SystemExit):
        main(["--engines", "drools"])
    assert "there is no 'drools'" in capsys.readouterr().err
