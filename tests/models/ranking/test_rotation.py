"""What was shown several times and passed over sinks."""

import numpy as np
import pytest

from models.data.history import SECONDS_A_DAY
from models.data.holdout import Holdout, Ragged
from models.data.impressions import NO_SHOWS, Impressions, Shows
from models.data.interactions import Interactions
from models.ranking.rotation import NO_ROTATION, LoggedRotation, RotationConfig, lowered

ITEMS = np.array([7, 3, 5], np.int32)
SCORES = np.array([4.0, 2.0, 0.0], np.float32)
HALF = RotationConfig(weight=0.5, half_life=2.0)


def test_an_item_sinks_by_a_share_of_the_range() -> None:
    shows = Shows(np.array([7, 7, 7, 5, 1, 1], np.int32), np.zeros(6))
    assert lowered(ITEMS, SCORES, shows, 0.0, HALF) == pytest.approx([-1.5, 0.0, 0.0])
    later = lowered(ITEMS, SCORES, shows, 2 * SECONDS_A_DAY, HALF)
    assert later == pytest.approx([-2.0 * (1 - 2**-0.5), 0.0, 0.0])
    assert lowered(ITEMS, SCORES, shows, 9 * SECONDS_A_DAY, HALF) is None


def test_nothing_changes_without_shows_or_weight_or_shows_of_the_list() -> None:
    twice = Shows(np.array([7, 7], np.int32), np.zeros(2))
    assert lowered(ITEMS, SCORES, NO_SHOWS, 0.0, HALF) is None
    assert lowered(ITEMS, SCORES, twice, 0.0, NO_ROTATION) is None
    assert lowered(ITEMS[1:], SCORES[1:], twice, 0.0, HALF) is None
    assert lowered(ITEMS[:0], SCORES[:0], twice, 0.0, HALF) is None
    assert HALF.asked(None) is HALF
    assert HALF.asked(0.25) == RotationConfig(weight=0.25, half_life=2.0)


def test_a_logged_request_knows_what_was_shown_before_its_visit() -> None:
    begin = 1_750_000_000.0
    users, items = np.zeros(2, np.int32), np.array([0, 1], np.int32)
    ids = np.array([b"a", b"b", b"c"])
    source = Interactions(ids[:1], ids, users, items, np.array([begin, begin + 100_000.0]))
    request = Holdout(
        users[:1],
        source,
        Ragged(np.array([0, 1]), items[1:]),
        stops=np.array([1]),
        moments=np.array([begin + 100_000.0]),
    )
    times = begin + np.array([10.0, 20.0, 30.0, 99_990.0, 99_995.0])
    shown = np.array([2, 2, 1, 1, 1], np.int32)
    impressions = Impressions(np.zeros(5, np.int32), shown, times, np.full(5, np.nan), 3)
    rotation = LoggedRotation(impressions, HALF, pause=1800.0)
    history = request.history(0)
    every, scores = np.arange(3, dtype=np.int32), np.array([0.0, 2.0, 1.0], np.float32)
    found = rotation.rotated(request, 0, history, every, scores)
    # Item 1 was shown once; its later shows led to the interaction that is asked about.
    assert found[:2].tolist() == [0.0, 2.0]
    assert 0.5 < found[2] < 1.0
    anonymous = Holdout(request.users, source, request.targets, moments=request.moments, anonymous=True)
    assert rotation.rotated(anonymous, 0, history, every, scores) is scores
