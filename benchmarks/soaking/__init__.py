"""Keeps a server under mixed load for minutes or hours, and looks at what it loses, holds on to and answers."""
