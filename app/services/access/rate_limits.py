"""How many requests a key or an address may send, counted in memory or in Redis."""

import math
import time
from collections import defaultdict
from ipaddress import ip_address
from typing import NamedTuple

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.errors import StorageError

from app.services.access.keyring import Key

_IN_MEMORY = "memory://"
_MOST_COUNTED = 100_000
_PREFIX_OF_CUSTOMER = 64
_RETRY_STORAGE_SECONDS = 5.0
_STORAGE_SECONDS = 0.5
_log = structlog.get_logger(__name__)


class Standing(NamedTuple):
    """Where somebody stands within a limit.

    Attributes
    ----------
    remaining
        Requests that are left; below 0 for one that is refused.
    resets_in
        Seconds until all are there again.
    """

    policy: "Policy"
    remaining: int
    resets_in: int

    @property
    def exceeded(self) -> bool:
        """Return whether this request is one too many."""
        return self.remaining < 0

    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """Return the headers that tell a client, as draft-ietf-httpapi-ratelimit-headers-10 has them."""
        return (
            self.policy.header,
            (b"ratelimit", self.policy.form % (max(self.remaining, 0), self.resets_in)),
        )


class Policy:
    """A limit: so many requests in a time.

    Parameters
    ----------
    name
        Of what is counted.
    limit
        As `600/minute`.
    """

    def __init__(self, name: str, limit: str) -> None:
        item: RateLimitItem = parse(limit)
        self.name = name
        self.amount, self.seconds = item.amount, item.get_expiry()
        self.header = (b"ratelimit-policy", f'"{name}";q={self.amount};w={self.seconds}'.encode())
        self.form = f'"{name}";r=%d;t=%d'.encode()

    def key_of(self, whom: str) -> str:
        """Return the name under which somebody's requests are counted."""
        return f"braid/{self.name}/{self.seconds}/{whom}"


class _Memory:
    """Counts in this process; the library's own memory starts a thread a hundred times a second."""

    def __init__(self) -> None:
        # For each limit apart: ever new addresses must not drive out the counts of keys.
        self._counts: defaultdict[Policy, dict[str, list[float]]] = defaultdict(dict)

    def add(self, policy: Policy, whom: str) -> tuple[int, float]:
        """Count a request; return how many there are in this window, and the seconds until it ends."""
        now = time.monotonic()
        counts = self._counts[policy]
        found = counts.get(whom)
        if found is None or found[1] <= now:
            if found is None and len(counts) >= _MOST_COUNTED:
                counts = self._counts[policy] = _without_old(counts, now)
            found = counts[whom] = [0, now + policy.seconds]
        found[0] += 1
        return int(found[0]), found[1] - now


class RateLimits:
    """The limits of a server.

    Parameters
    ----------
    storage
        `memory://`, or the URL of a Redis server, which counts for all processes and servers together.
    by_key, by_address
        The limits, as `600/minute`; None for no limit.
    workers
        Processes of this server: each has its share of what is counted in memory.
    """

    def __init__(self, storage: str, by_key: str | None, by_address: str, workers: int) -> None:
        shared = storage != _IN_MEMORY
        self._storage = _redis(storage) if shared else None
        self._memory = _Memory()
        self._workers = workers
        self._away_until = 0.0
        self.by_key = None if by_key is None else Policy("key", by_key)
        self.by_address = Policy("address", by_address)
        self.tries = Policy("tries", by_address)
        """The same number for wrong keys and sign-ins, so that pages in use do not keep an operator out."""

    def of_key(self, key: Key) -> Policy | None:
        """Return the limit of a key; one that anybody can read has none, but each address that uses it."""
        return self.by_address if key.is_publishable else self.by_key

    async def take(self, policy: Policy, whom: str) -> Standing:
        """Count a request of somebody. Where Redis does not answer, this process counts alone."""
        if self._storage is not None and time.monotonic() >= self._away_until:
            try:
                key = policy.key_of(whom)
                count = await self._storage.incr(key, policy.seconds)
                left: float = policy.seconds
                if count > policy.amount:
                    left = await self._storage.get_expiry(key) - time.time()
                return _standing(policy, count, left, 1)
            except StorageError as error:
                self._away_until = time.monotonic() + _RETRY_STORAGE_SECONDS
                _log.error("requests are counted by each process: the storage does not answer", reason=str(error))
        return self.take_here(policy, whom)

    def take_here(self, policy: Policy, whom: str) -> Standing:
        """Count a request in this process, which has its share of the limit."""
        count, resets_in = self._memory.add(policy, whom)
        return _standing(policy, count, resets_in, self._workers)

    async def close(self) -> None:
        """Close the connections to the storage."""
        if self._storage is not None and isinstance(self._storage.bridge, RedispyBridge):
            await self._storage.bridge.storage.aclose()

    @property
    def is_local(self) -> bool:
        """Return whether no request is counted elsewhere: then nothing has to be waited for."""
        return self._storage is None


def whom(address: str) -> str:
    """Return who is behind an address: in IPv6 a customer has a whole network."""
    if ":" not in address:
        return address
    try:
        found = ip_address(address)
    except ValueError:
        return address
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped) if mapped else str(int(found) >> _PREFIX_OF_CUSTOMER)


def _without_old(counts: dict[str, list[float]], now: float) -> dict[str, list[float]]:
    kept = {name: found for name, found in counts.items() if found[1] > now}
    # Those that come first end first: somebody who sends from ever new addresses cannot fill the memory.
    for name in list(kept)[: len(kept) - _MOST_COUNTED // 2]:
        del kept[name]
    return kept


def _standing(policy: Policy, count: int, resets_in: float, share: int) -> Standing:
    own = max(policy.amount // share, 1)
    left = own - count
    return Standing(policy, min(left * share, policy.amount) if left > 0 else left, max(math.ceil(resets_in), 1))


def _redis(url: str) -> RedisStorage:
    return RedisStorage(
        url,
        wrap_exceptions=True,
        implementation="redispy",
        key_prefix="braid",
        socket_timeout=_STORAGE_SECONDS,
        socket_connect_timeout=_STORAGE_SECONDS,
    )
