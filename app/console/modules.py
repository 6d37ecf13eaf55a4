"""The pages of the console."""

from app.console import audit, keys, overview, settings, sign_in

MODULES = (overview, keys, audit, settings, sign_in)
"""Each has a `router`."""
