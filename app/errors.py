"""The errors a caller can meet, each with a stable code and an HTTP status.

BraidError
    NotFoundError
    CursorError
    UnknownMethodError
    NoBundleError
    UnknownReferenceError
    OverloadedError
    DatabaseError
        SchemaError
    PortError
    TrainingUnavailableError
"""

from http import HTTPStatus


class BraidError(Exception):
    """Something that the user can understand and mend; its text is one line."""

    code = "error"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    field: str | None = None
    """What of the request it is about."""


class NotFoundError(BraidError):
    """What was asked for is not there."""

    code = "not_found"
    status = HTTPStatus.NOT_FOUND


class CursorError(BraidError):
    """A cursor that is none, or belongs to another list."""

    code = "invalid_cursor"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    field = "cursor"


class UnknownMethodError(BraidError):
    """No recommender of this name can answer."""

    code = "unknown_method"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    field = "method"


class NoBundleError(BraidError):
    """What was asked for needs a bundle, and there is none."""

    code = "no_bundle"


class UnknownReferenceError(BraidError):
    """An interaction of a user or with an item that does not exist."""

    code = "unknown_reference"
    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, text: str, field: str) -> None:
        super().__init__(text)
        self.field = field


class OverloadedError(BraidError):
    """More is being stored than can be; nothing of this was taken."""

    code = "overloaded"
    status = HTTPStatus.SERVICE_UNAVAILABLE


class DatabaseError(BraidError):
    """The database cannot be reached or does not answer."""

    code = "database_unavailable"
    status = HTTPStatus.SERVICE_UNAVAILABLE


class SchemaError(DatabaseError):
    """The database's tables are missing, too old or too new."""

    code = "database_not_migrated"


class PortError(BraidError):
    """The address cannot be listened on."""

    code = "port_unavailable"


class TrainingUnavailableError(BraidError):
    """An installation that can serve, but not train."""

    code = "training_unavailable"
