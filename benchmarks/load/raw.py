"""Connections that send bytes as they like."""

import select
import socket
from collections import Counter

from benchmarks.load.client import HOST

_TIMEOUT_SECONDS = 60.0


class Raw:
    """One connection.

    Parameters
    ----------
    port
        Of the server, on this machine.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=_TIMEOUT_SECONDS)

    def send(self, data: bytes) -> bool:
        """Send bytes; return whether the server still takes them."""
        try:
            self._socket.sendall(data)
        except OSError:
            return False
        return True

    def has_answer(self) -> bool:
        """Return whether something came, or the end."""
        polled = select.poll()
        polled.register(self._socket, select.POLLIN)
        return bool(polled.poll(0))

    def head_status(self) -> int:
        """Return the status of an answer, and leave the connection open; 0 for an end without one."""
        try:
            begun = self._socket.recv(4096)
        except OSError:
            return 0
        return int(begun.split()[1]) if begun else 0

    def status(self) -> int:
        """Return the status of the answer that ends the connection; 0 for an end without one."""
        found = self.head_status()
        self.close()
        return found

    def close(self) -> None:
        """Close it."""
        self._socket.close()


def opened(port: int, count: int) -> list[Raw]:
    """Open several connections."""
    return [Raw(port) for _ in range(count)]


def statuses(connections: list[Raw]) -> str:
    """Wait for the answers of all, and count them by their status."""
    counts = Counter(raw.status() for raw in connections)
    return ", ".join(f"{count} x {status or 'closed'}" for status, count in sorted(counts.items()))
