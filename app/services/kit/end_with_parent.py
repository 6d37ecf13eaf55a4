"""Lets a process end with the one that started it, even if that one is killed.

`python -m app.services.kit.end_with_parent MODULE ...` runs a module in this way.
"""

import ctypes
import os
import runpy
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """End at once when the parent ends, which holds the other end of the standard input and never writes."""
    be_killed_with_parent()

    def watch() -> None:
        # Also where the parent was gone before, and on other systems.
        os.read(sys.stdin.fileno(), 1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def be_killed_with_parent() -> None:
    """Let the system end this process with its parent, where it can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    end_with_parent()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
