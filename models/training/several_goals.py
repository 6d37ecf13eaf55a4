"""Trains a bundle for each of several goals: that of the first is served, and names the others."""

from collections.abc import Mapping
from typing import Any

from models.bundle.errors import BundleError, StoreUnreachableError
from models.bundle.loader import Bundle
from models.bundle.naming import goal_version, new_version
from models.bundle.store import BundleStore
from models.bundle.verdict import GateCheck
from models.data.folder import DataSet
from models.data.progress import Progress
from models.training.recipe import Recipe
from models.training.trainer import train


def train_goals(
    dataset: DataSet,
    store: BundleStore,
    *,
    recipe: Recipe,
    source: Bundle | None = None,
    compares: bool = True,
    version: str | None = None,
    progress: Progress,
    **facts: Any,
) -> Bundle:
    """Train for the further goals of a recipe, each from the start, and then for its goal; see `trainer.train`.

    Returns
    -------
    Bundle
        That of the recipe's goal. Its manifest names the bundles of the further goals, whose verdicts are checks of its
        own: it is not activated where one of them is refused.
    """
    version = version or new_version()
    active = store.active_version()
    goals: dict[str, str] = {}
    checks: list[GateCheck] = []
    for place, goal in enumerate(recipe.further_goals, 2):
        own = _of_goal(store, source, goal)
        before = None if active is None else further_goals(store, active).get(goal)
        bundle = train(
            dataset,
            store,
            recipe=recipe.for_goal(goal, kind=recipe.kind if own is not None else "full"),
            source=own,
            compares=compares and before is not None,
            against=before,
            version=goal_version(version, place),
            progress=progress,
            **facts,
        )
        goals[goal] = bundle.version
        checks.append(_check(goal, bundle))
    return train(
        dataset,
        store,
        recipe=recipe,
        source=source,
        compares=compares,
        version=version,
        goals=goals,
        more_checks=checks,
        progress=progress,
        **facts,
    )


def further_goals(store: BundleStore, version: str) -> Mapping[str, str]:
    """Return the versions of the bundles of further goals, by goal; none where the manifest cannot be read."""
    try:
        return store.manifest(version).goals
    except StoreUnreachableError:
        raise
    except BundleError:
        return {}


def _of_goal(store: BundleStore, source: Bundle | None, goal: str) -> Bundle | None:
    """Load the bundle of a further goal whose settings are kept; None where there is none."""
    version = None if source is None else source.manifest.goals.get(goal)
    return None if version is None else store.load(version)


def _check(goal: str, bundle: Bundle) -> GateCheck:
    gate = bundle.manifest.gate
    refused = None if gate is None else gate.reason
    return GateCheck(
        name="further_goal",
        outcome="passed" if refused is None else "failed",
        detail=f"the bundle of the goal {goal!r} " + ("passed all checks" if refused is None else f"failed: {refused}"),
    )
