import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.bundle.errors import BundleError
from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore
from models.recommenders.number_bins import MAX_FIELDS, NumberBins

TEN = {"price": [float(number) for number in range(11)], "same": [7.0, 7.0]}


def product(bins: NumberBins, one: float, other: float) -> float:
    left, right = (dict(bins.encode([("price", number)])) for number in (one, other))
    return sum(share * right.get(bin_, 0.0) for bin_, share in left.items())


def test_a_number_belongs_to_the_bins_beside_it() -> None:
    bins = NumberBins.fit(TEN, 11)
    assert bins.middles.tolist() == list(range(11))
    assert bins.encode([("price", 3.0)]) == [(3, 1.0)]
    assert dict(bins.encode([("price", 2.25)])) == pytest.approx({2: 0.75**0.5, 3: 0.5})
    assert bins.encode([("price", -5.0), ("unknown", 1.0)]) == [(0, 1.0)]
    assert bins.encode([("price", 1e308)]) == [(10, 1.0)]


def test_a_field_that_is_the_same_everywhere_gets_no_bins() -> None:
    bins = NumberBins.fit(TEN, 11)
    assert len(bins.fields) == 1
    assert bins.encode([("same", 7.0)]) == []


def test_of_several_numbers_of_a_field_each_counts_once_in_a_bin() -> None:
    bins = NumberBins.fit(TEN, 11)
    assert dict(bins.encode([("price", 2.0), ("price", 2.5), ("price", 9.0)])) == pytest.approx(
        {2: 1.0, 3: 0.5**0.5, 9: 1.0}
    )


def test_bins_lie_where_the_numbers_are() -> None:
    bins = NumberBins.fit({"price": [1.0] * 50 + [2.0] * 49 + [1000.0]}, 5)
    assert bins.middles.tolist() == [1.0, 2.0, 1000.0]


def test_large_catalogues_get_narrower_bins() -> None:
    assert len(NumberBins.fit({"price": np.arange(60_000.0).tolist()}, 10)) == 30


def test_the_fields_of_most_items_are_kept() -> None:
    numbers = {f"f{field:02d}": [float(value) for value in range(100 - field)] for field in range(MAX_FIELDS + 5)}
    kept = NumberBins.fit(numbers, 3).fields
    assert [kept[code] for code in range(len(kept))] == [f"f{field:02d}" for field in range(MAX_FIELDS)]


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(finite, min_size=2, max_size=30), st.integers(2, 12), finite, finite)
@example([5e-324, -2.3e-311], 2, 0.0, 0.0)
def test_equal_numbers_are_alike_and_none_more_than_they(
    numbers: list[float], count: int, one: float, other: float
) -> None:
    bins = NumberBins.fit({"price": numbers}, count)
    if min(numbers) == max(numbers):
        assert len(bins) == 0
        return
    assert product(bins, one, one) == pytest.approx(1.0)
    assert -1e-9 <= product(bins, one, other) <= 1.0 + 1e-9
    nearer = (one + other) / 2 if abs(one) < 1e300 > abs(other) else one
    assert product(bins, one, nearer) >= product(bins, one, other) - 1e-6


@pytest.mark.parametrize(
    ("name", "damaged"),
    [
        ("n_bin_offsets", np.array([0, 11, 11], dtype=np.int64)),
        ("n_bin_offsets", np.array([0, 5], dtype=np.int64)),
        ("n_bins", np.empty(0, dtype=np.float64)),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(
    store: BundleStore, name: str, damaged: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> None:
    manifest = Manifest(version="v1", data={}, settings={}, metrics={}, protocol="random")
    bundle = store.publish(manifest, NumberBins.fit(TEN, 11).arrays("n") | {name: damaged})
    with pytest.raises(BundleError):
        NumberBins.load(bundle, "n")
