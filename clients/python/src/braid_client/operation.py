"""Operations of the service, and the requests that carry them out."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal
from urllib.parse import quote

Upload = Path | tuple[str, bytes | IO[bytes]]
"""A file to upload: where it is, or its name and what is in it."""
_EVENTS = ("post_interaction", "post_interactions")
NDJSON = "application/x-ndjson"


@dataclass(frozen=True)
class Operation:
    """One operation of the service.

    Attributes
    ----------
    name
        Its operation id.
    path
        With the names of its parameters in braces.
    repeatable
        Whether sending it twice does what sending it once does, so that it may be sent again without an answer.
    answer
        How the answer is read.
    """

    name: str
    method: str
    path: str
    repeatable: bool
    answer: Literal["json", "text", "nothing"]


@dataclass(frozen=True)
class Given:
    """What a caller gave for a call: parameters, and a body or a form."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    files: Mapping[str, Upload | None] = field(default_factory=dict)
    form: Mapping[str, Any] = field(default_factory=dict)


def request_of(operation: Operation, given: Given) -> dict[str, Any]:
    """Return the arguments of httpx for a call.

    Interactions without an `event_id` get one: without it, one that is sent again would be stored twice.
    """
    # Every id is one segment, whatever is in it.
    segments = {name: quote(str(value), safe="") for name, value in given.path.items()}
    request: dict[str, Any] = {"method": operation.method, "url": operation.path.format(**segments)}
    query = {name: value for name, value in given.query.items() if value is not None}
    if query:
        request["params"] = query
    files = {name: _opened(upload) for name, upload in given.files.items() if upload is not None}
    if files:
        form = {name: value for name, value in given.form.items() if value is not None}
        return request | {"files": files, "data": {name: _word(value) for name, value in form.items()}}
    if isinstance(given.body, bytes):
        return request | {"content": given.body, "headers": {"content-type": NDJSON}}
    if given.body is None:
        return request
    return request | {"json": _with_event_ids(given.body) if operation.name in _EVENTS else given.body}


def new_event_id() -> str:
    """Return an id that nobody else makes; later ones sort behind earlier ones, which databases store faster."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def _with_event_ids(body: Any) -> Any:
    if isinstance(body, list | tuple):
        return [_with_event_ids(row) for row in body]
    return body if body.get("event_id") is not None else {**body, "event_id": new_event_id()}


def _opened(upload: Upload) -> tuple[str, bytes | IO[bytes]]:
    if isinstance(upload, Path):
        return upload.name, upload.read_bytes()
    return upload


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
