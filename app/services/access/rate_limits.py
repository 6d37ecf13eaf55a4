"""How many requests a key or an address may send, counted in memory or in Redis."""

import math
import time
from collections import defaultdict
from dataclasses import dataclass
from ipaddress import ip_address

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.errors import StorageError

from app.services.access.keyring import Key

Headers = tuple[tuple[bytes, bytes], tuple[bytes, bytes]]
_IN_MEMORY = "memory://"
_MOST_COUNTED = 100_000
_PREFIX_OF_CUSTOMER = 64
_RETRY_STORAGE_SECONDS = 5.0
_STORAGE_SECONDS = 0.5
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
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

    def headers(self) -> Headers:
        """Return the headers that tell a client."""
        return self.policy.headers(self.remaining, self.resets_in)


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
        self._header = (b"ratelimit-policy", f'"{name}";q={self.amount};w={self.seconds}'.encode())
        self._form = f'"{name}";r=%d;t=%d'.encode()

    def headers(self, remaining: int, resets_in: int) -> Headers:
        """Return the headers that tell a client, as draft-ietf-httpapi-ratelimit-headers-10 has them."""
        return self._header, (b"ratelimit", self._form % (max(0, remaining), resets_in))

    def key_of(self, whom: str) -> str:
        """Return the name under which somebody's requests are counted."""
        return f"braid/{self.name}/{self.seconds}/{whom}"


class _Window:
    """The requests of somebody, and the moment when they are forgotten."""

    __slots__ = ("count", "ends")

    def __init__(self, ends: float) -> None:
        self.count = 0
        self.ends = ends


class _Windows:
    """Windows that this process knows; the library's own memory starts a thread a hundred times a second."""

    def __init__(self) -> None:
        self.of: defaultdict[Policy, dict[str, _Window]] = defaultdict(dict)
        """For each limit apart: ever new addresses must not drive out the counts of keys."""

    def begin(self, policy: Policy, whom: str, now: float, seconds: float) -> _Window:
        """Begin a window that ends in some seconds."""
        windows = self.of[policy]
        if whom not in windows and len(windows) >= _MOST_COUNTED:
            windows = self.of[policy] = _without_old(windows, now)
        window = windows[whom] = _Window(now + seconds)
        return window


class RateLimits:
    """The limits of a server.

    Parameters
    ----------
    storage
        `memory://`, or the URL of a Redis server, which counts for all processes and servers together.
    by_key, by_address
        The limits of keys that have none of their own, and of addresses, as `600/minute`; None for no limit.
    workers
        Processes of this server: each has its share of what is counted in memory.
    """

    def __init__(self, storage: str, by_key: str | None, by_address: str, workers: int) -> None:
        shared = storage != _IN_MEMORY
        self._storage = _redis(storage) if shared else None
        self.is_local = not shared
        """Whether no request is counted elsewhere: then nothing has to be waited for."""
        self._here, self._shared = _Windows(), _Windows()
        self._workers = workers
        self._away_until = 0.0
        self.by_key = None if by_key is None else Policy("key", by_key)
        self._own: dict[str, Policy] = {}
        self.by_address = Policy("address", by_address)
        self.tries = Policy("tries", by_address)
        """The same number for wrong keys and sign-ins, so that pages in use do not keep an operator out."""

    def of_key(self, key: Key) -> Policy | None:
        """Return the limit of a key; one that anybody can read has none, but each address that uses it."""
        if key.is_publishable:
            return self.by_address
        if key.rate_limit is None:
            return self.by_key
        own = self._own.get(key.rate_limit)
        if own is None:
            own = self._own[key.rate_limit] = Policy("key", key.rate_limit)
        return own

    async def take(self, policy: Policy, whom: str) -> Standing:
        """Count a request of somebody. Where Redis does not answer, this process counts alone."""
        if self._storage is not None and time.monotonic() >= self._away_until:
            try:
                return await self._take_shared(self._storage, policy, whom)
            except StorageError as error:
                self._away_until = time.monotonic() + _RETRY_STORAGE_SECONDS
                _log.error("requests are counted by each process: the storage does not answer", reason=str(error))
        return self.take_here(policy, whom)

    def take_here(self, policy: Policy, whom: str) -> Standing:
        """Count a request in this process, which has its share of the limit."""
        return Standing(policy, *self.count_here(policy, whom))

    def count_here(self, policy: Policy, whom: str) -> tuple[int, int]:
        """Do the same, and return the numbers of the standing alone: on the hot path the object takes too long."""
        now = time.monotonic()
        window = self._here.of[policy].get(whom)
        if window is None or window.ends <= now:
            window = self._here.begin(policy, whom, now, policy.seconds)
        window.count += 1
        share = self._workers
        left = policy.amount - window.count if share == 1 else _left(policy, window.count, share)
        return left, math.ceil(window.ends - now)

    async def _take_shared(self, storage: RedisStorage, policy: Policy, whom: str) -> Standing:
        key = policy.key_of(whom)
        count = await storage.incr(key, policy.seconds)
        now = time.monotonic()
        window = self._shared.of[policy].get(whom)
        if count == 1:
            window = self._shared.begin(policy, whom, now, policy.seconds)
        elif window is None or window.ends <= now:
            # Another process began it: when it ends is asked once.
            seconds = await storage.get_expiry(key) - time.time()
            window = self._shared.begin(policy, whom, now, seconds)
        return Standing(policy, policy.amount - count, max(math.ceil(window.ends - now), 1))

    async def close(self) -> None:
        """Close the connections to the storage."""
        if self._storage is not None and isinstance(self._storage.bridge, RedispyBridge):
            await self._storage.bridge.storage.aclose()


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


def _without_old(windows: dict[str, _Window], now: float) -> dict[str, _Window]:
    kept = {name: window for name, window in windows.items() if window.ends > now}
    # Those that come first end first: somebody who sends from ever new addresses cannot fill the memory.
    for name in list(kept)[: len(kept) - _MOST_COUNTED // 2]:
        del kept[name]
    return kept


def _left(policy: Policy, count: int, share: int) -> int:
    """Return what is left where each of some processes has its share."""
    left = max(policy.amount // share, 1) - count
    return min(left * share, policy.amount) if left > 0 else left


def _redis(url: str) -> RedisStorage:
    return RedisStorage(
        url,
        wrap_exceptions=True,
        implementation="redispy",
        key_prefix="braid",
        socket_timeout=_STORAGE_SECONDS,
        socket_connect_timeout=_STORAGE_SECONDS,
    )
