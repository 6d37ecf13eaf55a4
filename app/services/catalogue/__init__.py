"""The catalogue's items."""
