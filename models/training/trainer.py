"""The trainer: from interactions to a published bundle."""

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from models.bundle.errors import BundleError, StoreUnreachableError
from models.bundle.loader import Bundle
from models.bundle.manifest import GOALS, KNOWN_MASKS, REPORT_FILE, Manifest
from models.bundle.naming import new_version
from models.bundle.store import BundleStore
from models.bundle.verdict import GateCheck, Verdict
from models.data.errors import TooFewInteractionsError
from models.data.fingerprint import fingerprint
from models.data.folder import DataSet
from models.data.interactions import Interactions
from models.data.progress import Progress, silent
from models.evaluation.page import render_page
from models.evaluation.report import EvaluationReport
from models.training.checks import check_bundle
from models.training.evaluate import Evaluated, evaluate
from models.training.evaluation_config import EvaluationConfig
from models.training.gate import compare
from models.training.publishing import Publication, served_retriever
from models.training.recipe import Recipe, recipe_of
from models.training.refresh import ChosenSettings
from models.training.similar import evaluate_similar
from models.training.unmeasured import fit_unmeasured

__all__ = ["EvaluationConfig", "Recipe", "evaluate_folder", "evaluate_similar", "recipe_of", "render_page", "train"]

TEST_USERS = 20_000
"""Maximum number of test users of a training run: enough for intervals of a few thousandths."""
REFRESH_USERS = 2000
"""The same for a refresh."""


def train(
    dataset: DataSet,
    store: BundleStore,
    *,
    recipe: Recipe | None = None,
    source: Bundle | None = None,
    compares: bool = True,
    against: str | None = None,
    version: str | None = None,
    goals: Mapping[str, str] | None = None,
    more_checks: Iterable[GateCheck] = (),
    catalogue_at: int | None = None,
    last_interaction_id: int | None = None,
    known_masks: Sequence[str] = (),
    progress: Progress,
) -> Bundle:
    """Clean, split, tune, measure, compare with the active bundle, refit on everything, check and publish.

    The published bundle has a verdict in its manifest; nothing is activated. Where there are too few interactions to
    split, nothing is tuned or measured: the bundle holds what can be known with the settings of the start.

    Parameters
    ----------
    dataset
        The log, with the catalogue where there is one.
    store
        Where the bundle is published.
    recipe
        How to train; the defaults where None.
    source
        The bundle whose settings are kept, where the recipe chooses none.
    compares
        Whether the active bundle is of the same items: a new one is not compared with that of another shop.
    against
        Version of the bundle to compare with; the active one where None.
    version
        Name of the bundle; made from the present time where None.
    goals
        The versions of the bundles of further goals, by goal.
    more_checks
        Checks that the verdict begins with.
    catalogue_at
        When reading of the catalogue began, in microseconds since 1970: later changes are not in the bundle.
    last_interaction_id
        The newest row of the log when reading of it began: the processes that serve the bundle count later rows.
    known_masks
        Tokens of the masks of users in the log who were erased, or merged, before it was read.

    Raises
    ------
    DataSetError
        No interaction is usable.
    BundleError
        The new bundle cannot be loaded, or there is no bundle whose settings could be kept.
    """
    recipe = recipe or Recipe()
    chosen = _chosen(recipe, source)
    against = against or store.active_version()
    active = _active(store, against) if compares else None
    with store.scratch() as folder:
        config = EvaluationConfig(
            seed=recipe.seed,
            budget=recipe.budget,
            network=recipe.network,
            event_types=recipe.event_types,
            rating_scale=recipe.rating_scale,
            goal=recipe.goal,
            visit_pause=recipe.visit_pause,
            rotation=recipe.rotation,
            with_timeline=True,
            test_users=REFRESH_USERS if recipe.kind == "refresh" else TEST_USERS,
            chosen=None if chosen is None else chosen.kept_in(folder),
            brief=recipe.kind == "refresh",
            with_validation=True,
            with_acts=True,
        )
        try:
            run = evaluate(dataset, folder, config, progress=progress)
        except TooFewInteractionsError as error:
            run = fit_unmeasured(dataset, config, str(error), progress=progress)
        progress("comparing", 0.0)
        checks = compare(run, active, dataset.items, seed=recipe.seed)
        progress("comparing", 1.0)

        measured = served_retriever(run.learned.ranker.retriever).present

        def judge(written: Bundle, known: Interactions) -> Verdict:
            before = None if active is None else active.manifest
            more = check_bundle(written, known, before, measured=measured, seed=recipe.seed)
            return Verdict(against=against, checks=(*more_checks, *checks, *more))

        return publish(
            run,
            store,
            recipe,
            dataset.items,
            version=version,
            facts={
                "catalogue_at": catalogue_at,
                "last_interaction_id": last_interaction_id,
                **({KNOWN_MASKS: list(known_masks)} if known_masks else {}),
                **({GOALS: dict(goals)} if goals else {}),
            },
            judge=judge,
            progress=progress,
        )


def publish(
    run: Evaluated,
    store: BundleStore,
    recipe: Recipe,
    catalogue: pa.Table | None,
    *,
    version: str | None = None,
    facts: Mapping[str, Any] | None = None,
    judge: Callable[[Bundle, Interactions], Verdict] | None = None,
    progress: Progress = silent,
) -> Bundle:
    """Fit on all interactions of a run with its settings, and publish the bundle.

    Parameters
    ----------
    run
        Its network's files must still exist.
    facts
        Further facts about the data, for the manifest.
    judge
        Called with the written bundle and the interactions it was fitted on; its verdict becomes part of the manifest.
    """
    progress("refit", 0.0)
    with store.scratch() as folder:
        publication = Publication.fit(run, catalogue, folder, recipe, progress)
        progress("refit", 1.0)
        progress("publishing", 0.0)
        manifest = _manifest(run, publication, recipe, version or new_version(), catalogue)
        manifest.data.update(facts or {})
        page = folder / REPORT_FILE
        page.write_text(render_page(run.report, f"bundle {manifest.version}"), encoding="utf-8")
        bundle = store.publish(
            manifest,
            publication.arrays(),
            [*publication.files, page],
            None if judge is None else lambda written: judge(written, publication.interactions),
        )
    progress("publishing", 1.0)
    return bundle


def _chosen(recipe: Recipe, source: Bundle | None) -> ChosenSettings | None:
    if recipe.kind == "full":
        return None
    if source is None:
        raise BundleError("there is no bundle whose settings could be kept: train in full first")
    return ChosenSettings.of(source, keep_network=recipe.keeps_network)


def _active(store: BundleStore, version: str | None) -> Bundle | None:
    """Load the active bundle; None where it cannot be read. A store that is out of reach is an error."""
    try:
        return None if version is None else store.load(version)
    except StoreUnreachableError:
        raise
    except BundleError:
        return None


def evaluate_folder(dataset: DataSet, config: EvaluationConfig, *, progress: Progress) -> EvaluationReport:
    """Evaluate the automatic recipe on a data set; nothing is published."""
    with tempfile.TemporaryDirectory(prefix="braid-evaluate-") as folder:
        return evaluate(dataset, Path(folder), config, progress=progress).report


def _manifest(
    run: Evaluated,
    publication: Publication,
    recipe: Recipe,
    version: str,
    catalogue: pa.Table | None,
) -> Manifest:
    report: EvaluationReport = run.report
    timestamps = run.everything.timestamps if run.log.timestamps is None else run.log.timestamps
    window = None if timestamps is None else [float(timestamps.min()), float(timestamps.max())]
    return Manifest(
        version=version,
        data={
            **report.counts,
            "window": window,
            "has_times": run.everything.has_clock,
            "sha256": fingerprint(run.log, catalogue),
        },
        settings=publication.config.model_dump(),
        metrics={
            "test": report.metrics,
            "intervals": report.intervals,
            "validation": dict(run.validation),
            "trials": report.trials,
            "network": report.curves,
            "budget_spent": run.learned.budget_spent or publication.budget_spent,
            "left_out": dict(report.left_out),
            "unmeasured": report.unmeasured,
            "kinds": report.kinds,
            "profiles": report.profiles,
        },
        protocol=report.protocol,
        recipe=recipe.model_dump(mode="json"),
    )
