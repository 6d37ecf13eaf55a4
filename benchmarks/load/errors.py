"""Why a measurement ended early."""


class LoadError(Exception):
    """The load, the server or what it answered is not as it must be; the text says what happened."""
