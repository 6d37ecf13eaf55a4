"""Rotation: what a user was shown several times and passed over sinks in the list, and recovers with the days."""

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from models.arrays.types import Float32, Int32
from models.data.history import History
from models.data.holdout import Holdout
from models.data.impressions import Impressions, Shows

NAME = "rotation"
"""The name of this rule in explanations."""


class RotationConfig(BaseModel):
    """How much rotation there is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: float = Field(0.5, ge=0, le=1, description="how far an item sinks, of the range of a list's scores; 0 none")
    half_life: float = Field(3.0, gt=0, description="days after which a show counts half")

    def asked(self, weight: float | None) -> "RotationConfig":
        """Return it with the weight that a request asks for, if it does."""
        return self if weight is None else self.model_copy(update={"weight": weight})


NO_ROTATION = RotationConfig(weight=0.0)


def lowered(items: Int32, scores: Float32, shows: Shows, now: float, config: RotationConfig) -> Float32 | None:
    """Return what rotation adds to the score of each item of a list, float32, 0 or below; None where it changes none.

    Parameters
    ----------
    items, scores
        The list, in any order.
    shows
        What the user was shown and passed over.
    now
        The moment of the request, in seconds since 1970.
    """
    if config.weight <= 0 or not len(shows) or not len(items):
        return None
    shown, tired = shows.fatigue(now, config.half_life)
    places = np.minimum(np.searchsorted(shown, items), len(shown) - 1)
    values = np.where(shown[places] == items, tired[places], np.float32(0.0))
    if not values.any():
        return None
    span = float(scores.max() - scores.min()) or 1.0
    return np.asarray(-values * np.float32(config.weight * span), dtype=np.float32)


@dataclass(frozen=True)
class LoggedRotation:
    """Rotation for requests out of a log, as a server would have had it.

    Parameters
    ----------
    impressions
        Of the whole log.
    config
        How much there is.
    pause
        Seconds before a request whose shows are not counted: in a log they belong to the answer, which is what led to
        the interaction that the request stands for.
    """

    impressions: Impressions
    config: RotationConfig
    pause: float

    def rotated(self, holdout: Holdout, row: int, history: History, items: Int32, scores: Float32) -> Float32:
        """Lower the scores of a request's items."""
        moment = holdout.moment(row)
        if holdout.anonymous or moment is None or not np.isfinite(moment):
            return scores
        shows = self.impressions.shows(int(holdout.users[row]), moment - self.pause, history)
        change = lowered(items, scores, shows, moment, self.config)
        return scores if change is None else scores + change
