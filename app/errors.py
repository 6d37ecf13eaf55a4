"""The errors a caller can meet, each with a stable code and an HTTP status."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from app.nearest_name import did_you_mean


class BraidError(Exception):
    """An error that the user can understand and fix; its text is one line."""

    code = "error"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    field: str | None = None
    """The field of the request that is wrong."""
    told: str | None = None
    """What clients read in place of the text, which may name hosts and users and goes to the log only."""
    retry_after = 1
    """Seconds after which a client may try again, where the status is 429 or 503."""


class NotFoundError(BraidError):
    """The requested resource does not exist."""

    code = "not_found"
    status = HTTPStatus.NOT_FOUND


class CursorError(BraidError):
    """A cursor that is malformed, or belongs to another list."""

    code = "invalid_cursor"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    field = "cursor"


class UnknownMethodError(BraidError):
    """No recommender of this name can answer."""

    code = "unknown_method"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    field = "method"


class UnknownGoalError(BraidError):
    """The bundle is not trained for this goal."""

    code = "unknown_goal"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    field = "goal"

    def __init__(self, goal: str, known: Sequence[str]) -> None:
        there = f"it has {', '.join(map(repr, known))}" if known else "all interactions count as success for it"
        next_one = f"BRAID_GOAL names the goals of the next training{did_you_mean(goal, known)}"
        super().__init__(f"the bundle has no goal {goal!r}: {there}; {next_one}")


class InvalidFieldsError(BraidError):
    """Fields that are well formed but invalid: an event type, a user or an item that does not exist."""

    code = "invalid_request"
    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, text: str, errors: list[Any]) -> None:
        super().__init__(text)
        self.errors = errors


class OverloadedError(BraidError):
    """Too many writes wait for the database, or no process can look at uploads; nothing of the request was stored."""

    code = "overloaded"
    status = HTTPStatus.SERVICE_UNAVAILABLE


class TooManyFollowersError(BraidError):
    """As many clients follow training jobs as may."""

    code = "too_many_followers"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    retry_after = 30


class UnauthorizedError(BraidError):
    """No API key was sent, or none that is in force."""

    code = "unauthorized"
    status = HTTPStatus.UNAUTHORIZED


class ForbiddenError(BraidError):
    """The API key may not do this."""

    code = "forbidden"
    status = HTTPStatus.FORBIDDEN


class OpenToThisMachineError(ForbiddenError):
    """Without an API key, a request of another machine."""

    code = "key_required"


class ForeignHostError(ForbiddenError):
    """Without an API key, a request to a name that is not this machine's."""

    code = "foreign_host"


class ForeignOriginError(ForbiddenError):
    """A request of a page of another origin."""

    code = "foreign_origin"


class ForeignUserError(ForbiddenError):
    """A publishable key was used for a user that is not the page's own."""

    code = "foreign_user"


class TooManyRequestsError(BraidError):
    """A key or an address has sent as much as it may.

    Parameters
    ----------
    standing
        Where it stands within its limit.
    """

    code = "too_many_requests"
    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, text: str, standing: Any) -> None:
        super().__init__(text)
        self.standing = standing
        self.retry_after = standing.resets_in


class MalformedBodyError(BraidError):
    """A body that cannot be read."""

    code = "malformed_json"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    field = "body"


class TooManyRowsError(BraidError):
    """A batch with more rows than the limit."""

    code = "too_many_rows"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class BatchRefusedError(InvalidFieldsError):
    """An atomic batch with rows that are refused; nothing was stored."""

    code = "batch_refused"


class TooLargeError(BraidError):
    """A patch that makes the attributes larger than the limit."""

    code = "invalid_request"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    field = "attributes"


class UnsupportedMediaTypeError(BraidError):
    """A body of a content type that this call does not accept."""

    code = "unsupported_media_type"
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class DatabaseError(BraidError):
    """The database cannot be reached or does not answer."""

    code = "database_unavailable"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    told = "the database is not available; nothing was acknowledged: try again, with the same event_id"


class SchemaError(DatabaseError):
    """The database's tables are missing, too old or too new."""

    code = "database_not_migrated"
    told = "the tables are missing or too old: run `braid migrate`"


class WriteRefusedError(DatabaseError):
    """The database took no write: nothing of the transaction was stored, and reads go on."""

    advice = "see its log"
    """What the operator can do."""


class StorageFullError(WriteRefusedError):
    """The disk has no room, for rows or for uploaded files."""

    code = "storage_full"
    told = "the disk is full; nothing was stored, and reads go on: try again when there is room"
    advice = "free space on its disk, or enlarge it; reads go on"
    retry_after = 30


class StorageReadOnlyError(WriteRefusedError):
    """The file, the folder or the server can only be read."""

    code = "storage_read_only"
    told = "the storage can only be read; nothing was stored: try again when it takes writes"
    advice = "make the file and its folder writable, or name the primary server in BRAID_DATABASE_URL; reads go on"
    retry_after = 30


class StorageLockedError(WriteRefusedError):
    """Another process writes, and did not end in time."""

    code = "storage_locked"
    told = "another process writes to the database; nothing was stored: try again, with the same event_id"
    advice = "find the process that writes for so long, such as a large import, and try again when it has ended"


class SchemaFixedError(BraidError):
    """The schema of attributes is declared in a file, so it cannot be declared over HTTP."""

    code = "schema_in_file"
    status = HTTPStatus.CONFLICT


class ScenarioFixedError(BraidError):
    """The scenario is defined in a file, so it cannot be changed over HTTP."""

    code = "scenario_in_file"
    status = HTTPStatus.CONFLICT


class EventIdConflictError(BraidError):
    """An interaction whose `event_id` is in the log with other content.

    Parameters
    ----------
    found
        What became of the rows of a transaction, some of them with `differs`; it was rolled back if there are several.
    """

    code = "event_id_conflict"
    status = HTTPStatus.CONFLICT
    field = "event_id"

    def __init__(self, found: Sequence[Any]) -> None:
        fields = sorted({name for stored in found for name in stored.differs})
        super().__init__(
            f"the log has this event_id with another {' and '.join(fields)}; the first post counts: give another"
            " interaction an event_id of its own"
        )
        self.found = found


class MergeConflictError(BraidError):
    """The user was already merged into another user."""

    code = "already_merged"
    status = HTTPStatus.CONFLICT


class MergeTooOldError(BraidError):
    """What a merge moved is not known any more."""

    code = "merge_too_old"
    status = HTTPStatus.CONFLICT


class ImportBusyError(BraidError):
    """Another process is importing the same files."""

    code = "import_busy"
    status = HTTPStatus.CONFLICT


class BundleRefusedError(BraidError):
    """A bundle that cannot be activated: the gate refused it, or it cannot be read."""

    code = "bundle_refused"
    status = HTTPStatus.CONFLICT


class BundlesUnavailableError(BraidError):
    """The folder or object storage of the bundles cannot be reached."""

    code = "bundles_unavailable"
    status = HTTPStatus.SERVICE_UNAVAILABLE
