"""Interactions on their way into the log."""
