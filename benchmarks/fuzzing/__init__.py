"""Sends what the description of the interface allows, and what it does not, to a running server."""
