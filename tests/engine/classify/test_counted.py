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


@pytest.mark.skipif(kernel.compiled is None, reason="the kernel is not compiled on this machine")
def test_a_number_that_nobody_has_is_refused():
    with pytest.raises(ValueError, match="outside"):
        kernel.count_numbers(np.array([2], np.int32), np.ones(1, np.bool_), 2)
