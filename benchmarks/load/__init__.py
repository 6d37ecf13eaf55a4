"""Measures a running server: the load, the server's processes and the tables."""
