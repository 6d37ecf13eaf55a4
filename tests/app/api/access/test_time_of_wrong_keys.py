"""The time of a refusal does not tell how near a wrong key is to a real one."""

import gc
import statistics
import time

import httpx
import pytest
from fastapi import FastAPI

from app.api.callers import find_key
from app.services.access.secrets import key_id_of
from tests.app.api.access.conftest import Make

TRIES = 4000
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def sent(key: str) -> dict[bytes, bytes]:
    return {b"authorization": f"Bearer {key}".encode()}


async def test_a_wrong_key_takes_as_long_however_wrong_it_is(
    client: httpx.AsyncClient, make: Make, application: FastAPI
) -> None:
    real = (await make("admin")).key
    key_id = key_id_of(real)
    start = real.index(key_id) + len(key_id) + 1
    secret = real[start:]
    wrong = {
        "all but the last letter": real[:-1] + ("a" if real[-1] != "a" else "b"),
        "the id and half of the secret": real[: start + len(secret) // 2] + "x" * (len(secret) - len(secret) // 2),
        "the id alone": real[:start] + "x" * len(secret),
        "another id": real.replace(key_id, key_id[::-1]),
        "nothing": "braid_sk_" + "0" * len(key_id) + "_" + "x" * len(secret),
    }
    state = application.state.serving
    assert find_key(state, sent(real)) is not None
    given = {name: sent(key) for name, key in wrong.items()}
    spent: dict[str, list[int]] = {name: [] for name in wrong}
    gc.disable()
    try:
        # In turns, so that whatever else goes on is shared by all.
        for _ in range(TRIES):
            for name, headers in given.items():
                began = time.perf_counter_ns()
                found = find_key(state, headers)
                spent[name].append(time.perf_counter_ns() - began)
                assert found is None
    finally:
        gc.enable()
    medians = {name: statistics.median(times) for name, times in spent.items()}
    assert max(medians.values()) < 1.25 * min(medians.values()), medians
