"""Runs the server processes."""

import atexit
import errno
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

import typer
import uvicorn
from uvicorn.config import STARTUP_FAILURE

from app.command_errors import PortError
from app.config import SHARED_FOLDER, Settings
from app.logs import configure_logging
from app.server.addresses import address_of
from app.server.connections import Connection
from app.server.places import Places, raise_descriptor_limit
from app.server.supervisor import Supervisor
from app.setting_names import PREFIX

_ANNOUNCED_WITHIN = 60.0
_GRACE_SECONDS = 8
_PORT_HINT = ": stop the process that uses it, or choose another port with --port (make demo ARGS='--port 8001')"
_METRICS_HINT = f": stop the process that uses it, or choose another port with {PREFIX}METRICS_PORT"


def require_free_port(settings: Settings) -> None:
    """Find out before any work whether the server will be able to listen.

    Raises
    ------
    PortError
        Another process has a port, or the address is not one of this machine.
    """
    _require_free(settings.host, settings.port, _PORT_HINT)
    if settings.metrics_port is not None:
        _require_free(settings.host, settings.metrics_port, _METRICS_HINT)


def _require_free(host: str, port: int, hint: str) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except UnicodeError as error:
        raise PortError(f"{host}: is not a valid host name") from error
    except OSError as error:
        hint = hint if error.errno == errno.EADDRINUSE else ""
        raise PortError(f"{host}:{port}: {error.strerror or error}{hint}") from error


def serve_forever(settings: Settings, application: str = "app.main:create_app") -> None:
    """Serve until a signal stops it; requests under way are finished first.

    Parameters
    ----------
    settings
        Of the server; worker processes read theirs from the environment.
    application
        The factory, as `module:function`; the benchmarks serve one with a route of their own.

    Raises
    ------
    WorkersError
        The worker processes die again and again.
    """
    configure_logging(settings.log_level, settings.log_format)
    # Worker processes read their settings from the environment.
    for name in ("host", "port", "workers"):
        os.environ[PREFIX + name.upper()] = str(getattr(settings, name))
    if settings.workers > 1:
        # What the workers count is one server's; it goes with it.
        folder = tempfile.mkdtemp(prefix="braid-metrics-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ[SHARED_FOLDER] = folder
    raise_descriptor_limit()
    # The server raises the signal that stopped it once more when it is done: to be stopped is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    options: dict[str, Any] = {
        "factory": True,
        "host": settings.host,
        "port": settings.port,
        "workers": settings.workers,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "http": partial(Connection, places=Places()),
        "ws": "none",
        # An address that any client can claim counts only where a proxy is known to have written it.
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": settings.trusted_proxies or [],
        "timeout_graceful_shutdown": _GRACE_SECONDS,
        "timeout_worker_healthcheck": settings.worker_timeout,
    }
    if settings.workers == 1 and settings.metrics_port is None:
        uvicorn.run(application, **options)
        return
    config = uvicorn.Config(application, **options)
    sockets = [config.bind_socket()]
    if settings.metrics_port is not None:
        # All workers listen on it, as on the first: whichever answers knows what all have counted.
        sockets.append(uvicorn.Config(application, **{**options, "port": settings.metrics_port}).bind_socket())
    if settings.workers > 1:
        Supervisor(config, sockets, settings.worker_timeout).run()
        return
    server = uvicorn.Server(config)
    with suppress(KeyboardInterrupt):
        server.run(sockets=sockets)
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def announce_when_live(
    settings: Settings, example_user: str | None, screen: Callable[[str, str], Iterable[str]]
) -> None:
    """Print the addresses to try as soon as the server answers.

    Parameters
    ----------
    example_user
        A user to try; before the addresses `screen` shows, for the server's address and the user, what it recommends.
    """
    base = address_of(settings.host, settings.port)
    # Whatever proxy the environment names, this is about our own process.
    ask = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def wait_and_print() -> None:
        until = time.monotonic() + _ANNOUNCED_WITHIN
        while time.monotonic() < until:
            try:
                ask(f"{base}/health/live", timeout=1).close()
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        else:
            return
        lines = [] if example_user is None else list(screen(base, example_user))
        lines += [f"Braid serves on {base}", f"  console: {base}/console", f"  docs:    {base}/docs"]
        lines.append(f"  health:  {base}/health/ready")
        if settings.metrics_port is not None:
            lines.append(f"  metrics: {base.rpartition(':')[0]}:{settings.metrics_port}/metrics")
        if example_user is not None:
            lines.append(f"  try:     curl -s {base}/recommend/{urllib.parse.quote(example_user, safe=':@+=')}")
        typer.echo("\n".join(lines))
        sys.stdout.flush()

    threading.Thread(target=wait_and_print, daemon=True).start()
