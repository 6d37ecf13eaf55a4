"""A recipe: all options of a training run besides the data."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.bundle.errors import BundleUnreadableError
from models.bundle.manifest import Manifest
from models.data.events import EVENT_WEIGHTS, EventTypes
from models.data.goal import DeclaredGoal
from models.data.rating_scale import DeclaredScale
from models.data.timeline import VISIT_PAUSE
from models.ranking.network_config import NetworkConfig
from models.ranking.rotation import RotationConfig

Kind = Literal["full", "refresh", "again"]
"""Choose all settings, keep those of the active bundle with its network, or repeat a run."""


class Recipe(BaseModel):
    """The options of a training run, stored in the manifest of its bundle."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind = "full"
    seed: int = Field(0, ge=0)
    budget: float | None = Field(
        None, ge=0, description="seconds of processor time for choosing settings; where None, more for more data"
    )
    network: NetworkConfig = NetworkConfig()
    event_types: EventTypes = Field(EVENT_WEIGHTS, validate_default=True)
    rating_scale: DeclaredScale | None = Field(None, description="scale of the ratings; measured where None")
    goal: DeclaredGoal | None = Field(None, description="what counts as success; chosen by the event types where None")
    further_goals: tuple[DeclaredGoal, ...] = Field((), description="goals that a request can name, each trained apart")
    visit_pause: float = Field(VISIT_PAUSE, gt=0, description="seconds without an interaction that end a visit")
    rotation: RotationConfig = Field(RotationConfig(), description="by how much shown items sink where it is measured")
    keeps_network: bool = Field(False, description="whether the network is that of the bundle whose settings are kept")

    def for_goal(self, goal: str, kind: Kind) -> Self:
        """Return the recipe of a further goal."""
        keeps = self.keeps_network and kind == self.kind
        return self.model_copy(update={"goal": goal, "further_goals": (), "kind": kind, "keeps_network": keeps})


def recipe_of(manifest: Manifest) -> Recipe:
    """Read the recipe of a bundle.

    Raises
    ------
    BundleUnreadableError
        The manifest has no recipe, because it is older than recipes, or one of another version.
    """
    if manifest.recipe is None:
        raise BundleUnreadableError(f"bundle {manifest.version}: its manifest has no recipe: train again")
    try:
        return Recipe.model_validate(manifest.recipe)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in ("recipe", *first["loc"]))
        raise BundleUnreadableError(f"bundle {manifest.version}: {where}: {first['msg']}: train again") from error
