"""Starts, watches and stops the server processes of `braid serve`."""
