"""Parts of the serving benchmark, without a server."""

import json
from pathlib import Path

import pytest

from benchmarks.load.errors import LoadError
from benchmarks.load.generated import INTERACTIONS_AN_ITEM, catalogue
from benchmarks.load.history import case_name
from benchmarks.load.machine import Cores, children_on, cores_for
from benchmarks.load.page import Found, to_json, to_markdown
from benchmarks.load.questions import FIRST_LIMIT, LAST_LIMIT, WARM_LIMIT, Questions, chosen
from benchmarks.load.rounds import CACHED, CEILING, UNCACHED, Case, Loaded, Options, Rounds
from benchmarks.load.server import Memory
from benchmarks.load.sizes import Size
from benchmarks.load.work import DATABASE, prepare
from benchmarks.load.wrk import Measured, read_output

ERRORS = {"status": 0, "connect": 0, "read": 0, "write": 0, "timeout": 0}
FOUND = {"requests": 1000, "microseconds": 2_000_000, "p50": 900, "p99": 4_200, "p99_9": 8_000, "taken": 1010}


def output(*, exhausted: int = 0, **errors: int) -> str:
    found = {**FOUND, "exhausted": exhausted, "errors": ERRORS | errors}
    return f"Running 2s test @ http://127.0.0.1\nRequests/sec:  500\n\nmeasured: {json.dumps(found)}\n"


def test_what_wrk_measured_is_read() -> None:
    assert read_output(output(), 0.5) == Measured(1000, 1010, 500.0, 0.9, 4.2, 8.0, 0.25)


@pytest.mark.parametrize("kind", ERRORS)
def test_any_error_fails_the_run_and_is_named(kind: str) -> None:
    with pytest.raises(LoadError, match=f"of 1000 requests went wrong: 7 {kind}"):
        read_output(output(**{kind: 7}), 0.5)


def test_repeated_requests_fail_the_run() -> None:
    with pytest.raises(LoadError, match="different requests"):
        read_output(output(exhausted=1), 0.5)


def test_what_wrk_says_instead_of_figures_is_passed_on() -> None:
    with pytest.raises(LoadError, match="unable to connect to 127"):
        read_output("unable to connect to 127.0.0.1:1 Connection refused\n", 0.0)


def test_no_two_questions_are_the_same_and_none_was_used_to_warm() -> None:
    questions, asked = Questions(["a", "b", "c"]), list[str]()
    everything = 3 * (LAST_LIMIT - FIRST_LIMIT + 1)
    while len(asked) < everything:
        paths = questions.next(5)
        assert paths[:2] == questions.next(2), "what was only looked at comes again"
        asked += paths
        questions.use_up(len(paths))
    assert len(set(asked)) == everything
    assert not any(path.endswith(f"limit={WARM_LIMIT}") for path in asked)
    assert [path.rpartition("=")[2] for path in asked] == sorted((p.rpartition("=")[2] for p in asked), key=int)
    with pytest.raises(LoadError, match="used up"):
        questions.next(1)


def test_a_few_users_are_drawn_without_repeats() -> None:
    users = [f"u{number}" for number in range(50)]
    assert len(set(chosen(users, 20))) == 20
    assert sorted(chosen(users, 100)) == sorted(users)


def test_one_worker_and_the_load_get_a_core_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3, 1, 2})
    assert cores_for(1, pin=True) == Cores(server=1, load=2)
    assert cores_for(2, pin=True) == cores_for(1, pin=False) == Cores()
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    assert cores_for(1, pin=True) == Cores()


def test_the_core_of_children_is_let_go_again(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[set[int]] = []
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr("os.sched_setaffinity", lambda _, cores: kept.append(cores))
    with children_on(1):
        assert kept == [{1}]
    assert kept == [{1}, {0, 1}]


def test_a_generated_catalogue_has_every_field_and_grows_in_proportion() -> None:
    small, large = catalogue(200), catalogue(600)
    assert small.items is not None
    assert large.items is not None
    assert small.items.column_names == ["item_id", "title", "categories", "tags", "price"]
    assert (small.items.num_rows, large.items.num_rows) == (200, 600)
    assert small.interactions.num_rows == 200 * INTERACTIONS_AN_ITEM
    rows = small.items.to_pylist()
    assert all(len(item["tags"]) == 3 and len(item["title"].split()) == 4 for item in rows)
    assert 20 < sum(item["price"] is not None for item in rows) < 60


def test_without_a_database_a_folder_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=f"{DATABASE}: there is no such database: name a data-set folder"):
        prepare(tmp_path / "work", None, say=print)


def loaded(rate: float, p50: float) -> Loaded:
    return Loaded(Measured(int(rate), int(rate), rate, p50, 2 * p50, 3 * p50, 0.25), server_cores=0.9)


def rounds(*cases: Case, workers: int = 1) -> Rounds:
    memory = [Memory("supervisor and helpers", 120.0, 110.0, 100.0), Memory("worker 1", 300.0, 200.0, 90.0)]
    return Rounds(workers, True, list(cases), memory)


def found(**parts: object) -> Found:
    machine: dict[str, object] = {"date": "2026-11-25", "cores": 2, "processor": "EPYC", "memory_gb": 24}
    machine |= {"python": "3.11.7", "platform": "Linux", "load_average_before": [0.0, 0.1, 0.2]}
    return Found("shop", machine, Options(connections=(16,)), **parts)  # type: ignore[arg-type]


def test_the_table_shows_medians_beside_the_ceiling() -> None:
    ceiling = Case(CEILING, 16, [loaded(4000, 4.0), loaded(5000, 3.0), loaded(3000, 5.0)])
    mine = Case(UNCACHED, 16, [loaded(1000, 16.0), loaded(1200, 14.0), loaded(1900, 12.0)])
    cached = Case(CACHED, 16, [loaded(2000, 8.0)])
    check = {"users": 100, "personalized": 99, "different_lists": 98}
    page = found(serving=[rounds(ceiling, cached, mine)], check=check, start_up=[1.5, 2.5, 1.75])
    text = to_markdown(page)
    assert "| 1, pinned | 16 | uncached | 1,200 | 30% | 14.00 | 28.00 | 42.00 | 2.0 | 0.90 | 0.25 |" in text
    assert "| 1, pinned | 16 | ceiling | 4,000 | 100% | 4.00 |" in text
    assert "| worker 1 | 300 | 200 | 90 |" in text
    assert "1.75 s (1.50, 2.50, 1.75)" in text
    assert "99 got a personal answer" in text
    written = json.loads(to_json(page))
    assert [run["measured"]["rate"] for run in written["serving"][0]["cases"][2]["runs"]] == [1000, 1200, 1900]


def test_long_histories_stand_beside_short_ones() -> None:
    cases = [Case(CEILING, 1, [loaded(9000, 0.1)])]
    cases += [Case(case_name(length), 1, [loaded(1, p50)]) for length, p50 in ((10, 0.5), (1000, 1.25))]
    text = to_markdown(found(history=rounds(*cases)))
    assert "1,000 items take 2.50 times as long as 10 items (p50)." in text


def test_a_large_catalogue_stands_beside_a_small_one() -> None:
    sizes = [
        Size(items, 60.0, measured, measured.memory)
        for items, rate, p50 in ((10_000, 1000, 1.0), (1_000_000, 400, 3.0))
        for measured in [
            rounds(Case(CEILING, 1, [loaded(8000, 0.1)]), Case(f"{items:,} items", 1, [loaded(rate, p50)]))
        ]
    ]
    text = to_markdown(found(sizes=sizes))
    assert "| 1,000,000 items | 1 | 400 | 5% | 3.00 | 6.00 | 9.00 | 2.0 | 3.00 | 2.50 |" in text
    assert "one more holds 90 MB for itself" in text
