"""The trainer: from interactions to a published bundle."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.bundle.loader import Bundle
from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore, new_version
from models.data.events import EventType
from models.data.folder import DataSet
from models.data.progress import Progress
from models.evaluation.page import PAGE_FILE, render_page
from models.evaluation.report import EvaluationReport
from models.ranking.config import NetworkConfig
from models.training.evaluate import Evaluated, evaluate
from models.training.publishing import Publication

TEST_USERS = 20_000
"""Test users that a training run measures, at most: enough for intervals of a few thousandths."""


def train(
    dataset: DataSet,
    store: BundleStore,
    *,
    seed: int = 0,
    budget: float | None = None,
    network: NetworkConfig | None = None,
    event_types: Mapping[str, float | EventType] | None = None,
    catalogue_at: int | None = None,
    progress: Progress,
) -> Bundle:
    """Clean, split, tune, measure, refit on everything, publish and activate.

    Parameters
    ----------
    dataset
        The log, with the catalogue where there is one.
    store
        Where the bundle is published.
    budget
        Seconds for choosing settings, about; by default it grows with the data.
    network
        Settings of the network; the defaults where None.
    event_types
        What event types say; those left out are as in `EVENT_WEIGHTS`.
    catalogue_at
        When reading of the catalogue began, in microseconds since 1970: what changed later is not in the bundle.

    Raises
    ------
    DataSetError
        There are too few interactions to learn from.
    BundleError
        The bundle did not pass its checks; the active one stays.
    """
    with tempfile.TemporaryDirectory(prefix="braid-train-") as folder:
        run = evaluate(
            dataset,
            Path(folder),
            seed=seed,
            budget=budget,
            network=network,
            event_types=event_types,
            test_users=TEST_USERS,
            progress=progress,
        )
        progress("refit", 0.0)
        publication = Publication.fit(run, dataset.items)
        progress("refit", 1.0)
        progress("publishing", 0.0)
        manifest, page = _manifest(run, publication, catalogue_at), Path(folder) / PAGE_FILE
        page.write_text(render_page(run.report, f"bundle {manifest.version}"), encoding="utf-8")
        bundle = store.publish(manifest, _arrays(run, publication), [*run.learned.files, page])
        store.activate(bundle.version)
        progress("publishing", 1.0)
    return bundle


def evaluate_folder(dataset: DataSet, **options: Any) -> EvaluationReport:
    """Evaluate the automatic recipe on a data set; nothing is published. `options` are those of `evaluate`."""
    with tempfile.TemporaryDirectory(prefix="braid-evaluate-") as folder:
        return evaluate(dataset, Path(folder), **options).report


def _manifest(run: Evaluated, publication: Publication, catalogue_at: int | None) -> Manifest:
    report: EvaluationReport = run.report
    timestamps = run.everything.timestamps
    window = None if timestamps is None else [float(timestamps.min()), float(timestamps.max())]
    return Manifest(
        version=new_version(),
        data={**report.counts, "window": window, "catalogue_at": catalogue_at},
        settings=publication.config.model_dump(),
        metrics={
            "test": report.metrics,
            "trials": report.trials,
            "network": report.curves,
        },
        protocol=report.protocol,
    )


def _arrays(run: Evaluated, publication: Publication) -> dict[str, npt.NDArray[np.generic]]:
    arrays = publication.arrays()
    if run.learned.network is not None:
        scaler = run.learned.network.scaler
        arrays |= {"scaler_mean": scaler.mean, "scaler_scale": scaler.scale}
    return arrays
