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
from models.data.folder import DataSet
from models.data.interactions import Interactions
from models.data.progress import Progress
from models.evaluation.page import PAGE_FILE, render_page
from models.evaluation.report import EvaluationReport
from models.ranking.config import NetworkConfig, RankingConfig
from models.ranking.retriever import Retriever
from models.training.evaluate import Evaluated, evaluate

TEST_USERS = 20_000
"""Test users that a training run measures, at most: enough for intervals of a few thousandths."""


def train(
    dataset: DataSet,
    store: BundleStore,
    *,
    seed: int = 0,
    budget: float | None = None,
    network: NetworkConfig | None = None,
    event_weights: Mapping[str, float] | None = None,
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
    event_weights
        A weight for each event type; `EVENT_WEIGHTS` by default.

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
            event_weights=event_weights,
            test_users=TEST_USERS,
            progress=progress,
        )
        progress("refit", 0.0)
        retriever = _served(run.learned.ranker.retriever)
        retriever = retriever.refitted(run.everything, retriever.config, dataset.items)
        progress("refit", 1.0)
        progress("publishing", 0.0)
        manifest, page = _manifest(run, retriever.config), Path(folder) / PAGE_FILE
        page.write_text(render_page(run.report, f"bundle {manifest.version}"), encoding="utf-8")
        bundle = store.publish(manifest, _arrays(run, retriever), [*run.learned.files, page])
        store.activate(bundle.version)
        progress("publishing", 1.0)
    return bundle


def evaluate_folder(dataset: DataSet, **options: Any) -> EvaluationReport:
    """Evaluate the automatic recipe on a data set; nothing is published. `options` are those of `evaluate`."""
    with tempfile.TemporaryDirectory(prefix="braid-evaluate-") as folder:
        return evaluate(dataset, Path(folder), **options).report


def _served(retriever: Retriever) -> Retriever:
    """Leave out what only a network of weight 0 would read."""
    if retriever.config.blend.network_weight > 0:
        return retriever
    return retriever.configured(retriever.config.model_copy(update={"network_parts": ()})).pruned()


def _manifest(run: Evaluated, config: RankingConfig) -> Manifest:
    report: EvaluationReport = run.report
    timestamps = run.everything.timestamps
    window = None if timestamps is None else [float(timestamps.min()), float(timestamps.max())]
    return Manifest(
        version=new_version(),
        data={**report.counts, "window": window},
        settings=config.model_dump(),
        metrics={
            "test": report.metrics,
            "trials": report.trials,
            "network": report.curves,
        },
        protocol=report.protocol,
    )


def _arrays(run: Evaluated, retriever: Retriever) -> dict[str, npt.NDArray[np.generic]]:
    everything: Interactions = run.everything
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "item_ids": everything.item_ids,
        "user_ids": everything.user_ids,
        **retriever.arrays(),
    }
    if run.learned.network is not None:
        scaler = run.learned.network.scaler
        arrays |= {"scaler_mean": scaler.mean, "scaler_scale": scaler.scale}
    return arrays
