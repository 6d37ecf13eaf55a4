"""Variants beside each other: which differences their intervals show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.schemas.online_measures import Mean, Rate, VariantCounts


@dataclass(frozen=True)
class ComparedVariant:
    """A variant, and what its measures say beside those of the first one.

    Each of the three is `higher` or `lower` where the intervals do not overlap, and None where they do, or for the
    first one.
    """

    counts: VariantCounts
    clicks: str | None = None
    conversions: str | None = None
    revenue: str | None = None


def compared(counts: Iterable[VariantCounts], order: Sequence[str]) -> list[ComparedVariant]:
    """Compare variants with the first one.

    Parameters
    ----------
    order
        Names of the variants in force, the first of which is the one to compare with; others come last.
    """
    known = {name: place for place, name in enumerate(order)}
    ordered = sorted(counts, key=lambda one: (known.get(one.variant or "", len(known)), one.variant or ""))
    if not ordered:
        return []
    first, *others = ordered
    return [
        ComparedVariant(first),
        *(
            ComparedVariant(
                one,
                _beside(one.click_through_rate, first.click_through_rate),
                _beside(one.conversion_rate, first.conversion_rate),
                _beside(one.revenue_per_user, first.revenue_per_user),
            )
            for one in others
        ),
    ]


def _beside(own: Rate | Mean | None, other: Rate | Mean | None) -> str | None:
    if own is None or other is None:
        return None
    return "higher" if own.low > other.high else "lower" if own.high < other.low else None
