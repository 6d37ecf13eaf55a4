"""The record of a run of cases."""

from pathlib import Path

import orjson

from benchmarks.fuzzing.records import read


def test_cases_failures_and_server_errors_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "records"
    failure = {"title": "Undocumented", "message": "m"}
    rows = [
        {"call": "GET /a", "status": 200},
        {"call": "GET /a", "status": 503},
        {"call": "GET /b", "status": 404},
        {"call": "GET /b", "status": 404, "failure": failure},
        {"call": "GET /b", "status": 404, "failure": failure},
    ]
    path.write_bytes(b"\n".join(map(orjson.dumps, rows)) + b"\n" + b'{"call": "GET')
    found = read(path)
    assert (found.cases, found.server_errors, found.calls) == (3, 1, {"GET /a", "GET /b"})
    assert found.statuses == {200: 1, 503: 1, 404: 1}
    assert set(found.failures) == {("GET /a", "503"), ("GET /b", "Undocumented")}


def test_no_record_is_no_case(tmp_path: Path) -> None:
    assert read(tmp_path / "none").cases == 0
