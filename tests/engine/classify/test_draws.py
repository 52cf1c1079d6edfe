"""Does the kernel draw canaries as Python does?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.engine import kernel, kernel_numpy
from aedile.engine.draw import least_outside, prefix

SHARES = st.sampled_from([0.0, 1.0, 0.5, 2.0**-64, 1 - 2.0**-53]) | st.floats(0, 1)
IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).filter(lambda id_: len(id_.encode()) <= 128)


@pytest.mark.skipif(kernel.compiled is None, reason="the kernel is not compiled on this machine")
@given(draws=st.lists(st.tuples(IDS, SHARES), min_size=1, max_size=6), unit=IDS | st.none(), seed=st.integers(0, 99))
def test_the_kernel_rules_out_the_same_clauses(draws, unit, seed):
    rng = np.random.default_rng(seed)
    clauses = rng.integers(0, 2**63, (len(draws), 3), dtype=np.uint64) & rng.integers(0, 2**63, 3, dtype=np.uint64)
    mask = rng.integers(0, 2**63, 3, dtype=np.uint64)
    bounds = [(prefix(id_), least_outside(share)) for id_, share in draws]
    by_kernel, by_numpy = mask.copy(), mask.copy()
    id_ = None if unit is None else unit.encode()
    kernel.narrow(by_kernel, clauses, bounds, id_)
    kernel_numpy.narrow(by_numpy, clauses, bounds, id_)
    assert by_kernel.tolist() == by_numpy.tolist()


def test_a_unit_longer_than_the_kernel_hashes_is_drawn_all_the_same():
    mask = np.array([3], np.uint64)
    clauses = np.array([[1], [2]], np.uint64)
    kernel.narrow(mask, clauses, [(prefix("a"), least_outside(1.0)), (prefix("b"), least_outside(0.0))], b"u" * 999)
    assert mask.tolist() == [1]
