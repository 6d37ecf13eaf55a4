"""Rules on lists of any items: nothing is lost or there twice, and what they promise holds."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.ranking.rules import expose, pin

PINS = st.lists(
    st.tuples(st.integers(1, 30), st.integers(0, 40)), max_size=6, unique_by=(lambda one: one[0], lambda one: one[1])
)
CODES = st.lists(st.integers(0, 40), unique=True, max_size=25)


@given(
    CODES,
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 40)), max_size=6, unique_by=(lambda p: p[0], lambda p: p[1])),
)
def test_pins_stand_where_they_should_and_the_others_keep_their_order(
    codes: list[int], pins: list[tuple[int, int]]
) -> None:
    scores = np.linspace(1, 0, len(codes), dtype=np.float32)
    items, found = pin(np.array(codes, dtype=np.int32), scores, pins)
    listed, pinned = items.tolist(), {code for _, code in pins}
    assert sorted(listed) == sorted({*codes, *pinned})
    assert len(found) == len(listed)
    assert [code for code in listed if code not in pinned] == [code for code in codes if code not in pinned]
    others = len([code for code in codes if code not in pinned])
    for number, (position, code) in enumerate(sorted(pins)):
        assert listed.index(code) == min(position - 1, others + number)
    before = dict(zip(codes, scores.tolist(), strict=True))
    assert all(
        score == before.get(code, scores[0] if codes else 0.0) for code, score in zip(listed, found, strict=True)
    )


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 30), st.floats(0, 1))
def test_new_items_get_their_share_and_nothing_is_lost(new: list[bool], limit: int, share: float) -> None:
    is_new = np.array(new, dtype=bool)
    places = expose(is_new, limit, share)
    assert sorted(places.tolist()) == list(range(len(new)))
    first = is_new[places[:limit]].sum()
    assert first >= min(int(limit * share), is_new.sum())
    # Items that are not new keep their order.
    assert (np.diff(places[~is_new[places]]) > 0).all()
