"""Measures of deviations compare low ratings as well as likes."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.data.cleaning import clean
from models.data.folder import DataSet
from models.data.interactions import Interactions
from models.data.splitting import Split, make_split
from models.recommenders.item_knn import ItemKNN, ItemKNNConfig
from models.recommenders.recommender import TrainingData

Row = tuple[str, str, float, float]


def split(rows: list[Row], **options: Any) -> Split:
    columns = map(list, zip(*rows, strict=True))
    table = pa.table(dict(zip(("user_id", "item_id", "value", "timestamp"), columns, strict=True)))
    kept, report = clean(table)
    return make_split(DataSet(table), kept, scale=report.scale, disliked=report.disliked, **options)


@pytest.fixture
def rated() -> list[Row]:
    """Eight users agree on `a` and `twin`; of those who love `a` and of the others, half love `chance`."""
    rows: list[Row] = []
    for user in range(8):
        of_a, of_chance = (5.0 if user < 4 else 1.0), (5.0 if user % 2 else 1.0)
        mine = {"a": of_a, "twin": of_a - 0.5 if of_a > 3 else 1.5, "chance": of_chance, "x": 5.0, "y": 4.0, "z": 3.5}
        rows += [(f"u{user}", item, value, float(at)) for at, (item, value) in enumerate(mine.items())]
    # Users who know none of these, so that shared likes are more than chance.
    return rows + [(f"v{user}", item, 5.0, float(at)) for user in range(8) for at, item in enumerate("pqr")]


def neighbours(everything: Interactions, measure: str, item: str) -> set[str]:
    part = ItemKNN.fit(TrainingData(everything), ItemKNNConfig.model_validate({"measure": measure}))
    columns, _ = part.rows.row(everything.item_ids.tolist().index(item.encode()))
    return {everything.item_ids[column].decode() for column in columns}


@pytest.mark.parametrize("measure", ["pearson", "adjusted_cosine"])
def test_what_the_same_users_love_and_turn_down_is_similar_and_what_they_disagree_on_is_not(
    rated: list[Row], measure: str
) -> None:
    everything = split(rated).everything
    found = neighbours(everything, measure, "a")
    assert "twin" in found
    assert "chance" not in found


@pytest.mark.parametrize("measure", ["cosine", "cooccurrence", "jaccard", "euclidean"])
def test_other_measures_compare_likes_alone(rated: list[Row], measure: str) -> None:
    everything = split(rated).everything
    likes = replace(everything, low=None)
    one, other = (
        ItemKNN.fit(TrainingData(each.raised(0.0)), ItemKNNConfig.model_validate({"measure": measure})).rows
        for each in (everything, likes)
    )
    assert one.indices.tolist() == other.indices.tolist()


def test_a_part_knows_the_low_ratings_before_its_end_and_of_its_users(rated: list[Row]) -> None:
    late = [*rated, ("u0", "p", 1.0, 99.0), ("u0", "q", 1.0, 0.5), ("u0", "q", 2.0, 0.6), ("u1", "x", 1.0, 0.2)]
    found = split(late)
    codes = {name: found.everything.item_ids.tolist().index(name.encode()) for name in ("p", "q", "x")}

    def low(part: Interactions, user: int) -> dict[int, float]:
        assert part.low is not None
        mine = part.low.users == user
        return dict(zip(part.low.items[mine].tolist(), part.low.strengths[mine].tolist(), strict=True))

    first, second = (found.everything.user_ids.tolist().index(name) for name in (b"u0", b"u1"))
    assert codes["p"] in low(found.everything, first)
    assert codes["p"] not in low(found.train, first)
    # The later of two ratings stands, between the lowest and those of likes; what was liked in the end is not low.
    assert 0.05 < low(found.train, first)[codes["q"]] < 0.5
    assert codes["x"] not in low(found.everything, second)
    only = found.everything.select(found.everything.users != first)
    assert low(only, first) == {}
    assert low(only, second) == low(found.everything, second)


def test_low_strengths_continue_the_scale_of_likes() -> None:
    scale = clean(pa.table({"user_id": ["u"] * 5, "item_id": list("abcde"), "value": [1.0, 2.0, 3.0, 4.0, 5.0]}))[
        1
    ].scale
    low = scale.low_strengths(np.array([1.0, 2.0, np.nan]))
    assert low.tolist() == pytest.approx([0.05, 0.275, 0.05])
    assert low.max() < scale.strengths(np.array([3.0])).min()
