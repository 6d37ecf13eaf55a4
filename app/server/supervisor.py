"""Watches the worker processes of a server: one that died or went silent is replaced, but not for ever."""

import time
from dataclasses import dataclass
from socket import socket

import structlog
from uvicorn.config import STARTUP_FAILURE, Config
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from app.command_errors import WorkersError
from app.services.kit.process_exits import exit_of

MOST_DEATHS = 5
"""Deaths after which the server gives up, if no worker was ready since the first of them."""
_END_SECONDS = 2.0
"""Beyond the time for the requests under way."""
_log = structlog.get_logger(__name__)


class Deaths:
    """Counts the deaths of workers since one was ready."""

    def __init__(self) -> None:
        self._reasons: list[str] = []

    def ready(self) -> None:
        """Forget the deaths: a worker answers requests."""
        self._reasons.clear()

    def add(self, reason: str) -> None:
        """Count a death.

        Raises
        ------
        WorkersError
            It was one too many.
        """
        self._reasons.append(reason)
        if len(self._reasons) >= MOST_DEATHS:
            raise WorkersError(
                f"{len(self._reasons)} worker processes died, and none was ready meanwhile; the last one {reason}: look"
                " above for errors, give the machine more time with BRAID_WORKER_TIMEOUT, or start fewer processes with"
                " BRAID_WORKERS"
            )


@dataclass
class _Watched:
    """What is known of a worker: when it answered last, whether it was asked since, and whether it has started."""

    answered_at: float
    asked: bool = False
    started: bool = False

    def ask(self, process: Process) -> None:
        """Take an answer if there is one and ask again, without waiting."""
        try:
            if process.parent_conn.poll():
                self.started = process.parent_conn.recv()
                self.answered_at, self.asked = time.monotonic(), False
            if not self.asked:
                process.parent_conn.send(b"ping")
                self.asked = True
        except (OSError, EOFError):
            # It is dead, which its exit code tells.
            return


class Supervisor(Multiprocess):
    """Replaces workers that died, or did not answer for `patience` seconds.

    In uvicorn's own supervisor a busy machine has five seconds to start a worker, and is never done with killing them;
    it also waits for an answer, so that a signal to stop waits as well.
    """

    def __init__(self, config: Config, sockets: list[socket], patience: float) -> None:
        super().__init__(config, sockets)
        self._patience = patience
        self._deaths = Deaths()
        self._watched: dict[Process, _Watched] = {}

    def run(self) -> None:
        """Run the workers until a signal stops them.

        Raises
        ------
        WorkersError
            They die again and again.
        """
        try:
            super().run()
        except WorkersError:
            for process in self.processes:
                process.kill()
            self.join_all()
            raise

    def join_all(self) -> None:
        """Wait for the workers to end; one that does not finish its requests in time is killed."""
        until = time.monotonic() + (self.config.timeout_graceful_shutdown or 0) + _END_SECONDS
        for process in self.processes:
            process.process.join(max(until - time.monotonic(), 0))
            if process.process.is_alive():
                _log.error("worker process killed", process=process.pid, reason="did not stop in time")
                process.process.kill()
                process.process.join()

    def keep_subprocess_alive(self) -> None:
        """Look at every worker, and replace those that are dead or silent."""
        self._watched = {
            process: self._watched.get(process) or _Watched(time.monotonic()) for process in self.processes
        }
        for place, process in enumerate(self.processes):
            watched = self._watched[process]
            watched.ask(process)
            reason = self._end_of(process, watched)
            if reason is None:
                if watched.started:
                    self._deaths.ready()
                continue
            process.kill()
            process.join()
            _log.error("worker process died", process=process.pid, reason=reason, ready=watched.started)
            if process.exitcode == STARTUP_FAILURE:
                # It would fail in the same way again.
                raise WorkersError("a worker process could not start, and said why above")
            self._deaths.add(reason)
            self.processes[place] = Process(self.config, self.sockets)
            self.processes[place].start()

    def _end_of(self, process: Process, watched: _Watched) -> str | None:
        """Return why a worker must be replaced, None if it need not be."""
        if not process.process.is_alive():
            return exit_of(process.exitcode)
        silent = time.monotonic() - watched.answered_at
        return f"did not answer for {silent:.0f} s (BRAID_WORKER_TIMEOUT)" if silent > self._patience else None
