"""Membership of codes among others."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.arrays.membership import among

CODES = st.lists(st.integers(-1, 12), max_size=9).map(lambda codes: np.array(codes, dtype=np.int32))


@given(codes=CODES, others=CODES)
def test_a_code_is_among_others_if_one_is_equal(codes: np.ndarray, others: np.ndarray) -> None:
    assert among(codes, others).tolist() == [code in others.tolist() for code in codes.tolist()]
