"""What the log of a training job says."""

from typing import Any

import pytest

from app.schemas.training_jobs import JOB_EXAMPLE, TrainingJob
from app.services.training.phases import Phase, phases_of, shares_of


def job(**changes: Any) -> TrainingJob:
    return TrainingJob.model_validate({**JOB_EXAMPLE, **changes})


def test_phases_have_their_seconds_and_the_last_one_its_progress() -> None:
    lines = ["reading the log: done after 1.5 s", "NDCG@10: braid 0.2", "tuning neighbours: done after 20.0 s"]
    done = [Phase("reading the log", 1.5), Phase("tuning neighbours", 20.0)]
    assert phases_of(job(phase="network", progress=0.25), lines) == [*done, Phase("network", None, 0.25)]
    # The end of a phase is told before the next one begins.
    assert phases_of(job(phase="tuning neighbours", progress=1.0), lines) == done
    assert phases_of(job(status="succeeded", phase="network", progress=0.5), lines) == done
    assert phases_of(job(status="queued", phase=None, progress=None), []) == []


def test_shares_are_of_the_final_score_and_add_up_to_1() -> None:
    blend = {"item_knn": 3.0, "ease": 1.0, "als": 0.0, "candidates": 500, "network_weight": 0.2, "seen_repeats": 1.0}
    found = shares_of({"blend": blend}, {"braid": {}, "item_knn": {}, "ease": {}, "als": {}, "network": {}})
    assert found == pytest.approx({"item_knn": 0.6, "ease": 0.2, "network": 0.2})
    assert next(iter(found)) == "item_knn"
    assert shares_of({}, ()) == {}
