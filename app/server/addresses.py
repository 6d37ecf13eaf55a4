"""Addresses of a server, as a client on this machine writes them."""

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - an address to ask at, not one to listen on


def address_of(host: str, port: int) -> str:
    """Return the address to ask a server at that listens on a host and a port."""
    asked = _EVERYWHERE.get(host, host)
    return f"http://{f'[{asked}]' if ':' in asked else asked}:{port}"
