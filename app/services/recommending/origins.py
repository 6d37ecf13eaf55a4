"""Origins: how the items of a list were selected before they were put in order for the user."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.schemas.recommendations import ListStrategy
from models.similar.together import TOGETHER


@dataclass(frozen=True)
class Origin:
    """How items were selected.

    `strategy` is that of the answer. `method` says how similar items were compared. `item_ids` are the items that they
    resemble; of several, `nearest` names by code the one that an item resembles most.
    """

    strategy: ListStrategy
    method: str | None = None
    item_ids: tuple[str, ...] = ()
    nearest: Mapping[int, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The key of the sentence: the method where it says more than the strategy."""
        return self.method if self.method in TOGETHER else self.strategy

    def nearest_to(self, code: int) -> str | None:
        """Return the item that another one resembles most; None where it was not selected by likeness."""
        return self.nearest.get(code, self.item_ids[0] if self.item_ids else None)
