"""Which event types are accepted."""

from collections.abc import Collection, Iterable

from app.errors import InvalidFieldsError
from app.nearest_name import did_you_mean
from app.schemas.problems import FieldError

_NAMED = 30


class EventTypeRule:
    """Refuses event types that are not configured, unless any are allowed.

    Parameters
    ----------
    known
        Those that are configured.
    allow_unknown
        Whether other event types are accepted as well; they are not a sign of interest.
    """

    def __init__(self, known: Collection[str], *, allow_unknown: bool) -> None:
        self.known = frozenset(known)
        self.allow_unknown = allow_unknown

    def takes(self, kind: str) -> bool:
        """Return whether an event type is accepted."""
        return self.allow_unknown or kind in self.known

    def refusal(self, kind: str, field: str = "event_type") -> FieldError:
        """Return why an event type is not accepted."""
        names = sorted(self.known)
        more = ", ..." if len(names) > _NAMED else ""
        near = did_you_mean(kind, names)
        detail = f"{kind!r} is not one of {', '.join(names[:_NAMED])}{more}: BRAID_EVENT_TYPES can name it{near}"
        return FieldError(field=field, code="unknown_event_type", detail=detail)

    def require(self, kinds: Iterable[str], field: str) -> None:
        """Refuse event types that a request names in some field.

        Raises
        ------
        InvalidFieldsError
            One of them is not accepted.
        """
        for kind in kinds:
            if not self.takes(kind):
                raise InvalidFieldsError(f"1 field is not valid: {field}", [self.refusal(kind, field)])
