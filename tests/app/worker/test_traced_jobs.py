"""A training job is one span, with how it ended."""

import pytest

from app.config import Settings
from app.process.resources import Resources
from app.storage.training_jobs import Job
from app.tracing import traces
from app.worker.training_process import Report
from app.worker.worker import Worker

pytest.importorskip("opentelemetry.sdk", reason="the extra otel is not installed")

from tests.app.worker.test_worker import working
from tests.collector import collecting

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"training_schedule": "off"})


async def test_a_job_is_one_span_with_its_end_and_without_its_reason(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = [RuntimeError("a-secret reason"), None]

    async def train(_self: Worker, _job: Job, report: Report) -> str:
        error = errors.pop(0)
        if error is not None:
            raise error
        report.outcome = {"failed": "a-secret reason"}
        return "ours"

    monkeypatch.setattr(Worker, "_train", train)
    jobs = [await resources.training_jobs.add(kind, "api", {}) for kind in ("full", "refresh")]
    with collecting() as collector:
        for name, value in collector.environment.items():
            monkeypatch.setenv(name, value)
        with traces.running():
            await working(resources, "failed", jobs[1].job_id)
    broken, failed = collector.spans
    assert {span.name for span in collector.spans} == {"training job"}
    assert broken.attributes == {
        "braid.job.id": jobs[0].job_id,
        "braid.job.kind": "full",
        "error.type": "RuntimeError",
    }
    assert broken.failed
    assert failed.attributes["braid.job.status"] == "failed"
    assert failed.attributes["braid.job.kind"] == "refresh"
    assert b"a-secret" not in collector.raw
