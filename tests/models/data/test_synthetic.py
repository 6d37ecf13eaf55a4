import numpy as np
import pytest

from models.data.folder import DataSet
from models.data.interactions import Interactions
from models.data.synthetic import generate


def groups_by_user(dataset: DataSet, groups: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Count the interactions of each user in each taste group."""
    assert dataset.items is not None
    names = dataset.items["item_id"].to_pylist()
    group_of = {
        item: int(kinds[0][6:]) for item, kinds in zip(names, dataset.items["categories"].to_pylist(), strict=True)
    }
    users = {name: row for row, name in enumerate(sorted(set(dataset.interactions["user_id"].to_pylist())))}
    counts = np.zeros((len(users), groups))
    for row in dataset.interactions.to_pylist():
        counts[users[row["user_id"]], group_of[row["item_id"]]] += 1
    return counts


def test_sizes_are_as_asked() -> None:
    found = generate(20, 30, 500, seed=1)
    assert found.interactions.num_rows == 500
    assert found.items is not None
    assert found.items.num_rows == 30
    assert len(set(found.interactions["user_id"].to_pylist())) == 20
    assert set(found.interactions["item_id"].to_pylist()) <= set(found.items["item_id"].to_pylist())


def test_the_least_sizes_give_one_interaction() -> None:
    (row,) = generate(1, 1, 1).interactions.to_pylist()
    assert (row["user_id"], row["item_id"], row["event_type"]) == ("u0", "i0", "view")


def test_every_user_has_an_interaction_even_when_there_are_no_more() -> None:
    assert sorted(generate(7, 5, 7).interactions["user_id"].to_pylist()) == [f"u{code}" for code in range(7)]


def test_the_same_seed_gives_the_same_data_and_another_gives_other() -> None:
    first, again, other = (generate(20, 30, 200, seed=seed) for seed in (4, 4, 5))
    assert first.interactions.equals(again.interactions)
    assert first.items is not None
    assert first.items.equals(again.items)
    assert not first.interactions.equals(other.interactions)


def test_rows_run_from_oldest_to_newest_within_about_a_year() -> None:
    times = generate(50, 20, 500).interactions["timestamp"].to_numpy()
    assert (np.diff(times) >= 0).all()
    assert times.min() >= 1_750_000_000
    assert times.max() < 1_750_000_000 + 2 * 365 * 86_400


def test_users_stay_mostly_in_one_taste_group() -> None:
    counts = groups_by_user(generate(60, 40, 6000, seed=2, groups=4), 4)
    favourite = counts.max(axis=1).sum() / counts.sum()
    assert favourite > 0.7
    assert len(set(counts.argmax(axis=1).tolist())) == 4


def test_some_items_are_far_more_popular_than_most() -> None:
    found = Interactions.from_table(generate(200, 100, 20_000, seed=3, groups=1).interactions, first_only=False)
    counts = np.sort(np.bincount(found.items, minlength=found.n_items))[::-1]
    assert counts[:10].sum() > 2.5 * counts[45:55].sum()


def test_the_next_item_in_line_follows_often() -> None:
    found = Interactions.from_table(generate(100, 50, 10_000, seed=3, groups=1).interactions, first_only=False)
    same = np.diff(found.users) == 0
    steps = np.diff(found.items)[same] % 50
    counts = np.bincount(steps, minlength=50)
    assert counts[1] > 3 * np.delete(counts, 1).max()


@pytest.mark.parametrize(
    ("users", "items", "interactions", "groups"),
    [(0, 1, 1, None), (1, 0, 1, None), (5, 5, 4, None), (-1, 5, 5, None), (5, 5, 9, 0), (5, 5, 9, -1), (5, 2, 9, 3)],
)
def test_impossible_sizes_are_refused(users: int, items: int, interactions: int, groups: int | None) -> None:
    with pytest.raises(ValueError, match="at least"):
        generate(users, items, interactions, groups=groups)
