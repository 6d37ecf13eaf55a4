"""Low ratings, for the measures that compare how users rate and not only what they like."""

from dataclasses import dataclass, replace

import numpy as np

from models.arrays.types import Float32, Int32, Mask


@dataclass(frozen=True)
class LowRatings:
    """Pairs of user and item that the user rated low or turned down, as codes, each once, sorted by user.

    `strengths` (float32) are above 0 and below those of likes, on the same scale.
    """

    users: Int32
    items: Int32
    strengths: Float32

    def select(self, mask: Mask) -> "LowRatings":
        """Keep some of the pairs."""
        return LowRatings(self.users[mask], self.items[mask], self.strengths[mask])

    def of_users(self, users: Int32) -> "LowRatings":
        """Keep the pairs of some users."""
        return self.select(np.isin(self.users, users))

    def raised(self, exponent: float) -> "LowRatings":
        """Raise the strengths to a power as those of likes; 0, which makes all likes alike, keeps them."""
        return self if exponent == 0.0 else replace(self, strengths=self.strengths ** np.float32(exponent))
