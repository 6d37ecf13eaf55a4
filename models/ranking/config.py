"""What validation chooses: the settings of the recommenders and of their blend."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from models.data.strengths import StrengthScale
from models.recommenders.als import AlsConfig
from models.recommenders.content import ContentConfig
from models.recommenders.ease import EaseConfig
from models.recommenders.item_knn import ItemKNNConfig
from models.recommenders.popularity import PopularityConfig
from models.recommenders.repeats import RepeatsConfig
from models.recommenders.spectral import SpectralConfig
from models.recommenders.successor import SuccessorConfig
from models.recommenders.user_knn import UserKNNConfig


class BlendConfig(BaseModel):
    """How the strands are woven into one score; a recommender of weight 0 is not asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    candidates: int = Field(100, ge=1, description="items drawn for a request and scored by the network")
    item_knn: float = Field(1.0, ge=0, description="weight of item-based CF in the neighbours' score")
    successor: float = Field(0.4, ge=0, description="weight of the successors in it")
    content: float = Field(0.2, ge=0, description="weight of content in it")
    user_knn: float = Field(0.2, ge=0, description="weight of user-based CF in it")
    ease: float = Field(0.0, ge=0, description="weight of EASE in it")
    als: float = Field(0.0, ge=0, description="weight of ALS in it")
    spectral: float = Field(0.0, ge=0, description="weight of the spectral part in it")
    repeats: float = Field(0.0, ge=0, description="weight of repeats in it")
    popularity: float = Field(0.0, ge=0, description="weight of popularity in it")
    trending: float = Field(0.0, ge=0, description="weight of trending in it")
    network_weight: float = Field(0.0, ge=0, le=1, description="share of the network in the final score")
    seen_repeats: float = Field(
        1.0, ge=0, description="weight of repeats beside the blend, each from 0 to 1, where a request wants seen items"
    )


class NetworkConfig(BaseModel):
    """Settings of the network and of its training."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layers: tuple[PositiveInt, ...] = Field((64, 32), description="units of each hidden layer")
    activation: Literal["relu", "tanh", "sigmoid"] = Field(
        "relu", description="activation function of the hidden layers"
    )
    loss: Literal["softmax", "binary_crossentropy", "mean_squared_error"] = Field(
        "softmax",
        description="`softmax` over each list of candidates, `binary_crossentropy` or `mean_squared_error` for each"
        " candidate",
    )
    optimizer: Literal["adam", "sgd"] = Field("adam", description="`adam`, or `sgd` with a momentum of 0.9")
    learning_rate: float = Field(2e-3, gt=0, description="initial learning rate; cosine decay to 0")
    batch_lists: int = Field(256, ge=1, description="candidate lists per batch")
    epochs: int = Field(15, ge=1, description="maximum number of epochs")
    members: int = Field(3, ge=1, description="networks in the ensemble; their scores are averaged")
    patience: int = Field(4, ge=1, description="early stopping: epochs without improvement before training ends")

    def __str__(self) -> str:
        return self.model_dump_json()


class RankingConfig(BaseModel):
    """All settings of the request path, stored in the manifest of a bundle."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_history: int = Field(500, ge=1, description="latest interactions of a user that are read; all by repeats")
    strength_exponent: float = Field(1.0, ge=0, description="how much strengths count; 0 makes all interactions alike")
    scale: StrengthScale = StrengthScale()
    network_parts: tuple[str, ...] = Field((), description="parts the network reads, whatever their weight in the mix")
    item_knn: ItemKNNConfig = ItemKNNConfig()
    successor: SuccessorConfig = SuccessorConfig()
    content: ContentConfig = ContentConfig()
    user_knn: UserKNNConfig = UserKNNConfig()
    ease: EaseConfig = EaseConfig()
    als: AlsConfig = AlsConfig()
    spectral: SpectralConfig = SpectralConfig()
    repeats: RepeatsConfig = RepeatsConfig()
    popularity: PopularityConfig = PopularityConfig()
    blend: BlendConfig = BlendConfig()

    def changed(self, part: str, **values: object) -> "RankingConfig":
        """Give the same settings with some values of one part changed."""
        return self.model_copy(update={part: getattr(self, part).model_copy(update=values)})
