"""Runs a server of two workers that live as the argument says: `python supervised.py WORD PORT PATIENCE`."""

import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn

from app.command_errors import WorkersError
from app.logs import configure_logging
from app.server.supervisor import Supervisor


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the number of the process, over HTTP alone."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


def killed() -> Any:
    """Die while the application is loaded."""
    os.kill(os.getpid(), signal.SIGKILL)


def broken() -> Any:
    """Fail as an application that does not start."""
    sys.exit(3)


def silent() -> Any:
    """Stop for good while the application is loaded."""
    os.kill(os.getpid(), signal.SIGSTOP)
    return answer


def silent_once() -> Any:
    """Stop for good in the first process alone."""
    mark = Path("stopped")
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGSTOP)
    return answer


def well() -> Any:
    """Answer."""
    return answer


if __name__ == "__main__":
    word, port, patience = sys.argv[1:]
    configure_logging("info")
    listener = socket.create_server(("127.0.0.1", int(port)))
    config = uvicorn.Config(f"tests.app.server.supervised:{word}", factory=True, workers=2, log_config=None)
    try:
        Supervisor(config, [listener], float(patience)).run()
    except WorkersError as error:
        sys.exit(str(error))
