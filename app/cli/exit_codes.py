"""The exit codes, as the help of each command and docs/command-line.md say them."""

DONE, FAILED, UNUSABLE, STOPPED = 0, 1, 2, 130
_FAILED = "it failed, and standard error says why"


def epilog(failed: str = _FAILED) -> str:
    """Return what the help of a command says of its exit codes.

    Parameters
    ----------
    failed
        What 1 means.
    """
    return (
        f"Exit codes: {DONE} done; {FAILED} {failed}; {UNUSABLE} wrong usage, or data that cannot be used;"
        f" {STOPPED} stopped with Ctrl-C."
    )
