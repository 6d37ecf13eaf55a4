"""The service: HTTP, SQL and processes."""
