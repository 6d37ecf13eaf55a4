"""Which settings of a recommender the tuner may choose, and from what values."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Choice:
    """A setting that is chosen from some values by the accuracy of its recommender alone.

    Parameters
    ----------
    name
        The setting.
    values
        The values to try, in this order; the first is chosen if there is no time.
    needs_fit
        Whether another value needs a new fit; otherwise `configured` applies it.
    needs_order
        Whether it only matters for data with an order.
    measured_by
        The part that it is evaluated by, if that is not the recommender's first.
    """

    name: str
    values: tuple[float | str, ...]
    needs_fit: bool = True
    needs_order: bool = False
    measured_by: str | None = None


@dataclass(frozen=True)
class Steps:
    """A number that is searched within the mix, up and down in steps that are halved from round to round.

    Parameters
    ----------
    name
        The setting.
    step
        The first step.
    low, high
        Its bounds.
    needs_fit
        Whether another value needs a new fit; otherwise `configured` applies it.
    needs_order
        Whether it only matters for data with an order.
    only_where
        Another setting, and the value at which this one matters.
    """

    name: str
    step: float
    low: float
    high: float
    needs_fit: bool = False
    needs_order: bool = False
    only_where: tuple[str, object] | None = None

    def around(self, config: Any, halvings: int) -> Iterable[float]:
        """Yield the values to try, without the present one."""
        now = float(getattr(config, self.name))
        step = self.step * 0.5**halvings
        for value in (now + step, now - step):
            bounded = round(min(max(value, self.low), self.high), 4)
            if bounded != now:
                yield bounded

    def matters(self, config: Any, *, ordered: bool) -> bool:
        """Return whether another value could change a score."""
        if self.needs_order and not ordered:
            return False
        return self.only_where is None or getattr(config, self.only_where[0]) == self.only_where[1]


@dataclass(frozen=True)
class Halving:
    """A number that is only halved within the mix, as long as it stays at or above `low`; it needs no new fit."""

    name: str
    low: int
    needs_fit: bool = False
    needs_order: bool = False

    def around(self, config: Any, _halvings: int) -> Iterable[float]:
        """Return half of the present value, unless that is below `low`."""
        half = getattr(config, self.name) // 2
        return [half] if half >= self.low else []

    def matters(self, _config: Any, *, ordered: bool) -> bool:  # noqa: ARG002 - as that of `Steps`
        """Return whether another value could change a score: always."""
        return True
