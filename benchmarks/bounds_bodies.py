"""Bodies that ask for much, for `benchmarks.bounds`: `ATTACKS` are its rows."""

import gzip
import http.client
import io
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.load.attacks import Attack, Outcome
from benchmarks.load.client import HOST
from benchmarks.load.server import Server

_JSON = {"Content-Type": "application/json"}
_GZIP = _JSON | {"Content-Encoding": "gzip"}
_BOUNDARY = "a-boundary-of-no-part"
_FORM = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
_STREAMED = _FORM | {"Transfer-Encoding": "chunked"}
_BLOCK = b"x" * (1 << 20)
_TIMEOUT_SECONDS = 60
_QUIET_LOOKS = 10
_VIEW = {"user_id": "u", "item_id": "i", "event_type": "view"}


def _send(server: Server, path: str, body: bytes | Iterable[bytes], headers: dict[str, str]) -> int:
    """Post a body, and return the status; an answer may come before all was sent."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=_TIMEOUT_SECONDS)
    try:
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", path, body, headers, encode_chunked=not isinstance(body, bytes))
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def _once(path: str, body: bytes | Iterable[bytes], headers: dict[str, str], server: Server) -> Outcome:
    began = time.perf_counter()
    try:
        status = str(_send(server, path, body, headers))
    except (OSError, http.client.HTTPException) as error:
        status = type(error).__name__
    return Outcome(status, time.perf_counter() - began)


def _together(server: Server, number: int, path: str, bodies: list[bytes], headers: dict[str, str]) -> Outcome:
    began = time.perf_counter()
    with ThreadPoolExecutor(number) as pool:
        found = Counter(pool.map(lambda body: _once(path, body, headers, server).answered, bodies))
    status = ", ".join(f"{count} times {status}" for status, count in sorted(found.items()))
    return Outcome(status, time.perf_counter() - began)


def _part(name: str, content: bytes, file: str | None = None) -> bytes:
    named = f'; filename="{file}"' if file else ""
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def _upload(content: bytes, file: str = "a.csv") -> bytes:
    return _part("interactions", content, file) + f"--{_BOUNDARY}--\r\n".encode()


@cache
def _columns() -> bytes:
    names = ",".join(f"c{number}" for number in range(100_000))
    return _upload(f"{names}\n{','.join('1' for _ in range(100_000))}\n".encode())


@cache
def _names(count: int) -> bytes:
    return b"{" + b",".join(b'"key%07d":1' % number for number in range(count)) + b"}"


@cache
def _rows_of_names() -> bytes:
    return b"[" + b",".join([_names(45)] * 10_000) + b"]"


@cache
def _members() -> bytes:
    empty = gzip.compress(b"")
    return gzip.compress(json.dumps(_VIEW).encode()) + empty * (9_000_000 // len(empty))


@cache
def _bomb() -> bytes:
    return gzip.compress(b" " * 1_000_000_000, compresslevel=1)


@cache
def _parquet() -> bytes:
    def column(cell: str) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.array([0] * 4_000, pa.int32()), pa.array([cell]))

    table, file = pa.table({"user_id": column("x" * 1_000_000), "item_id": column("i")}), io.BytesIO()
    pq.write_table(table, file, compression="zstd", write_statistics=False, store_schema=False)
    return _upload(file.getvalue(), "a.parquet")


def _endless_line() -> Iterator[bytes]:
    yield _upload(b"user_id,item_id").split(b"\r\n--")[0]
    for _ in range(400):
        yield _BLOCK
    yield f"\r\n--{_BOUNDARY}--\r\n".encode()


def _fields() -> Iterator[bytes]:
    for number in range(400):
        yield _part(f"other{number}", _BLOCK)
    yield f"--{_BOUNDARY}--\r\n".encode()


def _import(server: Server, body: bytes) -> Outcome:
    outcome = _once("/imports", body, _FORM, server)
    _wait_for_imports(server)
    return outcome


def _uploads(server: Server) -> Outcome:
    bodies = [_upload(b"user_id,item_id\nu,i%d\n" % number) for number in range(12)]
    outcome = _together(server, 12, "/imports", bodies, _FORM)
    _wait_for_imports(server)
    return outcome


def _contexts(server: Server) -> Outcome:
    body = json.dumps(_VIEW | {"context": {"note": "x" * 64_000}}).encode()
    return _together(server, 4, "/interactions", [body] * 100, _JSON)


def _wait_for_imports(server: Server) -> None:
    """Wait until the processes of imports are gone, so that the row has their memory."""
    until = time.monotonic() + _TIMEOUT_SECONDS
    quiet = 0
    # The next import starts a moment after the last one.
    while quiet < _QUIET_LOOKS and time.monotonic() < until:
        quiet = 0 if _imports(server) else quiet + 1
        time.sleep(0.1)


def _imports(server: Server) -> bool:
    """Return whether a process imports; the one that looks at uploads stays."""
    for process in server.processes()[1:]:
        with suppress(psutil.NoSuchProcess):
            if not any("upload_check" in word for word in process.cmdline()):
                return True
    return False


ATTACKS = (
    Attack("an upload of one row, for comparison", lambda server: _import(server, _upload(b"user_id,item_id\nu,i\n"))),
    Attack("an upload with 100,000 columns", lambda server: _import(server, _columns()), lambda _: _columns()),
    Attack(
        "7 MB of unknown JSON names",
        lambda server: _once("/interactions", _names(500_000), _JSON, server),
        lambda _: _names(500_000),
    ),
    Attack(
        "a batch of 10,000 rows of 45 unknown names",
        lambda server: _once("/interactions/batch", _rows_of_names(), _JSON, server),
        lambda _: _rows_of_names(),
    ),
    Attack(
        "9 MB of empty gzip members",
        lambda server: _once("/interactions", _members(), _GZIP, server),
        lambda _: _members(),
    ),
    Attack("a gzip body of 1 GB", lambda server: _once("/interactions", _bomb(), _GZIP, server), lambda _: _bomb()),
    Attack("a first CSV line of 400 MB", lambda server: _once("/imports", _endless_line(), _STREAMED, server)),
    Attack("a Parquet file of 446 bytes for 4 GB", lambda server: _import(server, _parquet()), lambda _: _parquet()),
    Attack("12 uploads at once", _uploads),
    Attack("400 unknown form fields of 1 MB", lambda server: _once("/imports", _fields(), _STREAMED, server)),
    Attack("50 training jobs", lambda server: _together(server, 8, "/training-jobs", [b"{}"] * 50, _JSON)),
    Attack("a budget of 11 days", lambda server: _once("/training-jobs", b'{"budget": 950400}', _JSON, server)),
    Attack("100 contexts of 64 kB", _contexts),
)
