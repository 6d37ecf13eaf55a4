"""What validation chooses: the settings of the recommenders and of their blend."""

from pydantic import BaseModel, ConfigDict, Field

from models.recommenders.item_knn import ItemKNNConfig
from models.recommenders.user_knn import UserKNNConfig


class BlendConfig(BaseModel):
    """How the strands are woven into one score."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    candidates: int = Field(100, ge=1, description="items drawn for a request and scored by the network")
    user_weight: float = Field(0.2, ge=0, description="share of user-based in the neighbours' score, item-based 1")
    network_weight: float = Field(0.0, ge=0, le=1, description="share of the network in the final score")


class RankingConfig(BaseModel):
    """All settings of the request path, stored in the manifest of a bundle."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_history: int = Field(200, ge=1, description="latest interactions of a user that are read")
    item_knn: ItemKNNConfig = ItemKNNConfig()
    user_knn: UserKNNConfig = UserKNNConfig()
    blend: BlendConfig = BlendConfig()
