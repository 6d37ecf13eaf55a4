"""Settings of similar items, which training chooses on held-out pairs."""

from pydantic import BaseModel, ConfigDict, Field

from models.similarity.measures import Similarity

FIELDS = ("categories", "tags", "title", "description", "attributes", "numbers")
"""What descriptions are compared by, each apart; `numbers` are the price and the numbers of the attributes."""


class SimilarConfig(BaseModel):
    """Settings of similar items: of likeness by users, of likeness by descriptions, and of their blend."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    neighbours: int = Field(200, ge=1, description="similar items kept for each item, by users and by descriptions")
    user_exponent: float = Field(
        0.5, ge=0, description="exponent that reduces the weight of users with many interactions"
    )
    target_exponent: float = Field(
        0.5, ge=0, description="exponent that reduces the scores of popular items: 0.5 as the cosine, 1 as lift"
    )
    shrinkage: float = Field(5.0, ge=0, description="a likeness from n users in common is multiplied by n / (n + this)")
    nearness: float = Field(
        0.0, ge=0, description="weight of what users have soon before or after, relative to what they have at all"
    )
    categories: float = Field(1.0, ge=0, description="weight of the categories")
    tags: float = Field(0.3, ge=0, description="weight of the tags")
    title: float = Field(0.3, ge=0, description="weight of the words of the title")
    description: float = Field(0.3, ge=0, description="weight of the words of the description")
    attributes: float = Field(0.3, ge=0, description="weight of the texts and booleans of the attributes")
    numbers: float = Field(0.1, ge=0, description="weight of the price and the numbers of the attributes")
    vectors: float = Field(1.0, ge=0, description="weight of the cosines of the vectors")
    damping: float = Field(
        0.3, ge=0, description="evidence that a field needs, relative to that of the field of a usual item"
    )
    min_evidence: float = Field(
        0.25, ge=0, le=1, description="items that are described by less than this share of a usual item are like none"
    )
    half_known: float = Field(
        30.0, ge=0, description="interactions of an item from which on likeness by users counts more than not"
    )
    content_weight: float = Field(
        0.3, ge=0, description="weight of likeness by descriptions where nothing is known of the users"
    )
    agreement: float = Field(
        0.5, ge=0, description="how much more likeness by users counts where the descriptions are alike as well"
    )

    @property
    def similarity(self) -> Similarity:
        """The measure of likeness by users."""
        return Similarity("cooccurrence", self.shrinkage, 0.0, self.user_exponent, self.target_exponent)

    @property
    def weights(self) -> tuple[float, ...]:
        """The weights of the fields, in the order of `FIELDS`."""
        return tuple(float(getattr(self, name)) for name in FIELDS)
