"""Does the kernel count numbers as NumPy does?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.engine import kernel, kernel_numpy


@given(st.lists(st.tuples(st.integers(-3, 6), st.booleans()), max_size=60))
def test_numbers_are_counted_and_those_with_a_flag_beside_them(pairs):
    numbers = np.array([number for number, _ in pairs], np.int32)
    flags = np.array([flag for _, flag in pairs], np.bool_)
    expected = [
        [sum(number == at for number, _ in pairs) for at in range(7)],
        [sum(number == at and flag for number, flag in pairs) for at in range(7)],
    ]
    for count in (kernel.count_numbers, kernel_numpy.count_numbers):
        assert [found.tolist() for found in count(numbers, flags, 7)] == expected


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=60), st.tuples(*[st.integers(0, 1)] * 5))
def test_pairs_are_counted_by_the_cell_of_their_owner_and_each_owner_once(pairs, cells):
    pairs = sorted(pairs, key=lambda pair: pair[0])
    owners, numbers = (np.array([pair[i] for pair in pairs], np.int64) for i in (0, 1))
    expected = [
        [[sum(cells[owner] == cell and number == at for owner, number in some) for at in range(4)] for cell in range(2)]
        for some in (set(pairs), pairs)
    ]
    for count in (kernel.count_pairs, kernel_numpy.count_pairs):
        assert count(owners, numbers, np.array(cells, np.int64), (2, 4)).tolist() == expected


@pytest.mark.skipif(kernel.compiled is None, reason="the kernel is not compiled on this machine")
@pytest.mark.parametrize(("owner", "number", "cell"), [(1, 0, 0), (0, 4, 0), (0, 0, 1), (-1, 0, 0), (0, -1, 0)])
def test_a_pair_that_nobody_has_is_refused(owner, number, cell):
    with pytest.raises(ValueError, match="outside"):
        kernel.count_pairs(np.array([owner]), np.array([number]), np.array([cell]), (1, 4))


@pytest.mark.skipif(kernel.compiled is None, reason="the kernel is not compiled on this machine")
def test_a_number_that_nobody_has_is_refused():
    with pytest.raises(ValueError, match="outside"):
        kernel.count_numbers(np.array([2], np.int32), np.ones(1, np.bool_), 2)
