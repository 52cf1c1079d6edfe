"""Does the kernel find the flagged strategies that NumPy finds?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.engine import kernel, kernel_numpy


@given(flags=st.lists(st.booleans(), max_size=70), picks=st.lists(st.integers(0, 10**6), max_size=60))
def test_flagged_numbers_come_once_each_and_ascend(flags, picks):
    numbers = np.array([pick % len(flags) for pick in picks] if flags else [], np.int32)
    expected = sorted({number for number in numbers.tolist() if flags[number]})
    assert kernel_numpy.flagged(numbers, np.array(flags, np.bool_)) == expected
    assert kernel.flagged(numbers, np.array(flags, np.bool_)) == expected


@pytest.mark.skipif(kernel.compiled is None, reason="the kernel is not compiled on this machine")
@pytest.mark.parametrize("number", [-1, 2])
def test_a_number_without_a_flag_is_refused(number):
    with pytest.raises(ValueError, match="without a flag"):
        kernel.flagged(np.array([number], np.int32), np.zeros(2, np.bool_))
