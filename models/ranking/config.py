"""What validation chooses: the settings of the recommenders and of their blend.

The recommenders' settings and weights are fields under their names, made from the registry.
"""

from typing import TYPE_CHECKING, Any, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, create_model

from models.data.goal import Goal
from models.data.strengths import StrengthScale
from models.ranking.candidates import ListKind
from models.recommenders.registry import RECOMMENDERS
from models.similar.config import SimilarConfig


class _Candidates(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    candidates: int = Field(100, ge=1, description="items chosen for a request and scored by the network")


class _History(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    ordered: bool = Field(True, description="whether histories have an order; without one all their items count alike")
    max_history: int = Field(500, ge=1, description="latest interactions of a user that are read; all by repeats")
    strength_exponent: float = Field(1.0, ge=0, description="how much strengths count; 0 makes all interactions alike")
    dislike_weight: float = Field(
        0.0, ge=0, description="how much an item that was turned down counts against similar ones; a like counts 1"
    )
    scale: StrengthScale = StrengthScale()
    goal: Goal | None = Field(None, description="what counts as success; all interactions where None")
    generated_reference: bool = Field(
        True, description="whether scores are relative to generated candidates alone, whatever else a request names"
    )
    context: bool = Field(False, description="whether the network reads when a request is made in a visit")
    visit_pause: float = Field(1800.0, gt=0, description="seconds without an interaction that end a visit")
    network_signals: tuple[str, ...] | None = Field(
        None, description="signals the network reads; where None, those of all recommenders that the bundle names"
    )
    network_parts: tuple[str, ...] = Field((), description="parts the network reads, whatever their weight in the mix")


if TYPE_CHECKING:
    # Type checkers cannot see the fields that are made below: any name is a field to them.
    class _Weights(_Candidates):
        model_config = ConfigDict(extra="allow", frozen=True)

        def __getattr__(self, part: str) -> float: ...

    class _Settings(_History):
        model_config = ConfigDict(extra="allow", frozen=True)

        def __getattr__(self, recommender: str) -> Any: ...

else:
    _Weights = create_model(
        "_Weights",
        __base__=_Candidates,
        **{
            part: (float, Field(weight, ge=0, description=f"weight of {title} in the neighbours' score"))
            for entry in RECOMMENDERS
            for part, (title, weight) in entry.weights.items()
        },
    )
    _Settings = create_model(
        "_Settings", __base__=_History, **{entry.name: (entry.config, entry.config()) for entry in RECOMMENDERS}
    )


class BlendConfig(_Weights):
    """The weights of the final score; a recommender of weight 0 is not scored."""

    network_weight: float = Field(0.0, ge=0, le=1, description="share of the network in the final score")
    network_weight_given: float | None = Field(
        None, ge=0, le=1, description="the same where a request gives the items to rank; `network_weight` where None"
    )
    network_weight_filtered: float | None = Field(
        None, ge=0, le=1, description="the same for lists cut by a filter; `network_weight` where None"
    )
    seen_repeats: float = Field(
        1.0, ge=0, description="weight of repeats beside the blend, each from 0 to 1, where a request wants seen items"
    )

    def weight_for(self, kind: ListKind) -> float:
        """Return the share of the network in the scores of a kind of list."""
        own = {"generated": None, "given": self.network_weight_given, "filtered": self.network_weight_filtered}[kind]
        return float(self.network_weight) if own is None else own

    @property
    def reads_network(self) -> bool:
        """Whether the network has a share in the scores of any list."""
        return any(self.weight_for(kind) > 0 for kind in get_args(ListKind))

    @classmethod
    def unordered(cls) -> Self:
        """Return the weights where the search starts if the data has no order."""
        weights = {entry.name: entry.unordered_weight for entry in RECOMMENDERS if entry.unordered_weight is not None}
        return cls(**weights)


class RankingConfig(_Settings):
    """All settings of the request path, stored in the manifest of a bundle."""

    blend: BlendConfig = BlendConfig()
    similar: SimilarConfig | None = Field(
        None, description="settings of similar items; None in bundles from before they had settings of their own"
    )

    @classmethod
    def unordered(cls) -> Self:
        """Return the settings where the search starts if the data has no order; with an order it is the defaults."""
        settings = {entry.name: entry.config(**entry.unordered) for entry in RECOMMENDERS if entry.unordered}
        return cls(ordered=False, **settings, blend=BlendConfig.unordered())

    def changed(self, part: str, **values: object) -> Self:
        """Return the same settings with some values of one part changed."""
        return self.model_copy(update={part: getattr(self, part).model_copy(update=values)})
