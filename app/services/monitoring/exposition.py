"""Metrics in the text format of Prometheus: those of this server, and those read from the database."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from app.config import SHARED_FOLDER
from app.schemas.bundles import BundleVersion
from app.schemas.online_measures import BundleCounts
from app.services.monitoring.online_measures import RecentMeasures
from app.services.training.versions import Versions
from app.storage.training_jobs import TrainingJobStore
from models.evaluation.report import BLEND

_STATUSES = ("queued", "running", "succeeded", "refused", "failed", "cancelled")
_NDCG = "ndcg@10"


class Exposition:
    """Writes the metrics."""

    def __init__(self, versions: Versions, jobs: TrainingJobStore, measures: RecentMeasures) -> None:
        self._versions = versions
        self._jobs = jobs
        self._measures = measures

    async def text(self) -> bytes:
        """Return all metrics.

        Raises
        ------
        DatabaseError
            The database does not answer.
        """
        statuses = await self._jobs.statuses()
        bundles = (await self._versions.page()).items
        measures = await self._measures.get()
        registry = CollectorRegistry()
        registry.register(_Given(stored_metrics(statuses, bundles, measures.by_bundle_version)))
        shared = await asyncio.to_thread(generate_latest, own_registry())
        return shared + generate_latest(registry)


def stored_metrics(
    statuses: dict[str, int], bundles: list[BundleVersion], measures: Sequence[BundleCounts]
) -> list[Metric]:
    """Return the metrics that are read from the database, with their values."""
    return [*_job_metrics(statuses), *_bundle_metrics(bundles), *_online_metrics(measures)]


class _Given:
    """A collector of metrics that are known already."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        yield from self._metrics


def own_registry() -> CollectorRegistry:
    """Return the metrics of this process, or of all workers of this server together."""
    if SHARED_FOLDER not in os.environ:
        return REGISTRY
    _forget_dead_workers(Path(os.environ[SHARED_FOLDER]))
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _forget_dead_workers(folder: Path) -> None:
    """Remove the gauges of workers that have ended: they are out of date."""
    for number in {int(path.stem.rpartition("_")[2]) for path in folder.glob("gauge_live*.db")}:
        try:
            os.kill(number, 0)
        except (ProcessLookupError, PermissionError):
            # A process that may not be signalled is another user's: the worker has ended, and its number is used again.
            # Another worker may be doing the same.
            with suppress(FileNotFoundError):
                mark_process_dead(number)  # type: ignore[no-untyped-call]


def _job_metrics(statuses: dict[str, int]) -> list[Metric]:
    jobs = GaugeMetricFamily("braid_training_jobs", "Training jobs, by status.", labels=["status"])
    for status in _STATUSES:
        jobs.add_metric([status], statuses.get(status, 0))
    return [jobs]


def _bundle_metrics(bundles: list[BundleVersion]) -> list[Metric]:
    active = _of_bundles("active", "1 for the active bundle.")
    created = _of_bundles("created_timestamp_seconds", "Time at which the bundle was made.")
    refused = _of_bundles("refused", "1 for a bundle that the gate refused.")
    ndcg = _of_bundles("ndcg_at_10", "NDCG@10 on the held-out test.")
    for bundle in bundles:
        active.add_metric([bundle.version], bundle.active)
        refused.add_metric([bundle.version], bundle.gate is not None and not bundle.gate.passed)
        if bundle.created_at is not None:
            created.add_metric([bundle.version], bundle.created_at.timestamp())
        if _NDCG in bundle.metrics.get(BLEND, {}):
            ndcg.add_metric([bundle.version], bundle.metrics[BLEND][_NDCG])
    return [active, created, refused, ndcg]


def _online_metrics(measures: Sequence[BundleCounts]) -> list[Metric]:
    metrics: list[Metric] = []
    for name in ("impressions", "clicks", "conversions"):
        metric = _of_bundles(name, f"Number of {name} in the last 30 days from lists of the bundle.")
        for counts in measures:
            metric.add_metric([counts.bundle_version or "none"], getattr(counts, name))
        metrics.append(metric)
    return metrics


def _of_bundles(name: str, meaning: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"braid_bundle_{name}", meaning, labels=["bundle_version"])
