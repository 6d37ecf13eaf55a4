"""The settings of the network, in a module that imports no recommender: reading Braid's settings takes no second."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt


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
