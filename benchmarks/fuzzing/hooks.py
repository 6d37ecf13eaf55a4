"""What Schemathesis loads: the form of JSON lines, the failures that are none, and a short record of each case."""

import json
import os
from pathlib import Path
from typing import Any

import orjson
import schemathesis

from benchmarks.fuzzing.exceptions import excused
from benchmarks.fuzzing.records import KEY, RECORDS, SERVER_ERROR

_OTHER_KEY = "0" * 12


@schemathesis.serializer("application/x-ndjson")
def json_lines(_context: Any, value: Any) -> bytes:
    """Write the text that the description asks for as it is, and anything else as one line, also an empty list."""
    if isinstance(value, bytes):
        return value
    return value.encode(errors="backslashreplace") if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Leave the key alone with which everything is asked."""
    if (case.path_parameters or {}).get("key_id") == os.environ[KEY]:
        case.path_parameters["key_id"] = _OTHER_KEY


@schemathesis.check
def recorded(_context: Any, response: Any, case: Any) -> None:
    """Write down each case: a check that always passes sees them all."""
    _record(case, response)


@schemathesis.hook
def filter_failure(_context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Drop failures with a reason to, and write down the others."""
    if excused(failure, case, response):
        return False
    _record(case, response, failure)
    return True


def _record(case: Any, response: Any, failure: Any = None) -> None:
    record: dict[str, Any] = {"call": case.operation.label, "status": response.status_code}
    if failure is not None or response.status_code >= SERVER_ERROR:
        sent = response.request
        body = sent.body if isinstance(sent.body, str) else (sent.body or b"").decode(errors="backslashreplace")
        headers = {name: str(value) for name, value in sent.headers.items() if name.lower() != "authorization"}
        record |= {"method": sent.method, "url": sent.url, "headers": headers, "body": body[:4000]}
        record["answer"] = response.content.decode(errors="backslashreplace")[:2000]
    if failure is not None:
        record["failure"] = {"title": failure.title, "message": failure.message}
    with Path(os.environ[RECORDS]).open("ab") as file:
        file.write(orjson.dumps(record, default=str) + b"\n")
