"""One training run: reads the log, trains, publishes; shared by `braid train` and by the process of a worker."""

from collections.abc import Collection
from dataclasses import dataclass
from types import ModuleType
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from app.command_errors import TrainingUnavailableError
from app.process import factory
from app.process.resources import Resources
from app.storage.masks import Mask
from app.times import now
from models import DISTRIBUTION
from models.bundle.errors import BundleError
from models.bundle.loader import Bundle
from models.data.columns import USER
from models.data.described import describe
from models.data.errors import DataSetError
from models.data.folder import DataSet
from models.data.progress import Progress
from models.evaluation.headline import bundle_headline
from models.evaluation.profile_rows import profile_rows


@dataclass(frozen=True)
class Order:
    """The options of a run; `version` is the bundle that it publishes."""

    kind: Literal["full", "refresh", "again"] = "full"
    seed: int = 0
    budget: float | None = None
    from_manifest: str | None = None
    version: str | None = None


def load_training() -> ModuleType:
    """Import the trainer, and with it TensorFlow.

    Raises
    ------
    TrainingUnavailableError
        The `train` extra is not installed.
    """
    try:
        from models.training import trainer  # noqa: PLC0415 - seconds and hundreds of megabytes
    except ModuleNotFoundError as error:
        raise TrainingUnavailableError(
            f"{error.name} is not installed: training needs `pip install '{DISTRIBUTION}[train]'`, or the trainer image"
        ) from error
    return trainer


@dataclass(frozen=True)
class Trained:
    """A published bundle; `same_data` tells whether its data equal those of the run that it repeats.

    `notes` say what of the catalogue was not used.
    """

    bundle: Bundle
    same_data: bool = True
    notes: tuple[str, ...] = ()


async def run_training(resources: Resources, order: Order, progress: Progress) -> Trained:
    """Train on the log and publish a bundle with the gate's verdict; nothing is activated.

    Raises
    ------
    DataSetError
        There are too few interactions to learn from.
    BundleError
        The new bundle cannot be loaded, or there is no bundle whose settings could be kept.
    DatabaseError
        The log cannot be read.
    TrainingUnavailableError
        The `train` extra is not installed.
    """
    resources.bundles.sweep()
    # Who is erased from now on is hidden in the new bundle: the masks are kept until it is published.
    async with resources.log_readers.reading():
        return await _train(resources, order, progress)


async def _train(resources: Resources, order: Order, progress: Progress) -> Trained:
    source = _source(resources, order)
    foreign = await _foreign(resources)
    if foreign is not None and order.kind == "refresh":
        raise BundleError(f"{foreign}: train in full first")
    began, newest = now(), await resources.interactions.newest_id()
    if not newest:
        raise DataSetError(f"{resources.database.place}: there are no interactions to train on: import some first")
    # Only now: what can be refused at once does not wait for TensorFlow.
    training = load_training()
    from models.training.several_goals import train_goals  # noqa: PLC0415 - as above

    recipe = training.Recipe(
        kind=order.kind,
        seed=order.seed,
        budget=order.budget,
        network=resources.settings.network,
        event_types=resources.settings.event_types,
        rating_scale=resources.settings.rating_scale,
        goal=next(iter(resources.settings.goals), None),
        further_goals=resources.settings.goals[1:],
        visit_pause=resources.settings.visit_pause_minutes * 60,
        rotation=resources.settings.rotates,
        keeps_network=order.kind == "refresh",
    )
    if order.kind == "again" and source is not None:
        recipe = training.recipe_of(source.manifest).model_copy(update={"kind": "again"})
    masks = await resources.masks.all()
    table = await resources.interactions.table(progress)
    known_masks = _of_users(masks, table)
    items, schema = await resources.items.table(), await resources.schema.load()
    catalogue = None if items is None else describe(items, schema)
    bundle = train_goals(
        DataSet(
            table,
            items=None if catalogue is None else catalogue.table,
            users=await resources.users.table(),
            user_types=schema.users,
        ),
        resources.bundles,
        recipe=recipe,
        source=source,
        compares=foreign is None,
        version=order.version,
        catalogue_at=began,
        last_interaction_id=newest,
        known_masks=known_masks,
        progress=progress,
    )
    hashes = {one.manifest.data.get("sha256") for one in (source, bundle) if one is not None}
    notes = () if catalogue is None else tuple(catalogue.notes())
    return Trained(bundle, order.kind != "again" or len(hashes) == 1, notes)


def _of_users(masks: Collection[Mask], table: pa.Table) -> list[str]:
    """Return the tokens of masks of users in the log: they came back after they were erased."""
    users = set(pc.unique(table[USER]).to_pylist()) if masks else set()
    return sorted(mask.token for mask in masks if mask.user_id in users)


async def _foreign(resources: Resources) -> str | None:
    """Return why the active bundle is of another database; None where it is not, or cannot be read."""
    try:
        active = resources.bundles.load_active()
        item_ids = None if active is None else active.array("item_ids", "S")
    except BundleError:
        return None
    if active is None or item_ids is None:
        return None
    return await factory.bundle_origin(resources).problem(active.version, item_ids)  # type: ignore[arg-type]


def _source(resources: Resources, order: Order) -> Bundle | None:
    """Load the bundle whose settings are kept."""
    if order.kind == "full":
        return None
    if order.from_manifest is not None:
        return resources.bundles.load(order.from_manifest)
    source = resources.bundles.load_active()
    if source is None:
        raise BundleError(f"{resources.bundles.place}: there is no active bundle to refresh: train in full first")
    return source


def summary(trained: Trained) -> list[str]:
    """Summarise in a few lines the result of a run and the verdict of the gate."""
    manifest = trained.bundle.manifest
    ndcg = ", ".join(f"{name} {values['ndcg@10']:.4f}" for name, values in manifest.metrics["test"].items())
    spent = "; the budget was spent: some settings were not tried" if manifest.metrics.get("budget_spent") else ""
    unmeasured = manifest.metrics.get("unmeasured")
    said = bundle_headline(manifest)
    lines = [] if said is None else [said]
    lines.append(f"not measured: {unmeasured}" if unmeasured else f"{manifest.protocol}, NDCG@10: {ndcg}{spent}")
    left_out = manifest.metrics.get("left_out") or {}
    if left_out:
        lines.append("left out: " + "; ".join(f"{part}: {reason}" for part, reason in left_out.items()))
    lines += [f"catalogue: {note}" for note in trained.notes]
    lines += [f"{label}: {text}" for label, text in profile_rows(manifest.metrics.get("profiles"))]
    checks = manifest.gate.checks if manifest.gate else ()
    lines += [f"gate: {check.name} {check.outcome}: {check.detail}" for check in checks]
    if not trained.same_data:
        lines.append("the data differ from those of the bundle that is repeated, and so may the recommendations")
    return lines
