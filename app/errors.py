"""The errors a caller can meet, each with a stable code and an HTTP status.

BraidError
    NotFoundError
    CursorError
    UnknownMethodError
    NoBundleError
    InvalidFieldsError
        BatchRefusedError
    OverloadedError
    MalformedBodyError
    TooManyRowsError
    TooLargeError
    UnsupportedMediaTypeError
    DatabaseError
        SchemaError
    StorageFullError
    MergeConflictError
    ImportBusyError
    BundleRefusedError
    BundlesUnavailableError
    PortError
    TrainingUnavailableError
"""

from http import HTTPStatus
from typing import Any


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


class InvalidFieldsError(BraidError):
    """Fields that are well formed and cannot be used: an event type, a user or an item that does not exist."""

    code = "invalid_request"
    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, text: str, errors: list[Any]) -> None:
        super().__init__(text)
        self.errors = errors


class OverloadedError(BraidError):
    """More is being stored than can be; nothing of this was taken."""

    code = "overloaded"
    status = HTTPStatus.SERVICE_UNAVAILABLE


class MalformedBodyError(BraidError):
    """A body that cannot be read."""

    code = "malformed_json"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    field = "body"


class TooManyRowsError(BraidError):
    """A batch of more rows than are taken at once."""

    code = "too_many_rows"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class BatchRefusedError(InvalidFieldsError):
    """A batch that is to be stored as a whole or not at all, and holds rows that are refused."""

    code = "batch_refused"


class TooLargeError(BraidError):
    """Attributes that have become larger than can be stored."""

    code = "invalid_request"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    field = "attributes"


class UnsupportedMediaTypeError(BraidError):
    """A body of a kind that this call does not take."""

    code = "unsupported_media_type"
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class DatabaseError(BraidError):
    """The database cannot be reached or does not answer."""

    code = "database_unavailable"
    status = HTTPStatus.SERVICE_UNAVAILABLE


class SchemaError(DatabaseError):
    """The database's tables are missing, too old or too new."""

    code = "database_not_migrated"


class StorageFullError(BraidError):
    """There is no room left for what was sent."""

    code = "storage_full"
    status = HTTPStatus.SERVICE_UNAVAILABLE


class MergeConflictError(BraidError):
    """A user that was merged into somebody else."""

    code = "already_merged"
    status = HTTPStatus.CONFLICT


class ImportBusyError(BraidError):
    """Two processes import the same files."""

    code = "import_busy"
    status = HTTPStatus.CONFLICT


class BundleRefusedError(BraidError):
    """A bundle that the gate has refused, or that cannot be read, and so does not become the active one."""

    code = "bundle_refused"
    status = HTTPStatus.CONFLICT


class BundlesUnavailableError(BraidError):
    """Where the bundles are cannot be reached."""

    code = "bundles_unavailable"
    status = HTTPStatus.SERVICE_UNAVAILABLE


class PortError(BraidError):
    """The address cannot be listened on."""

    code = "port_unavailable"


class TrainingUnavailableError(BraidError):
    """An installation that can serve, but not train."""

    code = "training_unavailable"
