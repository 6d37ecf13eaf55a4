"""Counting requests, in memory and in Redis."""

import time

import pytest
import redis.asyncio

from app.services.access import rate_limits
from app.services.access.rate_limits import Policy, RateLimits, whom
from tests.app.services.access.redis_server import running_redis


def in_memory(limit: str, workers: int = 1) -> RateLimits:
    return RateLimits("memory://", limit, "100/minute", workers)


def test_what_is_left_is_counted_down_for_each_apart() -> None:
    limits = in_memory("3/minute")
    assert limits.by_key is not None
    found = [limits.take_here(limits.by_key, "a") for _ in range(5)]
    assert [standing.remaining for standing in found] == [2, 1, 0, -1, -2]
    assert [standing.exceeded for standing in found] == [False, False, False, True, True]
    assert not limits.take_here(limits.by_key, "b").exceeded
    assert not limits.take_here(limits.tries, "a").exceeded
    assert dict(found[4].headers()) == {b"ratelimit-policy": b'"key";q=3;w=60', b"ratelimit": b'"key";r=0;t=60'}


def test_a_window_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    limits, policy = in_memory("1/second"), Policy("key", "1/second")
    assert [limits.take_here(policy, "a").exceeded for _ in range(2)] == [False, True]
    now = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: now() + 1)
    assert not limits.take_here(policy, "a").exceeded


def test_each_process_has_its_share() -> None:
    limits = in_memory("100/minute", workers=4)
    assert limits.by_key is not None
    found = [limits.take_here(limits.by_key, "a") for _ in range(26)]
    assert [standing.exceeded for standing in found] == [False] * 25 + [True]
    assert (found[0].remaining, found[24].remaining) == (96, 0)
    few = in_memory("2/minute", workers=4)
    assert few.by_key is not None
    assert [few.take_here(few.by_key, "a").exceeded for _ in range(2)] == [False, True]


def test_ever_new_addresses_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "_MOST_COUNTED", 100)
    limits, policy = in_memory("1/minute"), Policy("address", "1/minute")
    assert limits.by_key is not None
    assert not limits.take_here(limits.by_key, "key").exceeded
    for number in range(1000):
        limits.take_here(policy, str(number))
    assert len(limits._here.of[policy]) <= 100
    assert limits.take_here(policy, "999").exceeded
    assert limits.take_here(limits.by_key, "key").exceeded


def test_a_network_of_ipv6_is_one_customer() -> None:
    assert whom("2001:db8:1:2::1") == whom("2001:db8:1:2:ffff::9") != whom("2001:db8:1:3::1")
    assert whom("::ffff:192.0.2.1") == whom("192.0.2.1") == "192.0.2.1"
    assert whom("") == ""


async def test_redis_counts_for_several_servers(free_port: int) -> None:
    with running_redis(free_port) as url:
        servers = [RateLimits(url, "3/minute", "100/minute", 4) for _ in range(2)]
        found = [await server.take(Policy("key", "3/minute"), "a") for server in servers * 2]
        assert [standing.remaining for standing in found] == [2, 1, 0, -1]
        assert 1 <= found[-1].resets_in <= 60
        for server in servers:
            await server.close()


async def test_redis_tells_what_is_left_of_its_window(free_port: int) -> None:
    with running_redis(free_port) as url:
        first, second = (RateLimits(url, "100/minute", "100/minute", 1) for _ in range(2))
        policy = Policy("key", "100/minute")
        assert (await first.take(policy, "a")).resets_in == 60
        storage = redis.asyncio.from_url(url)
        (name,) = await storage.keys("*")
        await storage.expire(name, 20)
        # One that began to count in the middle of the window, and one that has counted from its beginning.
        assert [(await second.take(policy, "a")).resets_in for _ in range(2)] == [20, 20]
        assert (await first.take(policy, "b")).resets_in == 60
        await storage.delete(name)
        assert (await second.take(policy, "a")).resets_in == 60
        await storage.aclose()
        for limits in (first, second):
            await limits.close()


async def test_without_its_redis_a_server_counts_alone(free_port: int) -> None:
    limits = RateLimits(f"redis://127.0.0.1:{free_port}", "2/minute", "100/minute", 1)
    began = time.monotonic()
    assert [(await limits.take(Policy("key", "2/minute"), "a")).exceeded for _ in range(2)] == [False, False]
    policy = Policy("key", "1/minute")
    assert [(await limits.take(policy, "a")).exceeded for _ in range(2)] == [False, True]
    assert time.monotonic() - began < 2
    await limits.close()
