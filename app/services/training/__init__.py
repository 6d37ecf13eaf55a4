"""Training jobs and the versions of bundles."""
