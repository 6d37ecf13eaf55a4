"""One training run: reads the log, trains, publishes; shared by `braid train` and by the process of a worker."""

from dataclasses import dataclass
from types import ModuleType
from typing import Literal

from app.context import Context
from app.errors import TrainingUnavailableError
from app.times import now
from models.bundle.errors import BundleError
from models.bundle.loader import Bundle
from models.data.errors import DataSetError
from models.data.folder import DataSet
from models.data.progress import Progress


@dataclass(frozen=True)
class Order:
    """What a run is asked for; `version` names what it publishes."""

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
            f"{error.name} is not installed: training needs `pip install 'braid[train]'`, or the trainer image"
        ) from error
    return trainer


async def run_training(context: Context, order: Order, progress: Progress) -> Bundle:
    """Train on the log and publish a bundle with the gate's verdict; nothing is activated.

    Raises
    ------
    DataSetError
        There are too few interactions to learn from.
    BundleError
        What was made cannot be loaded, or there is no bundle whose settings could be kept.
    DatabaseError
        The log cannot be read.
    TrainingUnavailableError
        The `train` extra is not installed.
    """
    training = load_training()
    context.bundles.sweep()
    source = _source(context, order)
    recipe = training.Recipe(
        kind=order.kind,
        seed=order.seed,
        budget=order.budget,
        network=context.settings.network,
        event_types=context.settings.event_types,
        keeps_network=order.kind == "refresh",
    )
    if order.kind == "again" and source is not None:
        recipe = training.recipe_of(source.manifest).model_copy(update={"kind": "again"})
    began = now()
    table = await context.interactions.table(progress)
    if not table.num_rows:
        raise DataSetError(f"{context.database.place}: there are no interactions to train on: import some first")
    bundle: Bundle = training.train(
        DataSet(table, items=await context.items.table()),
        context.bundles,
        recipe=recipe,
        source=source,
        version=order.version,
        catalogue_at=began,
        progress=progress,
    )
    return bundle


def _source(context: Context, order: Order) -> Bundle | None:
    """Load the bundle whose settings are kept."""
    if order.kind == "full":
        return None
    if order.from_manifest is not None:
        return context.bundles.load(order.from_manifest)
    source = context.bundles.load_active()
    if source is None:
        raise BundleError(f"{context.bundles.place}: there is no active bundle to refresh: train in full first")
    return source


def summary(bundle: Bundle, source: Bundle | None = None) -> list[str]:
    """Say in a few lines what a run made and what the gate found."""
    metrics = bundle.manifest.metrics["test"]
    lines = [
        f"{bundle.manifest.protocol}, NDCG@10: "
        + ", ".join(f"{name} {values['ndcg@10']:.4f}" for name, values in metrics.items())
    ]
    gate = bundle.manifest.gate
    lines += [f"gate: {check.name} {check.outcome}: {check.detail}" for check in (gate.checks if gate else ())]
    if source is not None and source.manifest.data.get("sha256") != bundle.manifest.data.get("sha256"):
        lines.append(f"the data differ from those of bundle {source.version}, and so may the recommendations")
    return lines
