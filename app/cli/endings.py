"""The exit code and the line with which an error ends a command."""

from app.cli.exit_codes import FAILED, UNUSABLE
from app.config import SettingsError
from app.errors import BraidError
from models.bundle.errors import BundleError
from models.data.errors import DataSetError


def ending(error: Exception) -> tuple[str, int] | None:
    """Return what is said and the exit code; None where the error is a fault of Braid."""
    if isinstance(error, DataSetError):
        return str(error), UNUSABLE
    if isinstance(error, BraidError | BundleError | SettingsError):
        return str(error), FAILED
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}", FAILED
    return None
