"""Why a measurement ended early."""


class LoadError(Exception):
    """The load, the server or an answer is not as required; the text says what happened."""
