"""Queues that are bounded: what waits in them costs room, and makes what comes later wait longer."""

from http import HTTPStatus

from app.errors import BraidError


class QueueFullError(BraidError):
    """As much waits already as is let wait."""

    code = "queue_full"
    status = HTTPStatus.TOO_MANY_REQUESTS
    retry_after = 60


def require_room(waiting: int, most: int, what: str) -> None:
    """Make sure that more of a kind may wait.

    Raises
    ------
    QueueFullError
        As much waits as may.
    """
    if waiting >= most:
        raise QueueFullError(f"{waiting} {what} wait already, and {most} may: try again when fewer do")
