"""What the tests of the benchmark share: tiny interactions with a known structure."""

from collections.abc import Callable, Sequence

import pyarrow as pa
import pytest

from benchmarks.baselines.registry import SYSTEMS, installed
from benchmarks.baselines.system import System
from models.data.interactions import Interactions

MakeInteractions = Callable[..., Interactions]


@pytest.fixture(scope="session")
def make_interactions() -> MakeInteractions:
    """Make interactions from words such as "a:xyz", a user and the items in order; one second lies between them."""

    def make(*words: str, ordered: bool = True, first_only: bool = True) -> Interactions:
        rows: Sequence[tuple[str, str, float]] = [
            (user, item, float(at))
            for user, _, items in (word.partition(":") for word in words)
            for at, item in enumerate(items)
        ]
        columns = {"user_id": [row[0] for row in rows], "item_id": [row[1] for row in rows]}
        times = {"timestamp": [row[2] for row in rows]} if ordered else {}
        return Interactions.from_table(pa.table({**columns, **times}), first_only=first_only)

    return make


@pytest.fixture(scope="session")
def checkerboard(make_interactions: MakeInteractions) -> Interactions:
    """Even users had the even items, odd users the odd ones; each lacks the item of its own number."""
    names = "abcdefghijkl"
    return make_interactions(
        *(
            f"u{user:02d}:" + "".join(item for at, item in enumerate(names) if at % 2 == user % 2 and at != user)
            for user in range(len(names))
        )
    )


@pytest.fixture
def system(request: pytest.FixtureRequest) -> System:
    """Give the system of a name, where it is installed."""
    found = next(system for system in SYSTEMS if system.name == request.param)
    if found.package is not None and installed(found.package) is None:
        pytest.skip(f"{found.package} is not installed: pip install 'braid-recommender[bench]'")
    return found
