"""How processes ended, in words."""

import signal


def exit_of(code: int | None) -> str:
    """Describe the exit code of a process that ended."""
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with code {code}"
