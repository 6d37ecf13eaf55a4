"""Queues that are bounded: what waits in them costs room, and makes what comes later wait longer."""

from http import HTTPStatus

from app.errors import BraidError


class QueueFullError(BraidError):
    """As many training jobs, imports or uploads wait as may."""

    code = "queue_full"
    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after


def require_room(waiting: int, most: int, what: str, *, retry_after: int = 60) -> None:
    """Make sure that more of a kind may wait.

    Parameters
    ----------
    retry_after
        Seconds after which there may be room.

    Raises
    ------
    QueueFullError
        As much waits as may.
    """
    if waiting >= most:
        raise QueueFullError(f"{waiting} {what} are waiting, as many as may: try again later", retry_after)
