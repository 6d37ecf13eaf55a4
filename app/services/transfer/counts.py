"""What became of the rows of an import."""

from dataclasses import dataclass, field
from typing import Any

from app.services.transfer.dropped import Example
from models.data.cleaning import CleaningReport

INTERACTIONS, ITEMS, USERS = "interactions", "items", "users"


@dataclass
class Count:
    """Rows of one kind: read, kept as the API would take them, new in the database, and left out by reason."""

    read: int = 0
    kept: int = 0
    new: int = 0
    dropped: dict[str, int] = field(default_factory=dict)

    def report(self) -> CleaningReport:
        """Return the numbers of kept and dropped rows."""
        return CleaningReport(self.read, self.kept, self.dropped)


@dataclass
class Imported:
    """The counts of an import, with those before an interruption; `before` is when the same import ended earlier."""

    interactions: Count = field(default_factory=Count)
    items: Count | None = None
    users: Count | None = None
    before: int | None = None
    examples: list[Example] = field(default_factory=list)

    def counts(self) -> dict[str, Count]:
        """Return the counts by the kind of the rows."""
        found = {INTERACTIONS: self.interactions, ITEMS: self.items, USERS: self.users}
        return {
            name: count for name, count in found.items() if count is not None and (count.read or name != INTERACTIONS)
        }

    def as_json(self) -> dict[str, Any]:
        """Return the counts in the form in which they are stored."""
        return {name: vars(count) for name, count in self.counts().items()}

    @classmethod
    def from_json(cls, counts: dict[str, Any]) -> "Imported":
        """Read stored counts."""
        found = {name: Count(**given) for name, given in counts.items()}
        return cls(found.get(INTERACTIONS, Count()), found.get(ITEMS), found.get(USERS))
