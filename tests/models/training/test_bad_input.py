"""Whatever the data, an evaluation ends with finite numbers or says what is wrong."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from models.bundle.store import BundleStore
from models.data.errors import DataSetError
from models.data.events import EVENT_WEIGHTS
from models.data.folder import DataSet
from models.data.folder_reader import read_folder
from models.data.goal import Goal
from models.data.progress import silent
from models.evaluation.report import EvaluationReport
from models.ranking.network_config import NetworkConfig
from models.ranking.ranker import Ranker
from models.training.evaluate import evaluate
from models.training.evaluation_config import EvaluationConfig
from models.training.recipe import Recipe
from models.training.trainer import train
from tests.models.conftest import Recommend

Row = tuple[object, ...]
MakeTable = Callable[[list[Row]], pa.Table]
Run = Callable[..., EvaluationReport]
QUICK = NetworkConfig(members=1, epochs=2)
EVERY = ["leave-last-out", "temporal", "random"]


def numbers(tree: Any) -> Iterator[float]:
    if isinstance(tree, dict | list):
        for branch in tree.values() if isinstance(tree, dict) else tree:
            yield from numbers(branch)
    elif isinstance(tree, int | float):
        yield tree


def checked(report: EvaluationReport) -> EvaluationReport:
    """See that every number of a report is one, and every share within its bounds."""
    written = json.loads(report.to_json())
    assert all(math.isfinite(number) for number in numbers(written))
    for part, values in report.metrics.items():
        for name, value in values.items():
            most = {"novelty": math.inf, "rating": 5.0}.get(name.partition("@")[0], 1.0)
            assert 0 <= value <= most, (part, name)
    return report


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def evaluated(interactions: pa.Table, **options: Any) -> EvaluationReport:
        parts = {name: options.pop(name) for name in ("test", "candidates", "items") if name in options}
        given: dict[str, Any] = {"ks": (2, 5), "with_network": False, "budget": 0.0} | options
        return checked(
            evaluate(DataSet(interactions, **parts), tmp_path, EvaluationConfig(**given), progress=silent).report
        )

    return evaluated


@pytest.fixture
def round_trips(table: MakeTable) -> pa.Table:
    """Eight users who go round the same ten items, six steps each."""
    return table([(f"u{user}", f"i{(user + at) % 10}", float(at)) for user in range(8) for at in range(6)])


def test_one_user_is_measured(run: Run, table: MakeTable) -> None:
    report = run(table([("a", f"i{at}", float(at)) for at in range(5)]), budget=None)
    assert (report.counts["users"], report.counts["test_users"]) == (1, 1)
    # Nobody else had the last item, so it is one of the two left, and all that is left is listed.
    assert report.metrics["braid"]["recall@5"] == 1.0
    assert report.metrics["popularity"]["recall@5"] == 1.0


def test_one_user_of_two_interactions_is_too_few(run: Run, table: MakeTable) -> None:
    with pytest.raises(DataSetError, match=r"too few for a leave-last-out split: .* \(2 interactions of 1 users\)"):
        run(table([("a", "x", 1.0), ("a", "y", 2.0)]))


@pytest.mark.parametrize("protocol", ["leave-last-out", "random"])
def test_one_item_alone_is_too_few(run: Run, table: MakeTable, protocol: str) -> None:
    rows: list[Row] = [(f"u{user}", "x", float(at)) for user in range(4) for at in range(5)]
    with pytest.raises(DataSetError, match=r"the \w+ set has no user \(4 interactions of 4 users\)"):
        run(table(rows), protocol=protocol)


@pytest.mark.parametrize("protocol", EVERY)
def test_one_item_alone_is_found_again_where_seen_items_count(run: Run, table: MakeTable, protocol: str) -> None:
    rows: list[Row] = [(f"u{user}", "x", float(at)) for user in range(4) for at in range(20)]
    report = run(table(rows), protocol=protocol, include_seen=True)
    assert (report.counts["items"], report.counts["test_users"]) == (1, 4)
    assert report.metrics["braid"]["recall@2"] == report.metrics["repeats"]["recall@2"] == 1.0


@pytest.mark.parametrize("protocol", EVERY)
def test_nobody_with_two_interactions_is_too_few(run: Run, table: MakeTable, protocol: str) -> None:
    with pytest.raises(DataSetError, match=rf"too few for a {protocol} split: the (validation|test) set has no user"):
        run(table([(f"u{user}", f"i{user % 3}", float(user)) for user in range(40)]), protocol=protocol)


def test_users_who_share_no_item_are_measured(run: Run, table: MakeTable) -> None:
    report = run(table([(f"u{user}", f"i{user}-{at}", float(at)) for user in range(5) for at in range(4)]), budget=None)
    assert report.counts["test_users"] == 5
    assert report.metrics["braid"]["ndcg@2"] <= 0.5


def test_spaces_around_ids_are_no_part_of_them(run: Run, tmp_path: Path) -> None:
    """As in an import: who writes " a" and "a" means one user."""
    rows = [f"{user},{item}{at},{at}" for user in ("a", " a", "a ") for at, item in enumerate(("x", " x", "x ", "y"))]
    (tmp_path / "interactions.csv").write_text("\n".join(["user_id,item_id,timestamp", *rows, ""]))
    report = run(read_folder(tmp_path).interactions)
    assert (report.counts["users"], report.counts["items"]) == (1, 4)
    assert report.counts["interactions"] == 4


@pytest.mark.parametrize("moment", [0.0, 5.0, -7e11])
@pytest.mark.parametrize("protocol", ["leave-last-out", "random"])
def test_equal_timestamps_leave_the_order_of_the_file(
    run: Run, round_trips: pa.Table, protocol: str, moment: float
) -> None:
    column = pa.array([moment] * round_trips.num_rows)
    report = run(round_trips.set_column(2, "timestamp", column), protocol=protocol)
    assert report.counts["test_users"] == 8
    if protocol == "leave-last-out":
        # What came next in the file comes next.
        assert report.metrics["braid"]["recall@2"] == 1.0


def test_rows_of_one_time_are_not_told_apart_by_their_places(run: Run, round_trips: pa.Table) -> None:
    equal = round_trips.set_column(2, "timestamp", pa.array([1_700_000_000.0] * round_trips.num_rows))
    assert run(equal, protocol="random").counts["test_users"] == 8
    with pytest.raises(DataSetError, match="too few for a leave-last-out split"):
        run(equal, protocol="leave-last-out")


def test_equal_timestamps_cannot_be_cut_at_a_moment(run: Run, round_trips: pa.Table) -> None:
    equal = round_trips.set_column(2, "timestamp", pa.array([3.0] * round_trips.num_rows))
    with pytest.raises(DataSetError, match="column 'timestamp' spans 0 seconds"):
        run(equal, protocol="temporal")


def test_equal_timestamps_serve_a_fixed_test(run: Run, round_trips: pa.Table, table: MakeTable) -> None:
    equal = round_trips.set_column(2, "timestamp", pa.array([3.0] * round_trips.num_rows))
    report = run(equal, test=table([("u0", "i6"), ("u1", "i7")]))
    assert (report.protocol, report.counts["test_users"]) == ("fixed", 2)
    assert report.metrics["braid"]["recall@5"] == 1.0


def test_ratings_that_are_all_equal_say_as_much_as_none(run: Run, round_trips: pa.Table) -> None:
    plain = run(round_trips)
    for value in (0.0, 3.0, -1.0, math.nan):
        report = run(round_trips.append_column("value", pa.array([value] * round_trips.num_rows)))
        assert report.counts["rows_dropped"] == {}, value
        assert report.metrics == plain.metrics, value


def test_ratings_below_the_middle_are_dropped_and_counted(run: Run, round_trips: pa.Table) -> None:
    ratings = [1.0 if row % 6 == 0 else 4.0 + row % 2 for row in range(round_trips.num_rows)]
    report = run(round_trips.append_column("value", pa.array(ratings)))
    assert report.counts["rows_dropped"] == {"rating too low for a like": 8}
    scale = {"event_weights": EVENT_WEIGHTS, "half_lives": {}, "low": 1.0, "high": 5.0, "amounts": False, "unit": 1.0}
    assert report.settings["scale"] == scale
    assert 4.0 <= report.metrics["braid"]["rating@5"] <= 5.0
    assert all("rating@2" in values for values in report.metrics.values())


def test_enormous_values_give_numbers(run: Run, round_trips: pa.Table) -> None:
    values = [10.0 ** (row % 300) for row in range(round_trips.num_rows)]
    assert run(round_trips.append_column("value", pa.array(values)), budget=None).counts["test_users"] == 8


def test_unknown_users_and_items_of_a_fixed_test_are_counted(run: Run, round_trips: pa.Table, table: MakeTable) -> None:
    test = table([("u0", "i6"), ("u1", "never-seen"), ("stranger", "i1"), ("other", "never-heard-of")])
    report = run(round_trips, test=test)
    assert (report.counts["test_users"], report.counts["new_test_users"]) == (2, 2)
    assert report.counts["test_interactions"] == 2
    # Who is asked for an item that nobody had can only be offered it last.
    assert report.metrics["braid"]["recall@2"] == 0.5
    assert report.segments["no_history"]["users"] == 2


def test_a_fixed_test_of_unknown_users_alone_is_refused(run: Run, round_trips: pa.Table, table: MakeTable) -> None:
    with pytest.raises(DataSetError, match=r"^test: no user has both interactions and a test item that is new"):
        run(round_trips, test=table([("stranger", "i1")]))


def test_candidates_that_lack_the_target_are_a_miss(run: Run, round_trips: pa.Table, table: MakeTable) -> None:
    test = table([("u0", "i6"), ("u1", "i7")])
    candidates = table([("u0", "i8"), ("u0", "i9"), ("u1", "i7"), ("u1", "i9")])
    report = run(round_trips, test=test, candidates=candidates)
    assert report.counts["test_users"] == 2
    for name, values in report.metrics.items():
        assert values["recall@2"] == values["hit_rate@5"] == 0.5, name


def test_candidates_of_unknown_items_and_users_are_passed_over(
    run: Run, round_trips: pa.Table, table: MakeTable
) -> None:
    candidates = table([("u0", "i6"), ("u0", "never-seen"), ("stranger", "i1"), ("u0", "i0")])
    report = run(round_trips, test=table([("u0", "i6")]), candidates=candidates)
    assert report.metrics["braid"]["recall@2"] == 1.0


def test_rows_that_cannot_be_used_are_counted_and_the_rest_is_measured(run: Run, round_trips: pa.Table) -> None:
    broken = pa.table(
        {"user_id": [None, "u0", "", "u1"], "item_id": ["x", None, "x", "x"], "timestamp": [1.0, 1.0, 1.0, math.inf]}
    )
    report = run(pa.concat_tables([broken, round_trips]))
    assert report.counts["rows_dropped"] == {"no user_id": 2, "no item_id": 1, "no finite timestamp": 1}
    assert report.counts["interactions"] == 48


@pytest.mark.parametrize(
    "rows",
    [
        [("a", f"i{at}", float(at)) for at in range(6)],
        [(f"u{user}", f"i{(user + at) % 5}", 9.0) for user in range(4) for at in range(4)],
        [(f"u{user}", f"i{(user + at) % 5}") for user in range(4) for at in range(4)],
    ],
    ids=["one user", "equal timestamps", "no order"],
)
def test_training_publishes_a_bundle_of_finite_numbers(
    store: BundleStore, table: MakeTable, rows: list[Row], recommend: Recommend
) -> None:
    bundle = train(DataSet(table(rows)), store, recipe=Recipe(network=QUICK, budget=1e-3), progress=silent)
    assert all(math.isfinite(number) for number in numbers(bundle.manifest.metrics))
    found = recommend(Ranker.load(bundle), ["i0", "i1"], limit=3, exclude=["i0"])
    assert len(found) == 3
    assert all(math.isfinite(score) for _, score in found)


@pytest.mark.parametrize("rows", [[("a", "x", 1.0)], [(f"u{user}", "x", float(user)) for user in range(9)]])
def test_training_on_too_little_publishes_what_can_be_known(
    store: BundleStore, table: MakeTable, rows: list[Row]
) -> None:
    bundle = train(DataSet(table(rows)), store, recipe=Recipe(budget=0.0), progress=silent)
    assert bundle.manifest.gate is not None
    assert bundle.manifest.gate.passed
    assert "too few" in bundle.manifest.metrics["unmeasured"]
    assert Ranker.load(bundle).item_ids.tolist() == [b"x"]


def acts(*kinds: str) -> pa.Table:
    """Thirty users with twelve acts each, of these types in turn."""
    rows = [
        (f"u{user}", f"i{(user + at) % 12}", kinds[at % len(kinds)], float(at))
        for user in range(30)
        for at in range(12)
    ]
    names = ("user_id", "item_id", "event_type", "timestamp")
    return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def test_a_goal_that_no_row_has_names_the_types_that_there_are(run: Run) -> None:
    with pytest.raises(DataSetError, match="no row reaches the goal 'purchase': the event types are cart, view"):
        run(acts("view", "cart"), goal="purchase")


@pytest.mark.parametrize(
    ("kinds", "goal"),
    [(("view", "cart"), None), (("view", "cart"), "cart"), (("purchase",), None), (("purchase",), "purchase")],
    ids=["carts without purchases", "carts as the goal", "one type", "one type as the goal"],
)
def test_logs_without_a_funnel_are_measured(run: Run, kinds: tuple[str, ...], goal: str | None) -> None:
    report = run(acts(*kinds), goal=goal)
    assert report.goal == goal
    assert report.counts["test_users"] == 30


def test_an_event_type_that_is_renamed_between_trainings(store: BundleStore) -> None:
    first = train(DataSet(acts("view", "purchase")), store, recipe=Recipe(goal="purchase", budget=0.0), progress=silent)
    store.activate(first.version)
    renamed = DataSet(acts("view", "order"))
    types = EVENT_WEIGHTS | {"order": 1.0}
    refresh = Recipe(kind="refresh", event_types=types, budget=0.0)
    with pytest.raises(DataSetError, match="no row reaches the goal 'purchase': the event types are order, view"):
        train(renamed, store, recipe=refresh, source=first, progress=silent)
    # Without a weight its rows are named and left out; with one and a goal it takes the place of the old one.
    unknown = train(renamed, store, recipe=Recipe(budget=0.0), progress=silent)
    assert unknown.manifest.data["rows_dropped"] == {
        "event type without a weight ('order'; BRAID_EVENT_TYPES can give one)": 180
    }
    again = train(renamed, store, recipe=Recipe(goal="order", event_types=types, budget=0.0), progress=silent)
    assert Ranker.load(again).goal == Goal.parse("order")
