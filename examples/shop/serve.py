"""Serves the sample shop: its files, the browser snippet, pictures, and which Braid to ask.

python examples/shop/serve.py --key braid_pk_...
"""

import argparse
import json
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from drawing import draw

_HERE = Path(__file__).resolve().parent
_SNIPPET = _HERE.parents[1] / "clients/browser/braid.min.js"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_FILES = {f"/{path.name}": path for path in _HERE.iterdir() if path.suffix in _TYPES}
_FILES |= {"/": _HERE / "index.html", "/braid.min.js": _SNIPPET}


POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src {}; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing but the shop's own files, and Braid."""


class Shop(ThreadingHTTPServer):
    """A server that knows where Braid is, and the key for its pages."""

    def __init__(self, port: int, braid: str, key: str) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.config = {"url": braid, "key": key}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over browsers that left a page before its pictures came; print other errors."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Shop
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with a file, a picture or the configuration."""
        path = unquote(urlsplit(self.path).path)
        if path in _FILES:
            self._send(_FILES[path].read_bytes(), _TYPES[_FILES[path].suffix])
        elif path == "/config.js":
            self._send(f"const CONFIG = {json.dumps(self.server.config)};\n".encode(), "text/javascript")
        elif path.startswith("/images/") and path.endswith(".svg"):
            category, _, item_id = path.removeprefix("/images/").removesuffix(".svg").rpartition("/")
            self._send(draw(category, item_id).encode(), "image/svg+xml")
        else:
            self._send(b"There is no such page.\n", "text/plain", HTTPStatus.NOT_FOUND)

    def _send(self, body: bytes, media_type: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{media_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY.format(self.server.config["url"]))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Print nothing: the pages say what happens."""


def main() -> None:
    """Read the options and serve until Ctrl-C."""
    options = argparse.ArgumentParser(description="Serves the sample shop of Braid.")
    options.add_argument("--key", required=True, help="a publishable key for http://127.0.0.1:PORT: braid_pk_...")
    options.add_argument("--braid", default="http://127.0.0.1:8000", help="where Braid serves")
    options.add_argument("--port", type=int, default=8080, help="where the shop serves")
    given = options.parse_args()
    with Shop(given.port, given.braid.rstrip("/"), given.key) as shop:
        print(f"The shop is open: http://127.0.0.1:{given.port}", flush=True)
        try:
            shop.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
