"""Health, metrics and online measures."""
