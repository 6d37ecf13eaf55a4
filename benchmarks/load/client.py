"""One connection to the server, for requests that are not measured."""

import http.client
import json
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from benchmarks.load.application import PROCESS
from benchmarks.load.errors import LoadError

HOST = "127.0.0.1"
_TIMEOUT_SECONDS = 30
_SHOWN = 300
_NO_HEADERS: Mapping[str, str] = {}


class Client:
    """A persistent connection, which stays with one worker.

    Parameters
    ----------
    port
        Of the server, on this machine.
    """

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(HOST, port, timeout=_TIMEOUT_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._connection.close()

    def ask(self, path: str, headers: Mapping[str, str] = _NO_HEADERS) -> tuple[int, bytes]:
        """Return status and body.

        Raises
        ------
        OSError
            The server does not answer.
        """
        try:
            self._connection.request("GET", path, headers=headers)
            response = self._connection.getresponse()
            return response.status, response.read()
        except http.client.HTTPException as error:
            raise ConnectionError(f"{path}: {error or type(error).__name__}") from error

    def get(self, path: str, headers: Mapping[str, str] = _NO_HEADERS) -> bytes:
        """Return the body of an answer that must be 200.

        Raises
        ------
        LoadError
            The status is not 200.
        """
        try:
            status, body = self.ask(path, headers)
        except OSError as error:
            raise LoadError(f"GET {path}: no answer: {error}") from error
        if status != http.HTTPStatus.OK:
            raise LoadError(f"GET {path}: answered {status}: {body[:_SHOWN].decode(errors='replace')}")
        return body

    def post(self, path: str, body: object, headers: Mapping[str, str] = _NO_HEADERS) -> Any:
        """Post JSON, and return the JSON of an answer that must be 200, 201 or 202.

        Raises
        ------
        LoadError
            It has another status.
        """
        return self._send("POST", path, body, headers)

    def put(self, path: str, body: object) -> Any:
        """Put JSON, and return the JSON of an answer that must be 200 or 201; raises as `post`."""
        return self._send("PUT", path, body, _NO_HEADERS)

    def _send(self, method: str, path: str, body: object, headers: Mapping[str, str]) -> Any:
        try:
            content_type = {"Content-Type": "application/json"}
            self._connection.request(method, path, json.dumps(body), {**content_type, **headers})
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise LoadError(f"{method} {path}: no answer: {error}") from error
        if response.status not in {http.HTTPStatus.OK, http.HTTPStatus.CREATED, http.HTTPStatus.ACCEPTED}:
            raise LoadError(f"{method} {path}: answered {response.status}: {content[:_SHOWN].decode(errors='replace')}")
        return json.loads(content)

    def json(self, path: str) -> Any:
        """Return the JSON of an answer that must be 200."""
        return json.loads(self.get(path))


def connections_by_worker(port: int, workers: int, *, within: float = 120.0) -> dict[int, Client]:
    """Open one connection to every worker, by its process id.

    Raises
    ------
    LoadError
        Fewer workers answered within the time limit.
    """
    found: dict[int, Client] = {}
    spare: list[Client] = []
    until = time.monotonic() + within
    while len(found) < workers:
        client = Client(port)
        pid = int(client.get(PROCESS))
        if pid in found:
            # Kept open for now: a worker with more open connections accepts new ones less often.
            spare.append(client)
            time.sleep(0.005)
        else:
            found[pid] = client
        if time.monotonic() > until:
            raise LoadError(f"only {len(found)} of {workers} workers answer")
    for client in spare:
        client.__exit__(None, None, None)
    return found
